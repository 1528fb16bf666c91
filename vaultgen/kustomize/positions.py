"""Line and column of what stands in a YAML file, for messages and edits. Never imported on the exec path."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from vaultgen.errors import Refused
from vaultgen.krm.tree import LOADER, parse_yaml
from vaultgen.kustomize.walk import Path


@dataclass(frozen=True, order=True)
class Position:
    """A place in a file."""

    line: int = 1
    """1-based."""
    column: int = 1
    """1-based, in characters."""


@dataclass(frozen=True)
class Span:
    """A piece of a file's text, by index of its characters; a byte order mark does not count."""

    start: int
    end: int


@dataclass(frozen=True)
class FlowScalar:
    """A text that stands without quotes inside ``[ ]`` or ``{ }``."""

    value: str
    span: Span
    position: Position


class Positions:
    """Finds paths in one YAML text."""

    def __init__(self, content: bytes, file: str = "") -> None:
        """Take the text as it is in the file. Raises what ``parse_yaml`` does, whose bounds make composing safe."""
        parse_yaml(content, file)
        self.text = content.decode("utf-8-sig", "replace")
        try:
            self._roots: list[Any] = list(yaml.compose_all(self.text, Loader=LOADER))
        except yaml.YAMLError:
            # An anchor that is set twice is YAML, but not for the composer.
            self._roots = []

    def at(self, path: Path, line: int = 0) -> Position:
        """Return where a path stands: its key, or its item of a list; of what is not there, the nearest above it.

        ``line`` counts lines (from 0) inside the text at the path, where that is a block scalar.
        """
        found, node, rest = self._find(path)
        if isinstance(node, yaml.ScalarNode) and node.style == "|":
            if rest and isinstance(rest[0], int) and (inner := _positions(node.value)):
                return self._inside(node, inner.at(rest, line))
            if line:
                return self._inside(node, Position(line + 1))
        mark = found.start_mark if found is not None else None
        return Position(mark.line + 1, mark.column + 1) if mark else Position()

    def value(self, path: Path) -> Span | None:
        """Return where the value at a path stands, its quotes included; None where the path leads nowhere."""
        _, node, rest = self._find(path)
        return Span(node.start_mark.index, node.end_mark.index) if node is not None and not rest else None

    def key(self, path: Path) -> Span | None:
        """Return where the key at a path stands, its quotes included; None for an item, or where it leads nowhere."""
        found, node, rest = self._find(path)
        if rest or found is node:
            return None
        return Span(found.start_mark.index, found.end_mark.index)

    def flow_scalars(self) -> Iterator[FlowScalar]:
        """Yield each unquoted scalar in flow style, keys included, in the order of the text."""
        seen: set[int] = set()
        todo = [(root, False) for root in reversed(self._roots)]
        while todo:
            node, in_flow = todo.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            if isinstance(node, yaml.ScalarNode):
                if in_flow and not node.style:
                    mark = node.start_mark
                    span = Span(mark.index, node.end_mark.index)
                    yield FlowScalar(node.value, span, Position(mark.line + 1, mark.column + 1))
                continue
            below = node.value
            if isinstance(node, yaml.MappingNode):
                below = [one for pair in node.value for one in pair]
            todo += [(one, bool(node.flow_style)) for one in reversed(below)]

    def _find(self, path: Path) -> tuple[Any, Any, Path]:
        """Return the node that stands for a path (a key or an item), its value, and the steps that led nowhere."""
        index = path[0] if path else 0
        if not isinstance(index, int) or index >= len(self._roots):
            return None, None, path
        found = node = self._roots[index]
        for depth, step in enumerate(path[1:], 1):
            pair = _step(node, step)
            if pair is None:
                return found, node, path[depth:]
            found, node = pair
        return found, node, ()

    def _inside(self, node: Any, inner: Position) -> Position:
        """Return where a place inside a literal block scalar is in the file."""
        line = node.start_mark.line + inner.line
        lines = self.text.split("\n")
        if line >= len(lines):
            return Position(node.start_mark.line + 1, node.start_mark.column + 1)
        values = node.value.split("\n")
        shown = values[inner.line - 1] if inner.line <= len(values) else ""
        indent = lines[line].find(shown) if shown else 0
        return Position(line + 1, max(indent, 0) + inner.column)


def _positions(text: str) -> Positions | None:
    try:
        return Positions(text.encode())
    except Refused:
        return None


def _step(node: Any, step: int | str) -> tuple[Any, Any] | None:
    if isinstance(node, yaml.SequenceNode):
        if isinstance(step, int) and step < len(node.value):
            return node.value[step], node.value[step]
        return None
    if not isinstance(node, yaml.MappingNode):
        return None
    merged: list[Any] = []
    for key, value in node.value:
        if key.value == step:
            return key, value
        if key.value == "<<":
            merged += value.value if isinstance(value, yaml.SequenceNode) else [value]
    return next((pair for one in merged if (pair := _step(one, step)) is not None), None)
