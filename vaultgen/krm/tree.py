"""YAML to plain Python values, by events: bounded, and without YAML 1.1's surprises.

PyYAML's own constructor keeps the last of two equal keys, reads ``on`` as a boolean, and its C composer
overflows the stack on deep nesting. Reading events costs the same time and has none of this.
"""

import re

import yaml

from vaultgen.errors import Place, refuse
from vaultgen.krm.scalar import resolve
from vaultgen.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DEPTH_LIMIT = 200
"""Levels that a value may have, aliases expanded; kpt hands through CustomResourceDefinitions, which are deep."""
ALIAS_LIMIT = 10_000_000
"""Characters that all aliases of a text may stand for, each node counting as one more."""

LOADER: "Any" = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_TOO_DEEP = "exceeded maximum nesting depth"
"""From PyYAML 6.0.4 on, which has a limit of its own, and on one line finds that before it gives out any event."""
_PROBLEMS = {
    "mapping values are not allowed in this context": "a `:` where no mapping can start; quote the text",
    "did not find expected key": "expected a key here; check the indentation",
    "did not find expected '-' indicator": "expected a `- ` item here; check the indentation",
    "found character that cannot start any token": "a tab, @ or ` that has to be quoted",
    "found unexpected end of stream": "a quote or bracket is never closed",
    "could not find expected ':'": "a key without its `:`",
}
"""libyaml's problems, which quote no data, in our words."""


def parse_yaml(text: bytes, file: str = "", *, overrides: bool = True) -> "list[Any]":
    """Return the documents of a YAML text as dict, list, str, int, float, bool and None.

    Scalars are resolved as YAML 1.2's core schema does; a mapping's keys are always str, as kustomize
    reads them. ``file`` names the text in faults. Without ``overrides`` no key of a mapping may also be in what it
    merges by ``<<``: Go's parser for kustomizations takes the later one. Raises ``Refused``: invalid-yaml,
    duplicate-field, yaml-too-deep, yaml-too-large.
    """
    builder = _Builder(file, overrides)
    if text.lstrip()[:1] in b"{[" and b"\\u" in text:
        text = _without_surrogates(text)
    try:
        parser = LOADER(text)
        while True:
            event = parser.get_event()
            if event is None or type(event) is yaml.StreamEndEvent:
                return builder.documents
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, line=mark.line + 1, column=mark.column + 1) if mark else Place(file)
        if error.problem == _TOO_DEEP:
            raise refuse("yaml-too-deep", place, limit=str(DEPTH_LIMIT)) from None
        why = _PROBLEMS.get(error.problem or "", "the structure breaks off here")
    except (yaml.YAMLError, UnicodeError):
        raise refuse("invalid-yaml", Place(file), why="a character that YAML does not allow, or not UTF-8") from None
    raise refuse("invalid-yaml", place, why=why)


def _without_surrogates(text: bytes) -> bytes:
    """Return a JSON text with each pair of surrogate escapes, which YAML does not know, as one escape that it does."""

    def joined(match: "re.Match[bytes]") -> bytes:
        high, low = int(match[2], 16), int(match[3], 16)
        return match[1] + b"\\U%08X" % (0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))

    pair = rb"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"
    return re.sub(pair, joined, text)


_MERGE: "Any" = object()
"""Stands for a merge key until its mapping ends; no text can be equal to it."""
_MERGE_TAG = "tag:yaml.org,2002:merge"


class _Anchored(Record):
    value: "Any"
    size: int
    """Characters in it, aliases expanded, each node counting as one more."""
    height: int
    """Levels in it, aliases expanded; 0 for a scalar."""


class _Level(Record):
    """What is put aside while a collection inside is built."""

    collection: "Any"
    keys: "list[Any]"
    anchor: "str | None"
    started: int
    height: int


