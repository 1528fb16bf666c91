"""Any document that vaultgen takes, from its tree: checked, and all its faults found."""

from vaultgen.document.check import conforms
from vaultgen.document.parse import parse_document
from vaultgen.document.schema import VAULT_SECRET_GENERATOR, load
from vaultgen.errors import Fault, Place, refuse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from vaultgen.document.model import Document

API_VERSION = "vaultgen.dev/v1alpha1"
KIND = "VaultSecretGenerator"


def read_document(tree: "Mapping[str, Any]", file: str = "") -> "Document":
    """Return the document that a functionConfig is.

    Takes a VaultSecretGenerator, the article's Flux Kustomization, or a ConfigMap (kpt). ``file`` names
    where it came from. Faults against the schema are kept in ``Document.faults``, so that those of the rest, which the
    plan finds, are told with them. Raises ``Refused``: unsupported-document.
    """
    api_version, kind = _text(tree.get("apiVersion")), _text(tree.get("kind"))
    place = Place(file, f"{kind} {_name(tree)}".strip())
    group = api_version.partition("/")[0]
    if kind == "Kustomization" and group == "kustomize.toolkit.fluxcd.io":
        from vaultgen.document.flux_kustomization import parse_flux_kustomization

        return parse_flux_kustomization(tree, place)
    if kind == "ConfigMap" and api_version == "v1":
        from vaultgen.document.config_map import generator_of_config_map

        tree = generator_of_config_map(tree, place)
    elif kind != KIND or api_version != API_VERSION:
        raise refuse(
            "unsupported-document", place, kind=kind or "a document without kind", apiVersion=api_version or "no group"
        )
    schema = load(VAULT_SECRET_GENERATOR)
    if faults := schema_faults(tree, schema, place):
        from vaultgen.document.sound import sound_entries

        tree = {"secretGenerator": sound_entries(tree.get("secretGenerator"), schema)}
    document = parse_document(tree, place)
    return document._replace(faults=(*faults, *document.faults))


def schema_faults(tree: "Mapping[str, Any]", schema: "Mapping[str, Any]", place: Place) -> tuple[Fault, ...]:
    """Return all faults of a tree against a schema, each at ``place`` and its own field."""
    if conforms(tree, schema, schema):
        return ()
    from vaultgen.document.explain import explain

    faults = explain(tree, schema)
    return tuple(
        fault._replace(place=fault.place._replace(file=place.file, document=place.document)) for fault in faults
    )


def _name(tree: "Mapping[str, Any]") -> str:
    metadata = tree.get("metadata")
    return _text(metadata.get("name")) if isinstance(metadata, dict) else ""


def _text(value: "Any") -> str:
    return value[:253] if isinstance(value, str) else ""
