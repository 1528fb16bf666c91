"""The YAML of a tree, as much of it as one look may read.

A controller looks at the trees of many: few bytes can name a file again and again, or by aliases be millions of items.
"""

from typing import Any

from vaultgen.errors import Place, refuse
from vaultgen.krm.tree import parse_yaml

FILE_LIMIT = 1_000_000
"""Bytes of a file; the parser needs up to ten seconds for them."""
TREE_LIMIT = 4_000_000
"""Bytes of all files, one that is read twice counted twice."""
ITEM_LIMIT = 100_000
"""Values in all files, aliases expanded."""


class Reader:
    """Reads files until they are too many."""

    def __init__(self, bytes_limit: int = TREE_LIMIT, items_limit: int = ITEM_LIMIT) -> None:
        self._bytes_limit = bytes_limit
        self._items_limit = items_limit
        self._bytes = 0
        self._items = 0

    def documents(self, content: bytes, file: str) -> list[Any]:
        """Return the documents of a file. Raises ``Refused``: yaml-too-large, and what ``parse_yaml`` raises."""
        if len(content) > FILE_LIMIT:
            raise refuse("yaml-too-large", Place(file), limit=f"{FILE_LIMIT} bytes")
        self._bytes += len(content)
        if self._bytes > self._bytes_limit:
            raise refuse("yaml-too-large", Place(file), limit=f"the {self._bytes_limit} bytes that are read of a tree")
        found = parse_yaml(content, file)
        self._items += _count(found, self._items_limit - self._items)
        if self._items > self._items_limit:
            raise refuse("yaml-too-large", Place(file), limit=f"the {self._items_limit} values that are read of a tree")
        return found

    def document(self, content: bytes, file: str) -> Any:
        """Return the only document of a file. Raises as ``documents`` does, and invalid-yaml for none or several."""
        found = self.documents(content, file)
        if len(found) != 1:
            raise refuse("invalid-yaml", Place(file), why=f"expected one document, found {len(found)}")
        return found[0]


def _count(value: Any, limit: int) -> int:
    """Return how many values are in one, a little more than ``limit`` at most."""
    count = 0
    waiting = [value]
    while waiting and count <= limit:
        one = waiting.pop()
        count += 1
        if isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return count
