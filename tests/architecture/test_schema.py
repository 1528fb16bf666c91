"""The schemas: valid, described throughout, within what the walker knows, and what is derived from them is fresh."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from support.doc_scripts import doc_script
from support.documents import definitions
from vaultgen.document.check import ANNOTATIONS, RULES, TYPES
from vaultgen.vault.login.through_hvac import METHODS

CHECKOUT = Path(__file__).parents[2]
NAMES = ("vaultsecretgenerator.v1alpha1.json", "flux-kustomization.json")


def _schema(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((CHECKOUT / "schemas" / name).read_text(encoding="utf-8"))
    return schema


def _resolved(definition: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    name = definition.get("$ref", "").removeprefix("#/$defs/")
    return {**schema["$defs"][name], **definition} if name else definition


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_valid(name: str) -> None:
    schema = _schema(name)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"].endswith(f"/schemas/{name}")


@pytest.mark.parametrize("name", NAMES)
def test_every_field_is_described(name: str) -> None:
    schema = _schema(name)
    for definition in definitions(schema):
        for field, of_field in definition.get("properties", {}).items():
            description = _resolved(of_field, schema).get("description", "")
            assert description.endswith("."), field


@pytest.mark.parametrize("name", NAMES)
def test_only_keywords_are_used_that_the_walker_knows(name: str) -> None:
    """No oneOf, anyOf, allOf, if or not among them: they would give a fault several places."""
    for definition in definitions(_schema(name)):
        assert definition.keys() <= RULES.keys() | ANNOTATIONS
        types = definition.get("type", [])
        assert ({types} if isinstance(types, str) else set(types)) <= TYPES.keys()


@pytest.mark.parametrize("name", NAMES)
def test_a_reference_adds_to_its_definition_and_never_contradicts_it(name: str) -> None:
    """Editors differ in which side wins."""
    schema = _schema(name)
    for definition in definitions(schema):
        if "$ref" in definition:
            target = schema["$defs"][definition["$ref"].removeprefix("#/$defs/")]
            assert not definition.keys() & target.keys()


def test_every_map_of_our_document_is_closed() -> None:
    """metadata is Kubernetes' own."""
    schema = _schema(NAMES[0])
    del schema["properties"]["metadata"]
    for definition in definitions(schema):
        types = definition.get("type", [])
        if "object" in types and "$ref" not in definition:
            assert "additionalProperties" in definition


@pytest.mark.parametrize("name", NAMES)
def test_examples_and_defaults_conform(name: str) -> None:
    schema = _schema(name)
    for definition in definitions(schema):
        validator = Draft202012Validator({"$defs": schema["$defs"]} | definition)
        for example in [*definition.get("examples", []), *([definition["default"]] if "default" in definition else [])]:
            assert validator.is_valid(example), example


def test_the_login_methods_are_all_described() -> None:
    login = _schema(NAMES[0])["$defs"]["auth"]["properties"]["login"]
    assert [name for name in METHODS if name not in login["properties"]["method"]["description"]] == []


def test_the_flux_schema_has_the_same_entries() -> None:
    """Run ``python docs/from_schema.py`` after a change of the schema."""
    schema, flux = _schema(NAMES[0]), _schema(NAMES[1])
    assert flux["$defs"] == {name: schema["$defs"][name] for name in flux["$defs"]}
    text = (CHECKOUT / "schemas" / NAMES[1]).read_text(encoding="utf-8")
    assert (
        doc_script("from_schema").with_definitions(text, (CHECKOUT / "schemas" / NAMES[0]).read_text(encoding="utf-8"))
        == text
    )


def test_the_tables_of_fields_are_those_of_the_schema() -> None:
    """Run ``python docs/from_schema.py`` after a change of the schema."""
    page = (CHECKOUT / "docs" / "reference.md").read_text(encoding="utf-8")
    assert doc_script("from_schema").with_tables(page, _schema(NAMES[0])) == page
