"""YAML to plain Python values, by events: bounded, and without YAML 1.1's surprises.

PyYAML's own constructor keeps the last of two equal keys, reads ``on`` as a boolean, and its C composer
overflows the stack on deep nesting. Reading events costs the same time and has none of this.
"""

import math
import re

import yaml

from vaultgen.errors import Place, refuse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DEPTH_LIMIT = 64
ALIAS_LIMIT = 100_000
"""How many nodes all aliases of a text may stand for."""

_Loader: "Any" = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_WORDS = {word: None for word in ("", "~", "null", "Null", "NULL")} | {
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_NUMBER_START = frozenset("-+.0123456789")
# Compiled at their first use: few documents hold a plain scalar that might be a number.
_INTEGER = r"[-+]?[0-9]+"
_OCTAL_OR_HEX = r"0o[0-7]+|0x[0-9a-fA-F]+"
_FLOAT = r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"

_PROBLEMS = {
    "mapping values are not allowed in this context": "a `:` where no mapping can start; quote the text",
    "did not find expected key": "expected a key here; check the indentation",
    "did not find expected '-' indicator": "expected a `- ` item here; check the indentation",
    "found character that cannot start any token": "a tab, @ or ` that has to be quoted",
    "found unexpected end of stream": "a quote or bracket is never closed",
    "could not find expected ':'": "a key without its `:`",
}
"""libyaml's problems, which quote no data, in our words."""


def parse_yaml(text: bytes, file: str = "") -> "list[Any]":
    """Return the documents of a YAML text as dict, list, str, int, float, bool and None.

    Scalars are resolved as YAML 1.2's core schema does; a mapping's keys are always str, as kustomize
    reads them. ``file`` names the text in faults. Raises ``Refused``: invalid-yaml, duplicate-field,
    yaml-too-deep, yaml-too-large.
    """
    builder = _Builder(file)
    try:
        parser = _Loader(text)
        while True:
            event = parser.get_event()
            if event is None or type(event) is yaml.StreamEndEvent:
                return builder.documents
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, line=mark.line + 1, column=mark.column + 1) if mark else Place(file)
        why = _PROBLEMS.get(error.problem, "the structure breaks off here")
    except (yaml.YAMLError, UnicodeError):
        raise refuse("invalid-yaml", Place(file), why="a character that YAML does not allow, or not UTF-8") from None
    raise refuse("invalid-yaml", place, why=why)


_MERGE = "\0<<"
"""Stands for a merge key until its mapping ends; no YAML text can hold it."""


class _Builder:
    """Builds values from events; one open collection a level."""

    def __init__(self, file: str) -> None:
        self.documents: list[Any] = []
        self._file = file
        self._open: list[tuple[Any, list[str], str | None, int]] = []
        self._collection: Any = None
        self._keys: list[str] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._anchor: str | None = None
        self._count = 0
        self._started = 0
        self._from_aliases = 0

    def take(self, event: "Any") -> None:
        kind = type(event)
        if kind is yaml.ScalarEvent:
            self._count += 1
            value: Any = event.value
            if self._expects_key():
                self._key(value, event)
                return
            if event.implicit[0] and not event.style:
                value = resolve(value)
            elif event.tag and event.tag not in ("!", "tag:yaml.org,2002:str"):
                value = self._tagged(event)
            if event.anchor:
                self._anchors[event.anchor] = (value, 1)
            self._add(value, event)
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            if len(self._open) >= DEPTH_LIMIT:
                raise refuse("yaml-too-deep", self._place(event), limit=str(DEPTH_LIMIT))
            if self._expects_key():
                raise refuse("invalid-yaml", self._place(event), why="a mapping's key must be plain text")
            self._open.append((self._collection, self._keys, self._anchor, self._started))
            self._collection = {} if kind is yaml.MappingStartEvent else []
            self._keys, self._anchor, self._started = [], event.anchor, self._count
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            if kind is yaml.MappingEndEvent and _MERGE in self._collection:
                self._merge(self._collection.pop(_MERGE), event)
            value, anchor, size = self._collection, self._anchor, self._count - self._started + 1
            self._collection, self._keys, self._anchor, self._started = self._open.pop()
            if anchor:
                self._anchors[anchor] = (value, size)
            self._add(value, event)
        elif kind is yaml.AliasEvent:
            self._alias(event)
        elif kind is yaml.DocumentStartEvent:
            self._anchors = {}

    def _alias(self, event: "Any") -> None:
        if event.anchor not in self._anchors or self._expects_key():
            raise refuse("invalid-yaml", self._place(event), why="an alias to nothing, or used as a key")
        value, size = self._anchors[event.anchor]
        self._from_aliases += size
        self._count += size
        if self._from_aliases > ALIAS_LIMIT:
            raise refuse("yaml-too-large", self._place(event), limit=f"{ALIAS_LIMIT} nodes")
        self._add(value, event)

    def _expects_key(self) -> bool:
        return type(self._collection) is dict and not self._keys

    def _key(self, key: str, event: "Any") -> None:
        if key in self._collection:
            raise refuse("duplicate-field", self._place(event), field=key[:64])
        self._keys.append(_MERGE if key == "<<" and not event.style else key)

    def _add(self, value: "Any", event: "Any") -> None:
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
            self._collection.update({key: item for key, item in source.items() if key not in self._collection})

    def _tagged(self, event: "Any") -> "Any":
        resolvable = ("null", "bool", "int", "float")
        if event.tag.removeprefix("tag:yaml.org,2002:") in resolvable:
            return resolve(event.value)
        raise refuse("invalid-yaml", self._place(event), why="a tag that Kubernetes objects do not have")

    def _place(self, event: "Any") -> Place:
        return Place(self._file, line=event.start_mark.line + 1, column=event.start_mark.column + 1)


def resolve(text: str) -> "str | int | float | bool | None":
    """Return what a plain (unquoted) scalar means: null, boolean, number, or the text itself."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_START:
        return text
    if re.fullmatch(_INTEGER, text):
        return int(text) if len(text) < 400 else text
    if re.fullmatch(_OCTAL_OR_HEX, text):
        return int(text, 0)
    if re.fullmatch(_FLOAT, text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text


def parse_one(text: bytes, file: str = "") -> "Any":
    """Return the only document of a YAML text; raises like ``parse_yaml``, and invalid-yaml for none or several."""
    documents = parse_yaml(text, file)
    if len(documents) != 1:
        raise refuse("invalid-yaml", Place(file), why=f"expected one document, found {len(documents)}")
    return documents[0]


