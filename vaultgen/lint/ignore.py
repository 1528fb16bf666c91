"""Comments in a tree that hide findings: ``# vaultgen-ignore: RULE[, RULE] [reason]``."""

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Comment:
    """One such comment."""

    line: int
    """1-based."""
    column: int
    """1-based; of the ``#``."""
    target: int
    """The line that it speaks of: its own, or the next below it that is no comment."""
    rules: tuple[str, ...]
    reason: str


def comments(text: str, *, is_yaml: bool) -> Iterator[Comment]:
    """Yield the comments of a text. Only in YAML one may stand behind something: elsewhere that is part of a value."""
    if "vaultgen-ignore" not in text:
        return
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        found = re.search(r"(?:^|(?<=\s))#\s*vaultgen-ignore\b:?(.*)", line)
        if found is None or (line[: found.start()].strip() and not is_yaml):
            continue
        target = number
        if not line[: found.start()].strip():
            below = (at for at, other in enumerate(lines[number:], number + 1) if not re.match(r"\s*(#|$)", other))
            target = next(below, number)
        said = re.match(r"\s*([\w-]+(?:\s*,\s*[\w-]+)*)?\s*(.*)", found[1])
        names, reason = (said[1] or "", said[2]) if said else ("", "")
        rules = tuple(name.strip() for name in names.split(",") if name.strip())
        yield Comment(number, found.start() + 1, target, rules, reason.strip())
