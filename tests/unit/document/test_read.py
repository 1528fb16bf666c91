"""Which documents are taken, and what is said of others."""

from typing import Any

import pytest

from support.documents import ARTICLE, EVERY_FIELD
from support.in_memory import codes
from vaultgen.document.read import read_document
from vaultgen.errors import Place, Refused
from vaultgen.errors.report import report


def test_a_generator_is_read() -> None:
    document = read_document(EVERY_FIELD, "gen.yaml")
    assert document.place == Place("gen.yaml", "VaultSecretGenerator my-app")
    assert [entry.name for entry in document.entries] == ["my-app-secrets", "other"]
    assert len(document.vault.auth) == 9
    assert document.faults == ()


def test_the_articles_kustomization_is_read() -> None:
    document = read_document(ARTICLE)
    assert document.place.document == "Kustomization my-app"
    assert [entry.name for entry in document.entries] == ["my-app-secrets"]


def test_a_config_map_is_read() -> None:
    tree = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "fn"}, "data": {"name": "a"}}
    document = read_document(tree)
    assert document.place.document == "ConfigMap fn"
    assert [entry.name for entry in document.entries] == ["a"]


@pytest.mark.parametrize(
    "tree",
    [
        {},
        {"apiVersion": "vaultgen.dev/v1alpha1"},
        {"kind": "VaultSecretGenerator"},
        {"apiVersion": "vaultgen.dev/v1", "kind": "VaultSecretGenerator"},
        {"apiVersion": "vaultgen.dev/v1alpha1", "kind": "vaultsecretgenerator"},
        {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"},
        {"apiVersion": "v1", "kind": "Secret", "data": {"a": "hunter2"}},
        {"apiVersion": "v2", "kind": "ConfigMap"},
        {"apiVersion": {"a": "hunter2"}, "kind": ["hunter2"]},
        {"apiVersion": 1, "kind": True},
        {"apiVersion": "v1", "kind": "Secret", "metadata": ["hunter2"]},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": {"a": "hunter2"}}},
    ],
)
def test_other_documents_are_refused(tree: dict[str, Any]) -> None:
    with pytest.raises(Refused) as raised:
        read_document(tree)
    assert codes(raised.value) == ["unsupported-document"]
    assert "hunter2" not in report(raised.value.faults)


def test_all_faults_against_the_schema_are_told_at_once_and_where() -> None:
    tree = {**EVERY_FIELD, "secretGenerator": [{"nmae": "a"}, {"name": "b", "literals": {}}]}
    faults = read_document(tree, "gen.yaml").faults
    assert [fault.code for fault in faults] == ["unknown-field", "wrong-type"]
    places = [fault.place for fault in faults]
    assert {place[:2] for place in places} == {("gen.yaml", "VaultSecretGenerator my-app")}
    assert "secretGenerator[1].literals" in places[1].field