class _Builder:
    """Builds values from events; one open collection a level."""

    def __init__(self, file: str, overrides: bool) -> None:
        self.documents: list[Any] = []
        self._file = file
        self._overrides = overrides
        self._open: list[_Level] = []
        self._collection: Any = None
        self._keys: list[Any] = []
        self._anchors: dict[str, _Anchored] = {}
        self._anchor: str | None = None
        self._size = 0
        self._started = 0
        self._height = 0
        self._from_aliases = 0

    def take(self, event: "Any") -> None:
        kind = type(event)
        if kind is yaml.ScalarEvent:
            self._scalar(event)
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            if self._expects_key():
                raise refuse("invalid-yaml", self._place(event), why="a mapping's key must be plain text")
            self._check_depth(1, event)
            self._open.append(_Level(self._collection, self._keys, self._anchor, self._started, self._height))
            self._collection = {} if kind is yaml.MappingStartEvent else []
            self._keys, self._anchor, self._started, self._height = [], event.anchor, self._size, 0
            self._size += 1
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            if kind is yaml.MappingEndEvent and _MERGE in self._collection:
                self._merge(self._collection.pop(_MERGE), event)
            value, height = self._collection, self._height + 1
            if self._anchor:
                self._anchors[self._anchor] = _Anchored(value, self._size - self._started, height)
            self._collection, self._keys, self._anchor, self._started, outer = self._open.pop()
            self._height = max(outer, height)
            self._add(value)
        elif kind is yaml.AliasEvent:
            self._alias(event)
        elif kind is yaml.DocumentStartEvent:
            self._anchors = {}

    def _scalar(self, event: "Any") -> None:
        value: Any = event.value
        size = len(value) + 1
        self._size += size
        plain = event.implicit[0] and not event.style
        tagged = bool(event.tag) and event.tag not in ("!", "tag:yaml.org,2002:str")
        # Go's YAML tags a merge key, and also the plain text <<, in all that it writes.
        merges = value == "<<" and not event.style and event.tag in (None, "!", _MERGE_TAG)
        if self._expects_key():
            if tagged and not merges:
                # A key in base64, say: other parsers read another name than stands there.
                raise refuse("invalid-yaml", self._place(event), why="a key with a tag")
            self._key(_MERGE if merges else value, event)
        else:
            if plain:
                value = resolve(value)
            elif tagged and not merges:
                value = self._tagged(event)
            self._add(value)
        if event.anchor:
            self._anchors[event.anchor] = _Anchored(value, size, 0)

    def _key(self, key: "Any", event: "Any") -> None:
        if key in self._collection:
            # An item KEY=VALUE whose text made a mapping of it may hold a value.
            shown = event.value[:64] if "=" not in event.value else "(not shown)"
            raise refuse("duplicate-field", self._place(event), field=shown)
        self._keys.append(key)

    def _alias(self, event: "Any") -> None:
        if event.anchor not in self._anchors or self._expects_key():
            raise refuse("invalid-yaml", self._place(event), why="an alias to nothing, or used as a key")
        anchored = self._anchors[event.anchor]
        self._from_aliases += anchored.size
        self._size += anchored.size
        if self._from_aliases > ALIAS_LIMIT:
            raise refuse("yaml-too-large", self._place(event), limit=f"{ALIAS_LIMIT} characters")
        self._check_depth(anchored.height, event)
        self._height = max(self._height, anchored.height)
        self._add(anchored.value)

    def _check_depth(self, more: int, event: "Any") -> None:
        if len(self._open) + more > DEPTH_LIMIT:
            raise refuse("yaml-too-deep", self._place(event), limit=str(DEPTH_LIMIT))

    def _expects_key(self) -> bool:
        return type(self._collection) is dict and not self._keys

    def _add(self, value: "Any") -> None:
        if self._collection is None:
            self.documents.append(value)
        elif type(self._collection) is list:
            self._collection.append(value)
        else:
            self._collection[self._keys.pop()] = value

    def _merge(self, value: "Any", event: "Any") -> None:
        for source in value if isinstance(value, list) else [value]:
            if not isinstance(source, dict):
                raise refuse("invalid-yaml", self._place(event), why="<< needs a mapping")
            if not self._overrides and not source.keys().isdisjoint(self._collection):
                raise refuse("invalid-yaml", self._place(event), why="a key beside << that is merged as well")
            self._collection.update({key: item for key, item in source.items() if key not in self._collection})

    def _tagged(self, event: "Any") -> "Any":
        resolvable = ("null", "bool", "int", "float")
        if event.tag.removeprefix("tag:yaml.org,2002:") in resolvable:
            return resolve(event.value)
        raise refuse("invalid-yaml", self._place(event), why="a tag that Kubernetes objects do not have")

    def _place(self, event: "Any") -> Place:
        return Place(self._file, line=event.start_mark.line + 1, column=event.start_mark.column + 1)


def parse_one(text: bytes, file: str = "") -> "Any":
    """Return the only document of a YAML text; raises like ``parse_yaml``, and invalid-yaml for none or several."""
    documents = parse_yaml(text, file)
    if len(documents) != 1:
        raise refuse("invalid-yaml", Place(file), why=f"expected one document, found {len(documents)}")
    return documents[0]
