"""The texts in a tree: scalars of YAML, lines of dotenv files, and which of them could be a reference."""

import re
from collections.abc import Iterator
from typing import Any

from vaultgen.document.sources import parse_dotenv
from vaultgen.errors import Fault
from vaultgen.kustomize.walk import Path
from vaultgen.reference import OPENING


def strings(node: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield every text value below a node with its path; what aliases repeat is given once."""
    seen: set[int] = set()
    todo: list[tuple[Path, Any]] = [(path, node)]
    while todo:
        at, value = todo.pop()
        if isinstance(value, str):
            yield at, value
        elif isinstance(value, dict | list) and id(value) not in seen:
            seen.add(id(value))
            pairs = value.items() if isinstance(value, dict) else enumerate(value)
            todo += reversed([((*at, step), item) for step, item in pairs])


def dotenv_lines(content: bytes) -> Iterator[tuple[int, str, str]]:
    """Yield line number (from 1), key and value of each sound line of a dotenv file."""
    for number, line in enumerate(content.split(b"\n"), 1):
        for parsed in parse_dotenv(line if number > 1 else line.removeprefix(b"\xef\xbb\xbf")):
            if not isinstance(parsed, Fault):
                yield number, *parsed


def without_references(text: str) -> str:
    """Return a text of our own document with a space for each ``${vault:…}`` in it, escaped or not."""
    return re.sub(r"\$?" + re.escape(OPENING) + r"[^}]*\}?", " ", text)
