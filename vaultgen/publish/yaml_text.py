"""Values as YAML that says the same to every parser."""

import json
from typing import Any


def quoted(text: str) -> str:
    """Return a text as a scalar in double quotes, whatever is in it."""
    return '"' + "".join(one if _is_plain(one) else f"\\U{ord(one):08x}" for one in text) + '"'


def flow(tree: Any) -> str:
    """Return a tree of JSON types on one line."""
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{quoted(name)}: {flow(value)}" for name, value in tree.items()) + "}"
    if isinstance(tree, list):
        return "[" + ", ".join(map(flow, tree)) + "]"
    return quoted(tree) if isinstance(tree, str) else json.dumps(tree)


def _is_plain(character: str) -> bool:
    return character.isprintable() and character not in '"\\'
