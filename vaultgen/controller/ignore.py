"""Which files of a tree a ``.gitignore`` leaves out, in time that grows no faster than text and tree together.

The rules are those of gitignore(5). A pattern becomes no expression that could try again and again: those hold all
threads of a process up, and a tenant writes them.
"""

import posixpath
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_ANY_DIRECTORIES = "**"
_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": " \t",
    "cntrl": "\\x00-\\x1f\\x7f",
    "digit": "0-9",
    "graph": "\\x21-\\x7e",
    "lower": "a-z",
    "print": "\\x20-\\x7e",
    "punct": "!-/:-@\\[-`{-~",
    "space": " \t\n\r\f\v",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}


class TooSlow(Exception):
    """The patterns are too many for the tree, or the tree is too large for them."""


@dataclass(frozen=True)
class _Pattern:
    parts: Sequence["re.Pattern[str] | None"]
    """One a name of the path; None for any number of directories."""
    is_anchored: bool
    """Whether the path is looked at from its begin, or its last name alone."""
    directories_only: bool
    leaves_out: bool

    def matches(self, names: Sequence[str], is_directory: bool) -> bool:
        if self.directories_only and not is_directory:
            return False
        if not self.is_anchored:
            (part,) = self.parts
            return part is not None and part.fullmatch(names[-1]) is not None
        return _match_all(self.parts, names)


class Ignored:
    """The patterns of one text."""

    def __init__(self, text: str) -> None:
        """Raises ValueError for a pattern that is none."""
        self._patterns = [pattern for line in text.splitlines() if (pattern := _pattern(line))]
        # The last that matches decides.
        self._patterns.reverse()

    def kept(self, paths: Iterable[str], seconds: float) -> Iterator[str]:
        """Yield the paths that are not left out. Raises ``TooSlow`` after some seconds."""
        deadline = time.monotonic() + seconds
        known = {"": False}
        for path in paths:
            directory = posixpath.dirname(path)
            unknown = []
            while directory not in known:
                unknown.append(directory)
                directory = posixpath.dirname(directory)
            for below in reversed(unknown):
                # What lies in a directory that is left out cannot be taken in again.
                known[below] = known[posixpath.dirname(below)] or self._leaves_out(below, is_directory=True)
            if not known[posixpath.dirname(path)] and not self._leaves_out(path, is_directory=False):
                yield path
            if time.monotonic() > deadline:
                raise TooSlow

    def _leaves_out(self, path: str, *, is_directory: bool) -> bool:
        names = path.split("/")
        for pattern in self._patterns:
            if pattern.matches(names, is_directory):
                return pattern.leaves_out
        return False


def _pattern(line: str) -> _Pattern | None:
    text = _without_trailing_spaces(line)
    if text in ("", "/") or text.startswith("#"):
        return None
    leaves_out = not text.startswith("!")
    text = text if leaves_out else text[1:]
    directories_only = text.endswith("/")
    text = text.removesuffix("/")
    is_anchored = "/" in text
    names = text.removeprefix("/").split("/")
    if not any(names):
        raise ValueError
    parts: list[re.Pattern[str] | None] = []
    for index, name in enumerate(names):
        is_last = index == len(names) - 1
        if name != _ANY_DIRECTORIES or not is_anchored:
            parts.append(_expression(name))
        else:
            if not parts or parts[-1] is not None:
                parts.append(None)
            if is_last:
                # Everything inside, but not the directory itself.
                parts.append(_expression("*"))
    return _Pattern(parts, is_anchored, directories_only, leaves_out)


def _without_trailing_spaces(line: str) -> str:
    text = line.rstrip(" ")
    backslashes = len(text) - len(text.rstrip("\\"))
    return text + " " if backslashes % 2 and len(line) > len(text) else text


def _match_all(parts: Sequence["re.Pattern[str] | None"], names: Sequence[str]) -> bool:
    """Match name by name. Where that fails behind a None, it takes one name more: no earlier one has to."""
    part = name = 0
    restart: tuple[int, int] | None = None
    while name < len(names):
        expression = parts[part] if part < len(parts) else _NOTHING
        if expression is None:
            part += 1
            restart = (part, name)
        elif expression.fullmatch(names[name]):
            part, name = part + 1, name + 1
        elif restart:
            part, name = restart[0], restart[1] + 1
            restart = (part, name)
        else:
            return False
    return part == len(parts)


def _expression(glob: str) -> "re.Pattern[str]":
    """Return what one name has to be. Between two stars the first place that fits is as good as any later one."""
    pieces = [""]
    position = 0
    while position < len(glob):
        character = glob[position]
        position += 1
        if character == "*":
            pieces.append("")
            continue
        if character == "?":
            piece = "."
        elif character == "\\":
            if position == len(glob):
                raise ValueError
            piece = re.escape(glob[position])
            position += 1
        elif character == "[":
            piece, position = _set(glob, position)
        else:
            piece = re.escape(character)
        pieces[-1] += piece
    first, *others = pieces
    between = "".join(f"(?>.*?{piece})" for piece in others[:-1] if piece)
    return re.compile(first + between + (f".*{others[-1]}" if others else ""), re.DOTALL)


def _set(glob: str, start: int) -> tuple[str, int]:
    """Return ``[...]`` as an expression, and the index behind it."""
    position = start
    is_negated = glob[position : position + 1] in ("!", "^")
    position += is_negated
    found = ""
    is_first = True
    while True:
        character = glob[position : position + 1]
        if not character:
            raise ValueError
        if character == "]" and not is_first:
            break
        is_first = False
        if character == "[" and glob[position + 1 : position + 2] == ":":
            name, colon, _ = glob[position + 2 :].partition(":]")
            if not colon or name not in _CLASSES:
                raise ValueError
            found += _CLASSES[name]
            position += len(name) + 4
            continue
        low, position = _member(glob, position)
        high = low
        if glob[position : position + 1] == "-" and glob[position + 1 : position + 2] not in ("", "]"):
            high, position = _member(glob, position + 1)
        if low <= high:
            found += f"{re.escape(low)}-{re.escape(high)}"
    if not found:
        return ("." if is_negated else "(?!)"), position + 1
    return f"[{'^' if is_negated else ''}{found}]", position + 1


def _member(glob: str, position: int) -> tuple[str, int]:
    if glob[position] == "\\" and position + 1 < len(glob):
        position += 1
    return glob[position], position + 1


_NOTHING = re.compile("(?!)")
