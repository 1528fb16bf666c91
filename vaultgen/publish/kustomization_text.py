"""Edits of a kustomization that leave every other byte as it is."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import yaml

from vaultgen.errors import Place, Refused, refuse
from vaultgen.krm.tree import LOADER, parse_one
from vaultgen.kustomize.top_level import (
    UNUSUAL,
    Field,
    end_of_lines,
    fields_of,
    indent_of,
    newline_of,
    node_at,
)
from vaultgen.publish.yaml_text import flow

CODE = "cannot-rewrite"
TEXT_LIMIT = 1_000_000
"""Characters of a kustomization; the parser that knows positions takes a minute for ten times as many."""


class Edit(NamedTuple):
    """What to change in a kustomization."""

    dropped: Collection[int] = ()
    """Indexes of the items of ``generators`` that go."""
    component: str = ""
    """What comes first in ``components``."""
    bases: bool = False
    """Whether ``bases`` become ``resources``, where they stand behind those that are there, as in kustomize."""


def edited(text: str, file: str, edit: Edit) -> str:
    """Return the text of a kustomization, ``file`` its name in faults, with an edit made.

    One that is written in braces, as programs do it, is written anew.

    Raises ``Refused``: cannot-rewrite where that cannot be done line by line, and what ``parse_one`` raises.
    """
    if len(text) > TEXT_LIMIT:
        raise refuse(CODE, Place(file), why=f"it has more than {TEXT_LIMIT} characters")
    tree = parse_one(text.encode(), file)
    if _is_in_braces(text):
        return flow(expected(tree, edit)) + "\n"
    editor = _Editor(text, fields_of(text, file, CODE), file)
    if edit.dropped:
        editor.drop("generators", edit.dropped)
    if edit.bases:
        editor.join("bases", "resources")
    if edit.component:
        editor.prepend("components", edit.component)
    result = editor.text()
    _check(result, expected(tree, edit), file)
    return result


def _is_in_braces(text: str) -> bool:
    root = next(event for event in yaml.parse(text, Loader=LOADER) if isinstance(event, yaml.NodeEvent))
    return isinstance(root, yaml.MappingStartEvent) and bool(root.flow_style)


def expected(tree: Mapping[str, Any], edit: Edit) -> dict[str, Any]:
    """Return what a kustomization says after an edit."""
    changed = dict(tree)
    if edit.dropped:
        kept = [item for index, item in enumerate(tree["generators"]) if index not in edit.dropped]
        changed["generators"] = kept
        if not kept:
            del changed["generators"]
    if edit.bases:
        changed["resources"] = [*(tree.get("resources") or []), *changed.pop("bases")]
    if edit.component:
        changed["components"] = [edit.component, *(tree.get("components") or [])]
    return changed


class _Cut(NamedTuple):
    start: int
    end: int
    text: str


class _Editor:
    """Collects cuts; every position is one in the text as it was."""

    def __init__(self, text: str, fields: Mapping[str, Field], file: str) -> None:
        self._text = text
        self._fields = fields
        self._file = file
        self._newline = newline_of(text)
        self._cuts: list[_Cut] = []

    def text(self) -> str:
        """Return the text with all cuts made."""
        result = self._text
        for cut in sorted(self._cuts, reverse=True):
            result = result[: cut.start] + cut.text + result[cut.end :]
        return result

    def drop(self, name: str, indexes: Collection[int]) -> None:
        """Remove items of a list, and the list with the last of them."""
        field = self._fields[name]
        items = self._items(name)
        if len(indexes) == len(items):
            self._cuts.append(_Cut(field.start, field.end, ""))
        elif field.events[0].flow_style:
            self._write_flow(field, [self._raw(item) for index, item in enumerate(items) if index not in indexes])
        else:
            for index in indexes:
                start = self._text.rfind("\n", 0, items[index][0].start_mark.index) + 1
                self._cuts.append(_Cut(start, end_of_lines(self._text, items[index]), ""))

    def prepend(self, name: str, item: str) -> None:
        """Put an item in front of a list, which is made if need be."""
        items = self._items(name)
        if not items:
            self._write_block(name, [item])
        elif (field := self._fields[name]).events[0].flow_style:
            self._write_flow(field, [item, *map(self._raw, items)])
        else:
            at = self._text.find("\n", field.start) + 1
            self._cuts.append(_Cut(at, at, f"{indent_of(self._text, field)}- {item}{self._newline}"))

    def join(self, name: str, target: str) -> None:
        """Put the items of a list behind those of another, and remove the list."""
        field, moved = self._fields[name], [self._raw(item) for item in self._items(name)]
        items = self._items(target)
        if not items:
            self._write_block(target, moved, instead_of=field)
            return
        self._cuts.append(_Cut(field.start, field.end, ""))
        joined = self._fields[target]
        if joined.events[0].flow_style:
            self._write_flow(joined, [*map(self._raw, items), *moved])
        else:
            at = end_of_lines(self._text, items[-1])
            self._cuts.append(_Cut(at, at, self._on_lines_of_their_own(at, moved, indent_of(self._text, joined))))

    def _write_block(self, name: str, items: Sequence[str], instead_of: Field | None = None) -> None:
        """Write a list that is not there, or is empty: in that place, in another field's, or behind all fields."""
        indent = next((indent_of(self._text, field) for field in self._fields.values() if _is_block(field)), "")
        here = self._fields.get(name)
        if instead_of and here:
            self._cuts.append(_Cut(here.start, here.end, ""))
        place = instead_of or here
        if place:
            start, end = place.start, place.end
        else:
            start = end = max(field.end for field in self._fields.values())
        written = self._on_lines_of_their_own(start, items, indent, f"{name}:{self._newline}")
        if end == len(self._text) and not self._text.endswith("\n"):
            written = written.removesuffix(self._newline)
        self._cuts.append(_Cut(start, end, written))

    def _write_flow(self, field: Field, items: Sequence[str]) -> None:
        self._cuts.append(
            _Cut(field.events[0].start_mark.index, field.events[-1].end_mark.index, f"[{', '.join(items)}]")
        )

    def _on_lines_of_their_own(self, at: int, items: Sequence[str], indent: str, head: str = "") -> str:
        start = self._newline if at and self._text[at - 1] != "\n" else ""
        return start + head + "".join(f"{indent}- {item}{self._newline}" for item in items)

    def _items(self, name: str) -> list[list[Any]]:
        """Return the events of each item of a list; none if it is not there or null."""
        field = self._fields.get(name)
        if field is None or (isinstance(field.events[0], yaml.ScalarEvent) and len(field.events) == 1):
            return []
        if not isinstance(field.events[0], yaml.SequenceStartEvent):
            raise refuse(CODE, Place(self._file, field=name), why=UNUSUAL)
        items, position = [], 1
        while position < len(field.events) - 1:
            items.append(node_at(field.events, position))
            position += len(items[-1])
        return items

    def _raw(self, item: list[Any]) -> str:
        return self._text[item[0].start_mark.index : item[-1].end_mark.index]


def _is_block(field: Field) -> bool:
    return isinstance(field.events[0], yaml.SequenceStartEvent) and not field.events[0].flow_style


def _check(text: str, tree: Mapping[str, Any], file: str) -> None:
    """Read the result again: what cannot be cut safely shows here."""
    try:
        if parse_one(text.encode(), file) == tree:
            return
    except Refused:
        pass
    raise refuse(CODE, Place(file), why=UNUSUAL)
