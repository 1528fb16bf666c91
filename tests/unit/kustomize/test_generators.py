"""A fault can name the file of its generator, though kustomize does not hand that over."""

from pathlib import Path

import pytest

from vaultgen.kustomize.generators import file_of_generator
from vaultgen.local_files import LocalFiles

DOCUMENT = {
    "apiVersion": "vaultgen.dev/v1alpha1",
    "kind": "VaultSecretGenerator",
    "metadata": {"name": "my-app", "annotations": {"config.kubernetes.io/local-config": "true"}},
}
TEXT = "apiVersion: vaultgen.dev/v1alpha1\nkind: VaultSecretGenerator\nmetadata: {name: my-app}\n"
OTHER = TEXT.replace("my-app", "other")


def file_in(root: Path, **files: str) -> str:
    for name, text in files.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    return file_of_generator(LocalFiles(str(root)), DOCUMENT)


@pytest.mark.parametrize("name", ["kustomization.yaml", "kustomization.yml", "Kustomization"])
def test_the_file_is_named_as_the_kustomization_names_it(tmp_path: Path, name: str) -> None:
    files = {name: "generators: [other.yaml, ./below/app.yaml]", "other.yaml": OTHER, "below/app.yaml": TEXT}
    assert file_in(tmp_path, **files) == "./below/app.yaml"


def test_one_of_several_documents_in_a_file_is_found(tmp_path: Path) -> None:
    files = {"kustomization.yaml": "generators: [app.yaml]", "app.yaml": f"{OTHER}---\n{TEXT}"}
    assert file_in(tmp_path, **files) == "app.yaml"


def test_a_generator_inside_the_kustomization_is_in_the_kustomization(tmp_path: Path) -> None:
    text = "generators:\n- |\n" + "".join(f"  {line}\n" for line in TEXT.splitlines())
    assert file_in(tmp_path, **{"kustomization.yaml": text}) == "kustomization.yaml"


@pytest.mark.parametrize(
    "text",
    [
        "generators: [gone.yaml, ../above.yaml, directory, 7, {a: b}, broken.yaml, list.yaml, other.yaml]",
        "generators: app.yaml",
        "generators: [",
        "- list",
        "",
    ],
)
def test_what_cannot_be_read_is_passed_over(tmp_path: Path, text: str) -> None:
    """Something else is wrong already; this must add nothing to it."""
    (tmp_path / "directory").mkdir()
    files = {"kustomization.yaml": text, "broken.yaml": "a: [", "list.yaml": "[x]", "other.yaml": OTHER}
    assert file_in(tmp_path, **files) == ""


def test_without_a_kustomization_no_file_is_named(tmp_path: Path) -> None:
    assert file_in(tmp_path) == ""
