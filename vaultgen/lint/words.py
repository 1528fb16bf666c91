"""Names from a tree, fit to be shown."""

from vaultgen.document.api_rules import is_data_key
from vaultgen.lint.suspicion import suspicion

LIMIT = 80
UNSHOWN = "(not shown)"


def shown_key(key: str) -> str:
    """Return a data key, unless it may be a value that was written in its place."""
    return key if is_data_key(key) and len(key) <= LIMIT and not suspicion(key) else UNSHOWN


def shown_name(name: str) -> str:
    """Return a resource's name, cut to what a message can hold."""
    return name if len(name) <= LIMIT else name[:LIMIT] + "…"


def nearest(word: str, known: "list[str]", least: float = 0.7) -> str:
    """Return the known word that is most like another; empty where none is like it."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, known, 1, least)), "")
