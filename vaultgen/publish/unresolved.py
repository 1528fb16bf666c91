"""Documents of vaultgen in a published tree: nobody may build them by mistake, from a path that was not resolved.

kustomize-controller skips an exec function without a word; with ``prune`` it would then delete the Secrets that another
build had made. In place of each document stands one that fails, and says why by its kind. Kustomizations below the
published path do not list them any more.
"""

from collections.abc import Mapping

from vaultgen.document.read import API_VERSION
from vaultgen.errors import Refused
from vaultgen.publish.generators import runs_vaultgen
from vaultgen.publish.reader import FILE_LIMIT, ITEM_LIMIT, TREE_LIMIT, Reader

UNRESOLVED_KIND = "NotResolvedForItIsNotReachedFromThePublishedPath"

_BYTES_LIMIT = 4 * TREE_LIMIT
_ITEMS_LIMIT = 40 * ITEM_LIMIT
"""More than of what is built: every manifest may speak of vaultgen."""

_FAILS = f"apiVersion: {API_VERSION}\nkind: {UNRESOLVED_KIND}\nmetadata:\n  name: unresolved\n".encode()


def without_generators(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """Return, by path, what stands in place of the files of a tree that hold a document of vaultgen.

    Raises ``Refused`` (yaml-too-large) where too many files look as if they held one.
    """
    reader = Reader(bytes_limit=_BYTES_LIMIT, items_limit=_ITEMS_LIMIT)
    return {path: _FAILS for path in files if b"vaultgen" in files[path] and _is_generator(path, files[path], reader)}


def _is_generator(path: str, content: bytes, reader: Reader) -> bool:
    if not path.endswith((".yaml", ".yml")) or len(content) > FILE_LIMIT:
        return False
    try:
        documents = reader.documents(content, path)
    except Refused as refused:
        if refused.faults[0].code == "yaml-too-large":
            raise
        return False
    return any(isinstance(document, dict) and runs_vaultgen(document) for document in documents)
