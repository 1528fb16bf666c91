"""deploy/crd.yaml: structural, described, bounded, and of one grammar with schemas/; tests/flux asks an API server."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from support.custom_resources import faults_of, schema_of
from support.vault_artifacts import ARTIFACT, EVERY_FIELD, STATUS
from vaultgen.document.flux_kustomization import parse_flux_kustomization
from vaultgen.errors import NOWHERE
from vaultgen.plan import plan

CHECKOUT = Path(__file__).parents[2]
CRD = yaml.safe_load((CHECKOUT / "deploy" / "crd.yaml").read_text())
SPEC = schema_of(CRD)["properties"]["spec"]
ENTRY = SPEC["properties"]["secretGenerator"]["items"]


def walk(definition: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every schema in a schema, with its path."""
    yield path, definition
    for name, field in definition.get("properties", {}).items():
        yield from walk(field, f"{path}.{name}")
    for keyword in ("items", "additionalProperties"):
        if keyword in definition:
            yield from walk(definition[keyword], f"{path}[]")


def test_it_is_a_valid_schema() -> None:
    Draft202012Validator.check_schema(schema_of(CRD))


def test_it_is_structural() -> None:
    """Each schema has a type, and none says that a map has both named fields and others."""
    for path, definition in walk(schema_of(CRD)):
        assert "type" in definition, path
        assert not {"properties", "additionalProperties"} <= definition.keys(), path
        assert definition.keys().isdisjoint({"$ref", "definitions", "oneOf", "patternProperties"}), path


def test_every_field_is_described() -> None:
    for path, definition in walk(schema_of(CRD)):
        if path and path != ".metadata" and not path.endswith("]"):
            assert definition.get("description", "").endswith("."), path


def test_everything_that_people_write_is_bounded() -> None:
    """An API server estimates the cost of a rule by them, and refuses the definition otherwise."""
    bounds = {"string": "maxLength", "array": "maxItems"}
    for path, definition in walk(SPEC, ".spec"):
        bound = "maxProperties" if "additionalProperties" in definition else bounds.get(definition["type"])
        assert bound is None or "enum" in definition or bound in definition, path


@pytest.mark.parametrize("tree", [ARTIFACT, EVERY_FIELD, {**ARTIFACT, "status": STATUS}])
def test_objects_conform(tree: dict[str, Any]) -> None:
    assert faults_of(tree, CRD) == []


def test_every_field_of_the_specification_is_in_an_object_of_the_tests() -> None:
    said = {path for path, _ in walk(SPEC)} - {"", ".vault.auth.token"}
    said = {path for path in said if not path.startswith(".vault.auth.token.")}
    assert {path for path in said if "[]" not in path} <= set(paths(EVERY_FIELD["spec"]))


def paths(tree: Any, path: str = "") -> Iterator[str]:
    """Yield the paths of a tree's maps and fields."""
    yield path
    if isinstance(tree, dict):
        for name, value in tree.items():
            yield from paths(value, f"{path}.{name}")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("spec.interval", "hourly"),
        ("spec.interval", "5"),
        ("spec.timeout", "-1m"),
        ("spec.sourceRef.kind", "HelmRepository"),
        ("spec.sourceRef.name", "Flux_System"),
        ("spec.sourceRef.namespace", "../kube-system"),
        ("spec.vault.address", None),
        ("spec.vault.tls", {"caFile": "/etc/passwd"}),
        ("spec.vault.auth.kubernetes.tokenFile", "/var/run/secrets/kubernetes.io/serviceaccount/token"),
        ("spec.vault.auth.kubernetes.serviceAccountName", "a/token"),
        ("spec.vault.auth.token", {"env": "VAULT_TOKEN"}),
        ("spec.encryption.age.recipients", []),
        ("spec.secretGenerator", [{"name": "a", "files": {}}]),
        ("spec.secretGenerator", [{"name": "a", "literals": ["a=b"], "files": {"a": "vault:a?key=b"}}]),
        ("spec.secretGenerator", [{"name": "a", "files": ["a=vault:a?key=b"]}]),
        ("spec.secretGenerator", [{"name": "a", "behavior": "append", "files": {"a": "vault:a?key=b"}}]),
    ],
)
def test_a_mistake_is_seen(path: str, value: object) -> None:
    """No file, environment variable or path of the controller can be named, among others."""
    tree = copy.deepcopy(ARTIFACT)
    *parents, field = path.split(".")
    place = tree
    for parent in parents:
        place = place[parent]
    if value is None:
        del place[field]
    else:
        place[field] = value
    assert faults_of(tree, CRD) != []


def test_an_entry_has_the_fields_of_the_schema() -> None:
    """What is not taken here: other places than files, for they hold text and name files of the tree."""
    definitions = json.loads((CHECKOUT / "schemas/vaultsecretgenerator.v1alpha1.json").read_text())["$defs"]
    entry = definitions["entry"]["properties"]
    assert entry.keys() - ENTRY["properties"].keys() == {"literals", "envs", "env", "dockerConfig"}
    assert ENTRY["properties"].keys() <= entry.keys()
    assert ENTRY["properties"]["options"]["properties"].keys() == definitions["options"]["properties"].keys()
    assert [*ENTRY["properties"]["behavior"]["enum"], None] == entry["behavior"]["enum"]


@pytest.mark.parametrize("tree", [ARTIFACT, EVERY_FIELD])
def test_an_entry_is_one_of_the_grammar(tree: dict[str, Any]) -> None:
    kustomization = {"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "spec": tree["spec"]}
    document = parse_flux_kustomization(kustomization, NOWHERE)
    assert document.faults == ()
    assert plan(document, NoFile()).uses


class NoFile:
    """Of which none is there."""

    def read(self, path: str, /) -> bytes:
        raise AssertionError(path)
