"""The YAML blocks of a Markdown page.

A block is one or more whole documents, unless its first line is ``# fragment`` or ``# fragment: NAME``; NAME is a
definition of the document's schema (``entry``, ``options``, ``vault``, ``auth``), of which the block is one.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_BLOCK = re.compile(r"^```ya?ml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FRAGMENT = re.compile(r"# fragment(?:: (\w+))?\n")


class YamlBlock(NamedTuple):
    """One block of a page."""

    line: int
    """1-based line of the page that the block's text starts at."""
    text: str
    is_fragment: bool
    definition: str
    """The definition that a fragment is an instance of; empty where it says none."""


def yaml_blocks(page: Path) -> Iterator[YamlBlock]:
    """Yield the YAML blocks of a page, in order."""
    content = page.read_text(encoding="utf-8")
    for found in _BLOCK.finditer(content):
        fragment = _FRAGMENT.match(found.group(1))
        line = content.count("\n", 0, found.start(1)) + 1
        yield YamlBlock(line, found.group(1), fragment is not None, fragment.group(1) or "" if fragment else "")
