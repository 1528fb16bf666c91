"""The top-level fields of a YAML text, by the lines that they cover: what an edit that keeps all else cuts along."""

import re
from typing import Any, NamedTuple

import yaml

from vaultgen.errors import Place, refuse

UNUSUAL = "an anchor is used on both sides of the cut, or its layout is unusual"

Ends = yaml.MappingEndEvent | yaml.SequenceEndEvent


class Field(NamedTuple):
    """A top-level field of a block mapping, by the whole lines that it covers."""

    start: int
    """Index of the first character of its first line."""
    end: int
    """Index behind its last line, indented comments below it included."""
    events: list[Any]
    """Of its value."""


def fields_of(text: str, file: str, code: str) -> dict[str, Field]:
    """Return the top-level fields of a block mapping; the text is known to be a mapping without equal keys.

    Raises ``Refused`` with ``code``, whose row has a ``why``, if it is written in another way.
    """
    try:
        # The C parser counts a byte order mark differently; a kustomization is small enough for this one.
        parsed = list(yaml.parse(text, Loader=yaml.SafeLoader))
    except yaml.YAMLError:
        raise refuse(code, Place(file), why=UNUSUAL) from None
    events: list[Any] = [event for event in parsed if isinstance(event, yaml.NodeEvent | Ends)]
    if events[0].flow_style:
        raise refuse(code, Place(file), why="it is written in braces, not as one field a line")
    fields = {}
    position = 1
    while position < len(events) - 1:
        key, first = events[position], position + 1
        position = first + len(node_at(events, first))
        start = key.start_mark.index
        if text[text.rfind("\n", 0, start) + 1 : start].lstrip("\ufeff"):
            why = "its top-level fields do not begin their lines"
            raise refuse(code, Place(file, line=key.start_mark.line + 1, column=1), why=why)
        value = events[first:position]
        fields[key.value] = Field(start, _with_comments(text, end_of_lines(text, [key, *value])), value)
    return fields


def node_at(events: list[Any], position: int) -> list[Any]:
    """Return the events of the node that begins at a position."""
    end = position + 1
    depth = int(isinstance(events[position], yaml.CollectionStartEvent))
    while depth:
        depth += isinstance(events[end], yaml.CollectionStartEvent) - isinstance(events[end], Ends)
        end += 1
    return events[position:end]


def end_of_lines(text: str, events: list[Any]) -> int:
    """Return the index behind the last line of some events, which is that of the last scalar, alias or bracket."""
    # A block collection's end has no width: the parser puts it where the next field begins.
    last = next(event for event in reversed(events) if event.start_mark.index < event.end_mark.index)
    end: int = last.end_mark.index
    if text[end - 1] != "\n":
        end = text.find("\n", end) + 1 or len(text)
    elif "+" not in text[last.start_mark.index :].partition("\n")[0]:
        # A block scalar takes the empty lines below it along; only with `+` they are part of the value.
        while text.endswith(("\n\n", "\n\r\n"), 0, end):
            end = text.rfind("\n", 0, end - 1) + 1
    return end


def _with_comments(text: str, end: int) -> int:
    """Return the index behind the indented comments below."""
    indented_comments = re.compile(r"(?:[ \t]*\r?\n)*[ \t]+#[^\n]*(?:\n|\Z)")
    while comment := indented_comments.match(text, end):
        end = comment.end()
    return end


def indent_of(text: str, field: Field) -> str:
    """Return the spaces in front of a block list's first item."""
    item = re.compile(r"^( *)- ?", re.MULTILINE).search(text, field.start, field.end)
    return item[1] if item else ""


def newline_of(text: str) -> str:
    """Return how the lines of a text end, by its first."""
    return "\r\n" if text[: text.find("\n") + 1].endswith("\r\n") else "\n"
