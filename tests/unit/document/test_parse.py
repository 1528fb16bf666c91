"""From a checked tree to the document."""

from typing import Any

import pytest

from vaultgen.document.model import DockerAuth, EnvSource, GeneratorOptions, VaultConfig
from vaultgen.document.parse import merge_options, parse_document
from vaultgen.errors import Place

PLACE = Place("gen.yaml", "VaultSecretGenerator x")


def _document(entry: dict[str, Any], **more: Any) -> Any:
    return parse_document({"secretGenerator": [{"name": "a"}, {"name": "b", **entry}], **more}, PLACE)


def _entry(entry: dict[str, Any], **more: Any) -> Any:
    document = _document(entry, **more)
    assert document.faults == ()
    return document.entries[1]


def test_a_name_is_enough() -> None:
    entry = _entry({})
    assert entry.place == PLACE._replace(field="secretGenerator[1]", entry="b")
    assert entry._replace(place=PLACE) == _entry({})._replace(place=PLACE)
    assert (entry.name, entry.namespace, entry.type, entry.behavior) == ("b", "", "Opaque", None)
    assert entry[4:8] == ((), (), (), ())
    assert entry.options == GeneratorOptions()


def test_fields_that_are_null_or_empty_are_absent() -> None:
    names = ("namespace", "type", "behavior", "files", "literals", "envs", "env", "options", "dockerConfig")
    assert _entry(dict.fromkeys(names)) == _entry({})
    empty = {"files": [], "literals": [], "envs": [], "env": "", "options": {}, "dockerConfig": [], "type": ""}
    assert _entry({**empty, "namespace": ""}) == _entry({})
    assert _document({}, vault=None, generatorOptions=None) == _document({})


def test_every_field() -> None:
    entry = _entry(
        {
            "namespace": "apps",
            "type": "x",
            "behavior": "merge",
            "files": {"k": "a/b", "v": "vault:a?key=b"},
            "literals": ["L=1"],
            "envs": ["a.env", "vault:a"],
            "env": "b.env",
            "options": {"immutable": True},
        }
    )
    assert (entry.namespace, entry.type, entry.behavior, entry.options.immutable) == ("apps", "x", "merge", True)
    at = entry.place._replace
    assert [file[:2] for file in entry.files] == [("k", "a/b"), ("v", "vault:a?key=b")]
    assert entry.files[0].place == at(field="secretGenerator[1].files", key="k")
    assert [literal[:2] for literal in entry.literals] == [("L", "1")]
    assert entry.literals[0].place == at(field="secretGenerator[1].literals[0]", key="L")
    assert entry.envs == (
        EnvSource("a.env", at(field="secretGenerator[1].envs[0]")),
        EnvSource("vault:a", at(field="secretGenerator[1].envs[1]")),
        EnvSource("b.env", at(field="secretGenerator[1].env")),
    )


def test_files_may_be_kustomizes_list() -> None:
    entry = _entry({"files": ["a/b", "k=a/c", "vault:a?key=b"]})
    assert [file[:2] for file in entry.files] == [("b", "a/b"), ("k", "a/c"), ("", "vault:a?key=b")]
    assert [file.place.field for file in entry.files] == [f"secretGenerator[1].files[{index}]" for index in range(3)]


def test_registries_decide_the_type_unless_it_is_given() -> None:
    registries = [{"server": "s", "username": "u", "password": "p"}]
    entry = _entry({"dockerConfig": registries})
    assert entry.type == "kubernetes.io/dockerconfigjson"
    place = entry.place._replace(field="secretGenerator[1].dockerConfig[0]", key=".dockerconfigjson")
    assert entry.docker_config == (DockerAuth("s", "u", "p", "", place),)
    assert _entry({"dockerConfig": registries, "type": "Opaque"}).type == "Opaque"


def test_faults_inside_items_are_collected_at_their_places() -> None:
    document = _document({"literals": ["a", "b=1", "=c"], "files": ["=x", "a=b=c"]})
    assert [(fault.code, fault.place.field) for fault in document.faults] == [
        ("bad-file-source", "secretGenerator[1].files[0]"),
        ("bad-file-source", "secretGenerator[1].files[1]"),
        ("bad-literal", "secretGenerator[1].literals[0]"),
        ("bad-literal", "secretGenerator[1].literals[2]"),
    ]
    assert len(document.entries[1].literals) == 1


def test_an_empty_data_key_is_a_fault_and_takes_no_field_name() -> None:
    document = _document({"files": {"": "vault:a?key=b"}})
    assert [fault.code for fault in document.faults] == ["bad-file-source"]
    assert document.entries[1].files == ()


@pytest.mark.parametrize("literal", ["hunter2 x=1", "aHVu/dGVyMg==", "hunter2\n=1"])
def test_a_literal_key_that_cannot_be_one_is_not_in_the_place(literal: str) -> None:
    assert _entry({"literals": [literal]}).literals[0].place.key == ""


def test_the_vault_block_is_parsed_only_where_there_is_one() -> None:
    assert _document({}).vault == VaultConfig()
    assert _document({}, vault={"address": "http://a"}).vault == VaultConfig("http://a")


@pytest.mark.parametrize(
    ("defaults", "own", "merged"),
    [
        ({}, {}, GeneratorOptions()),
        ({"labels": {"a": "1"}}, {}, GeneratorOptions({"a": "1"})),
        ({"labels": {"a": "1", "b": "1"}}, {"labels": {"a": "2"}}, GeneratorOptions({"a": "2", "b": "1"})),
        ({"annotations": {"a": "1"}}, {"annotations": {"a": ""}}, GeneratorOptions({}, {"a": ""})),
        ({"immutable": True}, {"immutable": False}, GeneratorOptions(immutable=True)),
        ({"immutable": False}, {"immutable": True}, GeneratorOptions(immutable=True)),
        ({"disableNameSuffixHash": True}, {}, GeneratorOptions(disable_name_suffix_hash=True)),
        ({"labels": None, "immutable": None}, {"labels": None, "annotations": None}, GeneratorOptions()),
    ],
)
def test_options_merge_as_in_kustomize(defaults: dict[str, Any], own: dict[str, Any], merged: GeneratorOptions) -> None:
    """An entry's labels and annotations win; a true of the document cannot be undone."""
    assert merge_options(defaults, own) == merged
    assert _entry({"options": own}, generatorOptions=defaults).options == merged
