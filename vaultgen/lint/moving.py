"""An item of one top-level list of a kustomization moved to another, by cutting lines: all else stays as it is."""

from typing import Any

import yaml

from vaultgen.errors import Refused
from vaultgen.krm.tree import parse_one
from vaultgen.kustomize.top_level import Field, end_of_lines, fields_of, indent_of, newline_of
from vaultgen.lint.finding import Edit


def moved(text: str, file: str, source: str, index: int, target: str) -> tuple[Edit, ...]:
    """Return the edits that move a plain item; none where the layout is not that of one item a line."""
    try:
        tree = parse_one(text.encode())
        fields = fields_of(text, file, "cannot-convert")
    except Refused:
        return ()
    field, there = fields[source], fields.get(target)
    items = _lines_of_items(text, field)
    if index >= len(items) or (there and not _lines_of_items(text, there)):
        return ()
    start, end = items[index]
    newline = newline_of(text)
    line = text[start:end].rstrip("\r\n").strip() + newline
    if len(items) == 1:
        start, end = field.start, field.end
    edits = [Edit(file, start, end, "")]
    if there:
        last = _lines_of_items(text, there)[-1][1]
        begun = "" if text[:last].endswith("\n") else newline
        edits.append(Edit(file, last, last, f"{begun}{indent_of(text, there)}{line}"))
    else:
        begun = "" if text[: field.end].endswith("\n") or len(items) == 1 else newline
        added = f"{begun}{target}:{newline}{indent_of(text, field)}{line}"
        if len(items) == 1:
            edits = [Edit(file, start, end, added)]
        else:
            edits.append(Edit(file, field.end, field.end, added))
    expected = {key: value for key, value in tree.items() if key != source or len(items) > 1}
    if len(items) > 1:
        expected[source] = [item for at, item in enumerate(tree[source]) if at != index]
    expected[target] = [*(tree.get(target) or []), tree[source][index]]
    try:
        return tuple(edits) if parse_one(edited(text, edits).encode()) == expected else ()
    except Refused:
        return ()


def edited(text: str, edits: "list[Edit]") -> str:
    """Return a text with edits, which do not overlap, applied."""
    for edit in sorted(edits, key=lambda one: (one.start, one.end), reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def _lines_of_items(text: str, field: Field) -> list[tuple[int, int]]:
    """Return begin and end of the lines of each item of a block list of plain texts; none for anything else."""
    first: Any = field.events[0]
    if not isinstance(first, yaml.SequenceStartEvent) or first.flow_style:
        return []
    events = field.events[1:-1]
    if not all(isinstance(event, yaml.ScalarEvent) and event.style not in ("|", ">") for event in events):
        return []
    starts = [text.rfind("\n", 0, event.start_mark.index) + 1 for event in events]
    ends = [end_of_lines(text, [event]) for event in events]
    if any(start < field.start or not text[start:].lstrip(" ").startswith("-") for start in starts):
        return []
    return list(zip(starts, ends, strict=True))
