"""What kustomize does to a generated Secret and its document afterwards, as docs/reference.md says."""

from pathlib import Path

import pytest

from support.build import generator, write_documents
from support.kustomize import NEWEST, OLDEST, Built, kustomize, kustomize_build
from support.name_suffix import name_suffix
from support.trees import write_tree

VERSIONS = pytest.mark.parametrize("version", [NEWEST, OLDEST])
DOCUMENT = generator("literals: [a=b]")
ON_THE_DOCUMENT = """\
- target: {kind: VaultSecretGenerator}
  patch: |
    - {op: replace, path: /secretGenerator/0/literals, value: [a=other]}
"""
NAMED = "- patch: '{apiVersion: vaultgen.dev/v1alpha1, kind: VaultSecretGenerator, metadata: {name: app}, x: y}'\n"
ON_THE_SECRET = "- patch: '{apiVersion: v1, kind: Secret, metadata: {name: app}, data: {more: eA==}}'\n"


def patched(directory: Path, patch: str, version: str) -> Built:
    """Build an overlay with one patch over a base with one document."""
    write_documents(directory / "base", [DOCUMENT])
    write_tree(directory / "over", {"kustomization.yaml": f"resources: [../base]\npatches:\n{patch}"})
    return kustomize_build(directory / "over", {}, binary=kustomize(version))


@VERSIONS
def test_a_patch_of_an_overlay_does_not_reach_a_generator_and_nothing_says_so(version: str, tmp_path: Path) -> None:
    built = patched(tmp_path, ON_THE_DOCUMENT, version)
    assert (built.status, built.stderr) == (0, b"")
    assert list(built.secrets().values()) == [{"a": b"b"}]


@VERSIONS
def test_a_patch_that_names_a_generator_fails(version: str, tmp_path: Path) -> None:
    built = patched(tmp_path, NAMED, version)
    assert built.status != 0
    assert b"no matches for Id VaultSecretGenerator" in built.stderr


@VERSIONS
def test_a_patch_reaches_the_secret_before_its_suffix_is_made(version: str, tmp_path: Path) -> None:
    built = patched(tmp_path, ON_THE_SECRET, version)
    suffix = name_suffix("Opaque", {"a": "Yg==", "more": "eA=="})
    assert built.secrets() == {f"app-{suffix}": {"a": b"b", "more": b"x"}}


@VERSIONS
def test_merge_keeps_the_data_of_a_base_and_loses_its_string_data(version: str, tmp_path: Path) -> None:
    plain = "apiVersion: v1\nkind: Secret\nmetadata: {name: app}\ndata: {kept: eA==}\nstringData: {lost: x}\n"
    write_documents(tmp_path, [generator("behavior: merge\n  literals: [a=b]")], "resources: [plain.yaml]\n")
    built = kustomize_build(write_tree(tmp_path, {"plain.yaml": plain}), {}, binary=kustomize(version))
    (secret,) = built.resources()
    assert secret["data"] == {"a": "Yg==", "kept": "eA=="}
    assert "stringData" not in secret
