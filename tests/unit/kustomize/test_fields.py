"""Fields as Go's JSON decoder finds them."""

import pytest

from vaultgen.kustomize.fields import entries, maps, texts, values


@pytest.mark.parametrize("key", ["resources", "Resources", "RESOURCES", "re\N{LATIN SMALL LETTER LONG S}ources"])
def test_a_field_is_found_in_any_case(key: str) -> None:
    assert list(values({key: 1, "other": 2}, "resources")) == [(key, 1)]


def test_a_name_that_only_begins_alike_is_another_field() -> None:
    assert list(values({"resource": 1, "resources2": 2}, "resources")) == []


def test_entries_are_the_texts_of_all_fields_of_the_name() -> None:
    tree = {"crds": ["a", 7, "b"], "CRDs": ["c"]}
    assert list(entries(tree, "crds")) == [("crds", 0, "a"), ("crds", 2, "b"), ("CRDs", 0, "c")]


@pytest.mark.parametrize("value", [None, "a", {"a": "b"}, 7])
def test_what_is_no_list_has_no_entries(value: object) -> None:
    assert list(entries({"crds": value}, "crds")) == []


def test_texts_are_those_of_a_list_or_the_field_itself() -> None:
    assert list(texts({"path": "a", "Path": ["b", {}], "other": "c"}, "path")) == ["a", "b"]


def test_maps_are_those_of_a_list_or_the_field_itself() -> None:
    assert list(maps({"patches": [{"a": 1}, "b"], "Patches": {"c": 2}}, "patches")) == [{"a": 1}, {"c": 2}]
