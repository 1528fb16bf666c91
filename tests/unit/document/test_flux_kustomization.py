"""The article's Kustomization, and where its Secrets go."""

import copy
from typing import Any

import pytest

from support.documents import ARTICLE
from vaultgen.document.flux_kustomization import parse_flux_kustomization
from vaultgen.document.model import Document, VaultConfig
from vaultgen.errors import Place

PLACE = Place("ks.yaml", "Kustomization my-app")


def _document(spec: dict[str, Any], entry: dict[str, Any] | None = None) -> Document:
    tree = copy.deepcopy(ARTICLE)
    tree["spec"] = {name: value for name, value in {**tree["spec"], **spec}.items() if value is not None}
    tree["spec"]["secretGenerator"][0].update(entry or {})
    return parse_flux_kustomization(tree, PLACE)


def test_the_entry_is_one_of_ours() -> None:
    (entry,) = _document({}).entries
    assert (entry.name, entry.behavior, entry.type) == ("my-app-secrets", "merge", "Opaque")
    assert [file[:2] for file in entry.files] == [("db_password.txt", "vault:secret/data/my-app/database?key=password")]
    assert entry.place == PLACE._replace(field="spec.secretGenerator[0]", entry="my-app-secrets")


@pytest.mark.parametrize(
    ("target", "own", "namespace"),
    [("apps", None, "apps"), ("apps", "own", "own"), (None, "own", "own"), (None, None, ""), ("apps", "", "apps")],
)
def test_the_namespace_is_the_entrys_else_the_target_never_the_kustomizations(
    target: str | None, own: str | None, namespace: str
) -> None:
    """A Deployment beside the Secret could not refer to it in flux-system."""
    document = _document({"targetNamespace": target}, {"namespace": own})
    assert [entry.namespace for entry in document.entries] == [namespace]


def test_it_has_no_vault_block() -> None:
    assert _document({"vault": {"address": "https://elsewhere"}}).vault == VaultConfig()


def test_faults_are_placed_below_spec() -> None:
    """Those against the schema, and those inside of what conforms to it."""
    document = _document({}, {"nonsense": 1, "literals": ["no-key"]})
    assert [(fault.code, fault.place.field) for fault in document.faults] == [
        ("unknown-field", "spec.secretGenerator[0].nonsense"),
        ("bad-literal", "spec.secretGenerator[0].literals[0]"),
    ]


def test_without_entries_it_is_refused() -> None:
    document = parse_flux_kustomization({**ARTICLE, "spec": {"secretGenerator": []}}, PLACE)
    assert [fault.code for fault in document.faults] == ["wrong-value"]
