"""Entries are in the document of the Vault that they are read from."""

import yaml

from vaultgen.importing.document import documents_text
from vaultgen.importing.entry import Entry
from vaultgen.krm.tree import parse_yaml

BLOCK = {"address": "https://a.example.com", "auth": {"token": {"secretRef": {"name": "a"}}}}


def names(text: str) -> list[str]:
    return [document["metadata"]["name"] for document in yaml.safe_load_all(text)]


def test_entries_of_one_vault_are_in_one_document() -> None:
    text = documents_text("imported", [Entry("a", vault=BLOCK, origin="x"), Entry("b", vault=BLOCK, origin="y")])
    (document,) = yaml.safe_load_all(text)
    assert document["vault"] == BLOCK
    assert [entry["name"] for entry in document["secretGenerator"]] == ["a", "b"]
    assert document["metadata"]["name"] == "imported"


def test_each_vault_has_a_document_with_a_name_of_its_own() -> None:
    blocks = [{"address": f"https://{number}.example.com"} for number in range(3)]
    entries = [Entry("a", vault=block, origin="store") for block in blocks]
    text = documents_text("imported", [*entries, Entry("b")])
    assert names(text) == ["imported-store", "imported-store-2", "imported-store-3", "imported"]


def test_a_name_in_any_letters_can_be_read_again() -> None:
    """JSON's escapes for what is beyond 16 bits are none of YAML's."""
    (document,) = parse_yaml(documents_text("\U0001f600\n", [Entry("a")]).encode(), "a.yaml")
    assert document["metadata"]["name"] == "\U0001f600\n"
