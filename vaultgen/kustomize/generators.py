"""Which file a generator stands in: kustomize does not say, so its kustomization is looked through.

Imported only when something is wrong.
"""

from vaultgen.errors import Refused
from vaultgen.krm.tree import parse_yaml

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from vaultgen.ports import Files

KUSTOMIZATION_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
"""Names that kustomize looks for, in this order."""


def file_of_generator(files: "Files", document: "Mapping[str, Any]") -> str:
    """Return the file of a generator, as the kustomization in the root of ``files`` names it; empty if not found.

    A document counts as the same if apiVersion, kind and name are. What cannot be read is passed over.
    """
    wanted = _identity(document)
    for name in KUSTOMIZATION_NAMES:
        for kustomization in _documents(files, name):
            listed = kustomization.get("generators")
            for source in listed if isinstance(listed, list) else ():
                if not isinstance(source, str):
                    continue
                inline = "\n" in source
                found = _parsed(source.encode(), name) if inline else _documents(files, source)
                if any(_identity(one) == wanted for one in found):
                    return name if inline else source
    return ""


def _documents(files: "Files", path: str) -> "Iterator[dict[str, Any]]":
    try:
        content = files.read(path)
    except Refused:
        return
    yield from _parsed(content, path)


def _parsed(content: bytes, path: str) -> "Iterator[dict[str, Any]]":
    try:
        documents = parse_yaml(content, path)
    except Refused:
        return
    yield from (document for document in documents if isinstance(document, dict))


def _identity(document: "Mapping[str, Any]") -> "tuple[object, ...]":
    metadata = document.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return document.get("apiVersion"), document.get("kind"), name
