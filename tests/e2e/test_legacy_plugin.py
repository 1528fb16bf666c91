"""The plugins under plugin/, as somebody copies them, with the real kustomize, kubectl and server."""

import json
import shutil
from pathlib import Path

import pytest

from support.kustomize import CHECKOUT, NEWEST, OLDEST, PLUGIN_FLAGS, Built, kubectl, kustomize, kustomize_build
from support.vault_client import VaultClient
from support.vault_namespace import VaultNamespace

BASE = """\
apiVersion: v1
kind: Secret
metadata: {name: my-app}
type: Opaque
data: {kept: a2VwdA==}
"""

OURS = """\
apiVersion: vaultgen.dev/v1alpha1
kind: VaultSecretGenerator
metadata: {name: my-app}
secretGenerator:
- name: my-app
  behavior: merge
  files: {password: 'vault:secret/data/my-app?key=password', note: note.txt}
"""

ARTICLE = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: my-app, namespace: flux-system}
spec:
  interval: 5m
  path: ./apps
  prune: true
  sourceRef: {kind: GitRepository, name: flux-system}
  secretGenerator:
  - name: my-app
    behavior: merge
    files: {password: 'vault:secret/data/my-app?key=password', note: note.txt}
"""


def binaries() -> list[str]:
    """Everything that has a kustomize in it: two kustomizes and, where there is one, kubectl."""
    return [NEWEST, OLDEST, "kubectl"]


@pytest.fixture(params=binaries())
def binary(request: pytest.FixtureRequest) -> str:
    if request.param != "kubectl":
        return kustomize(request.param)
    if (found := kubectl()) is None:
        pytest.skip("no kubectl")
    return found


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A kustomization with a generator file, and the repository's plugins where kustomize looks for them."""
    shutil.copytree(CHECKOUT / "plugin", tmp_path / "plugins")
    monkeypatch.setenv("KUSTOMIZE_PLUGIN_HOME", str(tmp_path / "plugins"))
    directory = tmp_path / "tree"
    directory.mkdir()
    (directory / "kustomization.yaml").write_text("resources: [base.yaml]\ngenerators: [generator.yaml]\n")
    (directory / "base.yaml").write_text(BASE)
    (directory / "note.txt").write_text("plain")
    (directory / "generator.yaml").write_text(OURS)
    return directory


def build(directory: Path, binary: str, vault_namespace: VaultNamespace) -> Built:
    return kustomize_build(directory, vault_namespace.environment(), binary=binary, flags=PLUGIN_FLAGS)


@pytest.mark.parametrize("document", [OURS, ARTICLE], ids=["ours", "the article's"])
def test_a_document_without_the_function_annotation_builds(
    document: str, directory: Path, binary: str, vault: VaultClient, vault_namespace: VaultNamespace
) -> None:
    vault.write("my-app", {"password": "from vault"})
    (directory / "generator.yaml").write_text(document)
    built = build(directory, binary, vault_namespace)
    assert built.status == 0, built.stderr
    assert built.secrets() == {"my-app": {"kept": b"kept", "password": b"from vault", "note": b"plain"}}


def test_a_document_larger_than_an_environment_variable_builds(
    directory: Path, binary: str, vault_namespace: VaultNamespace
) -> None:
    """kustomize leaves KUSTOMIZE_PLUGIN_CONFIG_STRING out then; Linux would not start the plugin with it."""
    literal = f"LONG={'x' * 200_000}"
    (directory / "generator.yaml").write_text(
        OURS.partition("secretGenerator")[0]
        + f"secretGenerator: {json.dumps([{'name': 'long', 'literals': [literal]}])}\n"
    )
    built = build(directory, binary, vault_namespace)
    assert built.status == 0, built.stderr
    assert b"x" * 200_000 in [value for data in built.secrets().values() for value in data.values()]


def test_a_refusal_fails_the_build_and_is_shown(
    directory: Path, binary: str, vault: VaultClient, vault_namespace: VaultNamespace
) -> None:
    """All of it, although kustomize hides what a plugin says when it succeeds."""
    vault.write("my-app", {"other": "from vault"})
    built = build(directory, binary, vault_namespace)
    assert built.status != 0
    assert built.stdout == b""
    assert b"error[field-missing]: " in built.stderr
    assert b"vault:secret/data/my-app?key=password" in built.stderr
    assert b"from vault" not in built.stderr


def test_a_file_outside_the_root_is_refused(directory: Path, binary: str, vault_namespace: VaultNamespace) -> None:
    (directory.parent / "outside.txt").write_text("outside")
    (directory / "generator.yaml").write_text(OURS.replace("note.txt", "../outside.txt"))
    built = build(directory, binary, vault_namespace)
    assert built.status != 0
    assert b"error[file-outside-root]: " in built.stderr


def test_without_vaultgen_on_path_the_plugin_says_so(
    directory: Path, binary: str, vault_namespace: VaultNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("support.kustomize.vaultgen_directory", lambda: directory)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    built = build(directory, binary, vault_namespace)
    assert built.status != 0
    assert b"error: vaultgen is not on PATH" in built.stderr
