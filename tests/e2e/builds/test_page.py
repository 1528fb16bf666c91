"""docs/build.md, done as it says."""

import re
from pathlib import Path

import pytest
import yaml

from support.build import generator, write_documents
from support.kustomize import CHECKOUT
from support.markdown import section
from support.newcomer import Newcomer
from support.trees import write_tree
from support.vault_namespace import VaultNamespace

PAGE = CHECKOUT / "docs" / "build.md"


@pytest.fixture
def newcomer(tmp_path: Path, vault_namespace: VaultNamespace) -> Newcomer:
    """Somebody with a directory ``app``."""
    vault_namespace.root.write("app", {"password": "hunter2-hunter2"})
    found = Newcomer(tmp_path, vault_namespace)
    write_documents(found.directory / "app", [generator("files: {p: 'vault:secret/data/app?key=password'}")])
    return found


def test_the_commands_of_the_beginning(newcomer: Newcomer) -> None:
    printed = newcomer.follows("docs/build.md#building")
    assert "hunter2" not in printed
    masked, placeholder = yaml.safe_load_all(printed.replace("# placeholders", "---\n# placeholders"))
    assert "vaultgen.dev/masked" in masked["metadata"]["labels"]
    assert "vaultgen.dev/placeholder" in placeholder["metadata"]["labels"]
    (applied,) = newcomer.applied
    assert "labels" not in applied["metadata"]


def test_the_variable(newcomer: Newcomer) -> None:
    (secret,) = yaml.safe_load_all(newcomer.follows("docs/build.md#placeholders", VAULT_ADDR="http://127.0.0.1:9"))
    assert "vaultgen.dev/placeholder" in secret["metadata"]["labels"]


def test_the_flags(newcomer: Newcomer) -> None:
    outside = {"plain.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: plain}\n"}
    write_tree(newcomer.directory, outside)
    with (newcomer.directory / "app" / "kustomization.yaml").open("a") as file:
        file.write("resources: [../plain.yaml]\n")
    assert "kind: ConfigMap" in newcomer.follows("docs/build.md#kustomize")


def test_each_row_of_what_is_shown_is_true(newcomer: Newcomer) -> None:
    rows = re.findall(r"^\| `(vaultgen build.*?)` \| (.*) \|$", section(PAGE, "what-it-shows"), re.MULTILINE)
    assert len(rows) == 5
    truth = yaml.safe_load(newcomer.types("vaultgen build --reveal app"))["metadata"]["name"]
    for command, cells in rows:
        values, suffixes, asks, taken = (cell.strip() for cell in cells.split("|"))
        address = newcomer.vault.address if asks == "yes" else "http://127.0.0.1:9"
        secret = yaml.safe_load(newcomer.types(f"{command} app", VAULT_ADDR=address))
        assert ("aHVudGVyMi1odW50ZXIy" in str(secret)) is (values == "yes")
        assert (secret["metadata"]["name"] == truth) is (suffixes == "the true ones")
        assert ("labels" in secret["metadata"]) is (taken == "no")
