"""Documents of vaultgen in a published tree: nobody may build them by mistake, from a path that was not resolved.

kustomize-controller skips an exec function without a word; with ``prune`` it would then delete the Secrets that another
build had made. In place of each document stands one that fails, and says why by its kind. Kustomizations below the
published path do not list them any more.
"""

from collections.abc import Mapping

from vaultgen.document.read import API_VERSION
from vaultgen.errors import Refused
from vaultgen.krm.tree import parse_yaml
from vaultgen.publish.generators import runs_vaultgen

UNRESOLVED_KIND = "NotResolvedForItIsNotReachedFromThePublishedPath"

_FAILS = f"apiVersion: {API_VERSION}\nkind: {UNRESOLVED_KIND}\nmetadata:\n  name: unresolved\n".encode()


def without_generators(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """Return, by path, what stands in place of the files of a tree that hold a document of vaultgen."""
    return {path: _FAILS for path, content in files.items() if b"vaultgen" in content and _is_generator(path, content)}


def _is_generator(path: str, content: bytes) -> bool:
    if not path.endswith((".yaml", ".yml")):
        return False
    try:
        documents = parse_yaml(content, path)
    except Refused:
        return False
    return any(isinstance(document, dict) and runs_vaultgen(document) for document in documents)
