"""Entries that change a Secret which no build has: kustomize fails on them, and in a cluster Flux alone would say so.

Told is only what is certain from the text. Whatever might bring a Secret, or another name, counts as if it did.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from vaultgen.document.model import Document, Entry
from vaultgen.errors import Fault, Refused
from vaultgen.publish.reader import Reader
from vaultgen.publish.tree import Tree, resolve

_BYTES_LIMIT = 1_000_000
"""Of resources that may be Secrets; where there are more, nothing is certain."""
_ITEMS_LIMIT = 50_000
_STEPS_LIMIT = 50_000
"""Files, directories and Secrets that are gone through, those of a shared base once for each that is looked at."""

_ABOVE = ("resources", "bases")
"""What a kustomization has before its generators run; its components come after them."""
_HARMLESS = {
    *("apiVersion", "kind", "metadata", "resources", "bases", "components", "crds", "buildMetadata", "sortOptions"),
    *("generators", "secretGenerator", "configMapGenerator", "generatorOptions"),
    *("namespace", "labels", "commonLabels", "commonAnnotations", "images", "replicas"),
}
"""Fields of a kustomization that rename nothing, and make nothing of another kind a Secret."""
_DECIDING = {"kind", "generators", "secretGenerator", *_ABOVE}
"""Those that say what is there before a generator of the same kustomization runs."""


@dataclass(frozen=True)
class Level:
    """What a kustomization, or what Flux would generate in place of one, has."""

    fields: Mapping[str, Any]
    documents: Sequence[Document]
    """Of vaultgen, listed here."""
    is_known: bool
    """Whether all that it lists in ``generators`` are those."""


class _Unsure(Exception):
    """There may be a Secret that is not seen."""


class _Found(NamedTuple):
    name: str
    namespace: str
    """Empty where none is written."""


def without_base(tree: Tree, levels: Mapping[str, Level]) -> Iterator[Fault]:
    """Yield the entries with ``behavior: merge`` or ``replace`` whose kustomization has no such Secret before.

    ``levels`` holds, by directory, all kustomizations that a build of the tree reaches.
    """
    bases = _Bases(tree, levels)
    for directory, level in levels.items():
        entries = [entry for one in level.documents for entry in one.entries if entry.behavior in ("merge", "replace")]
        try:
            found = bases.of(directory) if entries else _Secrets()
        except _Unsure:
            continue
        for entry in entries:
            if not found.may_have(entry):
                facts = {"name": entry.name, "behavior": str(entry.behavior)}
                yield Fault("nothing-to-merge", entry.place, facts)


class _Secrets:
    """Secrets that a kustomization has, by what they are called."""

    def __init__(self) -> None:
        self._found: set[_Found] = set()
        self._names: set[str] = set()
        self.has_namespaces = False
        """Whether a kustomization on the way gives them another namespace."""

    def add(self, found: Iterable[_Found]) -> None:
        for one in found:
            self._found.add(_Found(one.name, one.namespace or "default"))
            self._names.add(one.name)

    def may_have(self, entry: Entry) -> bool:
        # Looked up, not gone through: entries and Secrets can be ten thousand each.
        if self.has_namespaces:
            return entry.name in self._names
        return _Found(entry.name, entry.namespace or "default") in self._found


class _Bases:
    """Finds what a kustomization has when its generators run."""

    def __init__(self, tree: Tree, levels: Mapping[str, Level]) -> None:
        self._tree = tree
        self._levels = levels
        self._reader = Reader(_BYTES_LIMIT, _ITEMS_LIMIT)
        self._of_file: dict[str, Sequence[_Found] | None] = {}
        """None where there may be more: a file of megabytes is searched once, however many name it."""
        self._steps = 0

    def of(self, directory: str) -> _Secrets:
        """Return the Secrets of a kustomization before its entries are taken. Raises ``_Unsure``."""
        top = self._levels[directory]
        odd = {str(field).lower() for field in top.fields if field not in _DECIDING}
        # A component works on what its parents have; kustomize takes fields in any letter case.
        if top.fields.get("kind") == "Component" or odd & {field.lower() for field in _DECIDING}:
            raise _Unsure
        secrets = _Secrets()
        waiting = self._add(directory, top, _ABOVE, secrets)
        seen = {directory}
        while waiting:
            below = waiting.pop()
            if below in seen:
                continue
            seen.add(below)
            level = self._levels.get(below)
            if level is None or not level.fields.keys() <= _HARMLESS:
                raise _Unsure
            secrets.has_namespaces |= "namespace" in level.fields
            waiting += self._add(below, level, (*_ABOVE, "components"), secrets)
        return secrets

    def _add(self, directory: str, level: Level, names: Sequence[str], secrets: _Secrets) -> list[str]:
        """Add the Secrets that stand in a level itself, and return the directories that it lists."""
        if not level.is_known:
            raise _Unsure
        made = [entry for one in level.documents for entry in one.entries]
        builtin = _items(level.fields, "secretGenerator")
        self._step(len(made) + len(builtin))
        secrets.add(_Found(one.name, one.namespace) for one in made if one.behavior not in ("merge", "replace"))
        for one in builtin:
            if not isinstance(one, dict):
                raise _Unsure
            secrets.add([_found(one)])
        directories = []
        for listed in (item for name in names for item in _items(level.fields, name)):
            self._step(1)
            path = resolve(directory, listed) if isinstance(listed, str) else None
            if path is None:
                raise _Unsure
            if path in self._tree.files:
                found = self._in_file(path)
                self._step(len(found))
                secrets.add(found)
            else:
                directories.append(path)
        return directories

    def _step(self, count: int) -> None:
        self._steps += count
        if self._steps > _STEPS_LIMIT:
            raise _Unsure

    def _in_file(self, path: str) -> Sequence[_Found]:
        if path not in self._of_file:
            self._of_file[path] = None
            self._of_file[path] = self._read(path)
        if (found := self._of_file[path]) is None:
            raise _Unsure
        return found

    def _read(self, path: str) -> Sequence[_Found]:
        content = self._tree.files[path]
        # Names of the past, a merge key, UTF-16 or a byte order mark in the midst: what is read here may not be all.
        if any(odd in content for odd in (b"previousNames", b"<<", b"\0")) or b"\xef\xbb\xbf" in content[1:]:
            raise _Unsure
        if b"Secret" not in content and b"\\" not in content:
            return ()
        try:
            return list(_secrets_in(self._reader.documents(content, path)))
        except Refused:
            raise _Unsure from None


def _secrets_in(documents: Sequence[Any]) -> Iterator[_Found]:
    waiting = list(documents)
    while waiting:
        one = waiting.pop()
        if not isinstance(one, dict):
            continue
        if "items" in one:
            items = one["items"]
            waiting += items.values() if isinstance(items, dict) else items if isinstance(items, list) else ()
        metadata = one.get("metadata")
        if one.get("kind") == "Secret" and isinstance(metadata, dict):
            yield _found(metadata)


def _found(named: Mapping[str, Any]) -> _Found:
    name, namespace = named.get("name"), named.get("namespace") or ""
    if not (isinstance(name, str) and isinstance(namespace, str)):
        raise _Unsure
    return _Found(name, namespace)


def _items(fields: Mapping[str, Any], name: str) -> list[Any]:
    """Return the items of a list. Raises ``_Unsure`` for what is neither a list nor nothing."""
    listed = fields.get(name)
    if listed is not None and not isinstance(listed, list):
        raise _Unsure
    return listed or []
