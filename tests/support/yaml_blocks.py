"""The YAML blocks of a Markdown page, and what each is.

A block is one or more whole documents, unless its first line is ``# fragment: NAME``; NAME is a definition of the
document's schema (``entry``, ``options``, ``vault``, ``auth``), of which the block is one. A first line ``# FILE``
names the file that the block is.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from support.markdown import blocks
from vaultgen.krm.tree import parse_yaml

_FIRST_LINE = re.compile(r"# (fragment: )?(\S+)\n")
_ENTRY = {"name": "a"}


class YamlBlock(NamedTuple):
    """One block of a page."""

    key: str
    """Page and heading, as ``support.markdown`` has it."""
    line: int
    """1-based line of the page that the block's text starts at."""
    text: str
    definition: str
    """The definition that a fragment is an instance of; empty for whole documents."""
    file: str
    """Name of the file that the block is; empty where it says none."""

    def trees(self) -> list[Any]:
        """Return the YAML documents, each as JSON types; a fragment's is a whole generator document around it."""
        trees: list[Any] = parse_yaml(self.text.encode())
        return [_around(trees[0], self.definition)] if self.definition else trees


def yaml_blocks(page: Path) -> Iterator[YamlBlock]:
    """Yield the YAML blocks of a page, in order."""
    for found in blocks(page, "yaml", "yml"):
        first = _FIRST_LINE.match(found.text)
        fragment, name = (bool(first[1]), first[2]) if first else (False, "")
        yield YamlBlock(found.key, found.line, found.text, name if fragment else "", "" if fragment else name)


def _around(tree: Any, definition: str) -> dict[str, Any]:
    fields = {
        "entry": {"secretGenerator": [tree]},
        "options": {"generatorOptions": tree},
        "vault": {"vault": tree},
        "auth": {"vault": {"auth": tree}},
    }[definition]
    return {
        "apiVersion": "vaultgen.dev/v1alpha1",
        "kind": "VaultSecretGenerator",
        "secretGenerator": [_ENTRY],
        **fields,
    }
