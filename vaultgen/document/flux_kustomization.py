"""The Flux Kustomization of the article: ``spec.secretGenerator`` as a document of ours.

Flux itself has no such field; the object is read as it is printed, from a file beside the application.
"""

from vaultgen.document.model import Document
from vaultgen.document.parse import parse_entries
from vaultgen.document.schema import FLUX_KUSTOMIZATION, load

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from vaultgen.errors import Place


def parse_flux_kustomization(tree: "Mapping[str, Any]", place: "Place") -> Document:
    """Return the document of a Flux Kustomization; faults against its schema are kept in ``Document.faults``.

    A Secret's namespace is its entry's, else ``spec.targetNamespace``, else left to kustomize: never that of
    the Kustomization, where the Deployment beside it could not refer to it.
    """
    from vaultgen.document.read import schema_faults

    schema = load(FLUX_KUSTOMIZATION)
    spec: Any = tree.get("spec")
    if faults := schema_faults(tree, schema, place):
        from vaultgen.document.sound import sound_entries

        items = spec.get("secretGenerator") if isinstance(spec, dict) else None
        spec = {"secretGenerator": sound_entries(items, schema)}
    entries, more_faults = parse_entries(spec["secretGenerator"], {}, place, "spec.")
    namespace = spec.get("targetNamespace") or ""
    entries = tuple(entry._replace(namespace=entry.namespace or namespace) for entry in entries)
    return Document(entries, place=place, faults=(*faults, *more_faults))
