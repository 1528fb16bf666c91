"""The resources that kustomize printed, taken apart so that two builds can be held against each other."""

import re
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vaultgen.krm.tree import parse_yaml
from vaultgen.redacted import Redacted

SUFFIX = re.compile("-[bcdfghkmt2456789]{10}$")
"""A name suffix: ten hexadecimal digits in kustomize's alphabet (``api/hasher``)."""


@dataclass(frozen=True)
class Resource:
    """One resource of a build."""

    group: str
    """API group; empty for the core's."""
    kind: str
    namespace: str
    name: str
    """As the build has it."""
    base: str
    """The name without its suffix."""
    tree: Mapping[str, Any]
    """All of it; of a Secret without data."""
    data: Mapping[str, Redacted] | None = None
    """Of a Secret, and None for all else: data key → bytes, wrapped."""
    text: str = ""
    """Its YAML, with names without suffixes; empty for a Secret."""

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What makes it the same resource in another build."""
        return self.group, self.kind, self.namespace, self.base


def resources_in(output: bytes) -> list[Resource]:
    """Return the resources of a build's output. Raises what ``parse_yaml`` does.

    The name of each loses its suffix, unless two would be the same without it.
    """
    trees = [tree for tree in parse_yaml(output) if isinstance(tree, dict)]
    # kustomize begins each document but the first with this line, and indents all text inside one.
    texts = output.decode().removesuffix("\n").split("\n---\n")
    bare = [_identity(tree) for tree in trees]
    count = Counter(bare)
    bases = [one[3] if count[one] == 1 else _name(tree) for tree, one in zip(trees, bare, strict=True)]
    shorter = {_name(tree): base for tree, base in zip(trees, bases, strict=True) if base != _name(tree)}
    return [
        _resource(tree, base, _replaced(text, shorter))
        for tree, base, text in zip(trees, bases, texts, strict=bool(trees))
    ]


def mapping(tree: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    """Return the mapping at a path; an empty one where there is none."""
    for step in path:
        found = tree.get(step)
        if not isinstance(found, dict):
            return {}
        tree = found
    return tree


def mappings(tree: Mapping[str, Any], field: str) -> list[Mapping[str, Any]]:
    """Return the mappings in a list; none where there is no list."""
    found = tree.get(field)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def texts(tree: Any) -> Iterator[str]:
    """Yield every text value in a tree."""
    if isinstance(tree, dict | list):
        for value in tree.values() if isinstance(tree, dict) else tree:
            yield from texts(value)
    elif isinstance(tree, str):
        yield tree


def renamed(tree: Any, names: Mapping[str, str]) -> Any:
    """Return a tree in which each text value that is one of the names is replaced."""
    if isinstance(tree, dict):
        return {field: renamed(value, names) for field, value in tree.items()}
    if isinstance(tree, list):
        return [renamed(value, names) for value in tree]
    return names.get(tree, tree) if isinstance(tree, str) else tree


def _resource(tree: dict[str, Any], base: str, text: str) -> Resource:
    group, kind, namespace, _ = _identity(tree)
    name = _name(tree)
    if (group, kind) != ("", "Secret"):
        return Resource(group, kind, namespace, name, base, tree, None, text)
    data = {key: Redacted(_decoded(value)) for key, value in mapping(tree, "data").items()}
    data |= {key: Redacted(str(value).encode()) for key, value in mapping(tree, "stringData").items()}
    rest = {field: value for field, value in tree.items() if field not in ("data", "stringData")}
    return Resource(group, kind, namespace, name, base, rest, data)


def _decoded(value: Any) -> bytes:
    text = "".join(str(value).split())
    try:
        return b64decode(text, validate=True)
    except ValueError:
        # The API server would refuse it; here it is only compared.
        return text.encode()


def _identity(tree: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """Return group, kind, namespace and the name without a suffix."""
    group, slash, _ = str(tree.get("apiVersion") or "").partition("/")
    namespace = str(mapping(tree, "metadata").get("namespace") or "")
    return group if slash else "", str(tree.get("kind") or ""), namespace, SUFFIX.sub("", _name(tree))


def _name(tree: Mapping[str, Any]) -> str:
    metadata = mapping(tree, "metadata")
    return str(metadata.get("name") or metadata.get("generateName") or "")


def _replaced(text: str, names: Mapping[str, str]) -> str:
    if not names:
        return text
    pattern = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    return re.sub(pattern, lambda found: names[found[0]], text)
