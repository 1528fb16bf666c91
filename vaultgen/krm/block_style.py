"""The plain block style in which kustomize writes to a function, read without PyYAML.

Importing PyYAML takes longer than all else in a run of one reference: its pure Python half compiles patterns that the C
parser does not need. What is read here means the same to ``tree.parse_one``, which a test holds; what is not in this
style (flow collections, comments, escapes, anchors, tags, other scripts, faults) is left to that.
"""

from vaultgen.krm.scalar import resolve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_KEY_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-")
_INDICATORS = frozenset("-?:,[]{}#&*!|>'\"%@`")
_KEY_LIMIT = 253
_DEPTH_LIMIT = 50


def parse_block_style(text: bytes) -> "dict[str, Any] | None":
    """Return the mapping that a YAML text is, or None where it is, or may be, in another style."""
    if not text.endswith(b"\n") or not text.isascii():
        return None
    lines = text.decode().split("\n")[:-1]
    rows = [(len(line) - len(content := line.lstrip(" ")), content) for line in lines]
    if not all(content.isprintable() and content[-1:] not in (" ", "") for _, content in rows):
        return None
    if rows[0][0]:
        return None
    reader = _Reader(rows)
    try:
        tree = reader.mapping(0, rows[0][1], _DEPTH_LIMIT)
    except _OtherStyle:
        return None
    return tree if reader.is_done else None


class _OtherStyle(Exception):
    """Something that only the whole of YAML has."""


class _Reader:
    """Goes through lines, each with its indentation and its content."""

    def __init__(self, rows: "list[tuple[int, str]]") -> None:
        self._rows = rows
        self._at = 0
        rows.append((-1, ""))

    @property
    def is_done(self) -> bool:
        return self._at == len(self._rows) - 1

    def mapping(self, indent: int, content: str, depth: int) -> "dict[str, Any]":
        """Read a mapping; ``content`` is what its first line holds behind ``indent``."""
        made: dict[str, Any] = {}
        here = indent
        while here == indent:
            key, colon, rest = content.partition(":")
            if not colon or key in made or key[:1] in ("", "-") or len(key) > _KEY_LIMIT:
                raise _OtherStyle  # a fault among them
            if not _KEY_CHARACTERS.issuperset(key):
                raise _OtherStyle
            self._at += 1
            made[key] = self._value(rest, indent, depth)
            here, content = self._rows[self._at]
        if here > indent:
            raise _OtherStyle
        return made

    def _sequence(self, indent: int, depth: int) -> "list[Any]":
        made: list[Any] = []
        while True:
            here, content = self._rows[self._at]
            if here != indent or not content.startswith("- "):
                return made
            item = content[2:]
            if (": " in item or item[-1] == ":") and item[0] not in _INDICATORS:
                made.append(self.mapping(indent + 2, item, depth - 1))
            else:
                self._at += 1
                made.append(self._scalar(item, indent))

    def _value(self, rest: str, indent: int, depth: int) -> "Any":
        """Read what stands behind a key's colon, or below it."""
        if rest:
            if rest[0] != " ":
                raise _OtherStyle
            return self._scalar(rest[1:], indent)
        here, content = self._rows[self._at]
        if depth <= 0 or here < indent:
            raise _OtherStyle
        if content.startswith("- "):
            return self._sequence(here, depth - 1)
        if here == indent:
            raise _OtherStyle
        return self.mapping(here, content, depth - 1)

    def _scalar(self, text: str, indent: int) -> "Any":
        first = text[0]
        if first not in _INDICATORS:
            if first == " " or ": " in text or " #" in text or text[-1] == ":":
                raise _OtherStyle
            return resolve(text)
        inside = text[1:-1]
        if first == "'" and text[-1] == "'" and len(text) > 1 and "'" not in inside.replace("''", ""):
            return inside.replace("''", "'")
        if first == text[-1] == '"' and len(text) > 1 and '"' not in inside and "\\" not in inside:
            return inside
        if text in ("|", "|-"):
            return self._literal(indent) + ("\n" if text == "|" else "")
        if text in ("{}", "[]"):
            return {} if text == "{}" else []
        raise _OtherStyle

    def _literal(self, indent: int) -> str:
        column, content = self._rows[self._at]
        if column <= indent:
            raise _OtherStyle
        lines = []
        here = column
        while here >= column:
            lines.append(" " * (here - column) + content)
            self._at += 1
            here, content = self._rows[self._at]
        return "\n".join(lines)
