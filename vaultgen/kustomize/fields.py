"""A kustomization's fields as kustomize finds them: whatever case their letters have.

It decodes the file with Go's encoding/json, which takes ``Generators`` for ``generators``.
"""

from collections.abc import Iterator, Mapping
from typing import Any


def values(tree: Mapping[str, Any], name: str) -> Iterator[tuple[str, Any]]:
    """Yield the key and value of every field that kustomize takes for ``name``; a later one would win over the first.

    ``str.casefold`` takes more for equal than Go does, and never less.
    """
    folded = name.casefold()
    return ((key, value) for key, value in tree.items() if key.casefold() == folded)


def entries(tree: Mapping[str, Any], name: str) -> Iterator[tuple[str, int, str]]:
    """Yield key, index and text of the items of a list of texts."""
    for key, value in values(tree, name):
        for index, item in enumerate(value if isinstance(value, list) else ()):
            if isinstance(item, str):
                yield key, index, item


def texts(tree: Mapping[str, Any], name: str) -> Iterator[str]:
    """Yield the text of a field, or those of its list."""
    for _, value in values(tree, name):
        yield from (item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str))


def maps(tree: Mapping[str, Any], name: str) -> Iterator[dict[str, Any]]:
    """Yield the items of a list of mappings, and a field that is a mapping itself."""
    for _, value in values(tree, name):
        yield from (item for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict))
