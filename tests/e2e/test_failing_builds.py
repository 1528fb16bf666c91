"""A build that cannot be fails as a whole, in every program that builds, and says why."""

import shutil
from collections.abc import Callable

import pytest

from support.kustomize import (
    CHECKOUT,
    EXEC_FLAGS,
    NEWEST,
    OLDEST,
    PLUGIN_FLAGS,
    Built,
    kubectl,
    kustomize,
    kustomize_build,
)
from support.stage import CASES, Ran, Stage

MISSING = "build-with-a-missing-path"

ANNOTATION = """\
  annotations:
    config.kubernetes.io/function: |
      exec: {path: vaultgen}
"""
"""What makes a document one for an exec function, and not for a legacy plugin."""


def assert_refused(put_on: Stage, built: Built) -> None:
    """Fail unless the build ended with the case's message and without output."""
    assert built.status != 0
    assert built.stdout == b""
    # kustomize and kubectl put words of their own around it, and kubectl indents it.
    assert unindented((CASES / MISSING / "refusal.txt").read_text()) in unindented(put_on.shown(built.stderr))
    assert put_on.leaks(Ran(built.stdout, built.stderr, built.status, ())) == []


def unindented(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines())


@pytest.mark.parametrize("version", [NEWEST, OLDEST])
def test_kustomize_shows_our_message_and_no_resource(version: str, stage: Callable[[str], Stage]) -> None:
    put_on = stage(MISSING)
    built = kustomize_build(put_on.tree, put_on.environment, binary=kustomize(version), flags=EXEC_FLAGS)
    assert_refused(put_on, built)


@pytest.mark.parametrize("binary", [NEWEST, OLDEST, "kubectl"])
def test_the_legacy_plugin_does_the_same(binary: str, stage: Callable[[str], Stage]) -> None:
    put_on = stage(MISSING)
    found = kubectl() if binary == "kubectl" else kustomize(binary)
    if found is None:
        pytest.skip("no kubectl")
    document = put_on.tree / "secrets.yaml"
    document.write_text(document.read_text().replace(ANNOTATION, ""))
    plugins = put_on.sandbox / "plugins"
    shutil.copytree(CHECKOUT / "plugin", plugins)
    built = kustomize_build(
        put_on.tree,
        {**put_on.environment, "HOME": str(put_on.home), "KUSTOMIZE_PLUGIN_HOME": str(plugins)},
        binary=found,
        flags=PLUGIN_FLAGS,
    )
    assert_refused(put_on, built)
