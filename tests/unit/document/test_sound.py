"""A document that is wrong in one place is looked at in all others."""

from typing import Any

import pytest

from vaultgen.document.schema import FLUX_KUSTOMIZATION, VAULT_SECRET_GENERATOR, load
from vaultgen.document.sound import sound_entries


@pytest.mark.parametrize("schema", [VAULT_SECRET_GENERATOR, FLUX_KUSTOMIZATION])
def test_only_the_fields_that_conform_stay(schema: str) -> None:
    entry = {"name": "app", "type": 7, "files": {"a": "b"}, "literals": {"A": "b"}, "nonsense": "x"}
    assert sound_entries([entry], load(schema)) == [{"name": "app", "files": {"a": "b"}}]


@pytest.mark.parametrize(
    "entry", [{}, None, "text", {"literals": ["A"]}, {"name": 1, "literals": ["A"]}, {"name": "a", "namespace": 1}]
)
def test_an_entry_that_cannot_be_named_is_empty_and_keeps_its_place(entry: Any) -> None:
    last = {"name": "last", "literals": ["A=b"]}
    first, second = sound_entries([entry, last], load(VAULT_SECRET_GENERATOR))
    assert list(first) == ["name"]
    assert second == last


@pytest.mark.parametrize("entries", [None, {}, "text", []])
def test_without_a_list_there_is_nothing(entries: Any) -> None:
    assert sound_entries(entries, load(VAULT_SECRET_GENERATOR)) == []
