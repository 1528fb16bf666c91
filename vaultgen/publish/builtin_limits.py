"""What kustomize's own secretGenerator cannot make, though a function can.

It writes names into YAML nodes without a tag, so that ``9`` or ``null`` is read back as no string. It fails then, and
shows the data: in a cluster these are the values. The rules are those of go-yaml's ``resolve``.
"""

import math
import re
from collections.abc import Iterator

from vaultgen.document.model import Entry

_WORDS = {
    **dict.fromkeys(("null", "Null", "NULL"), "null"),
    **dict.fromkeys(("true", "True", "TRUE", "false", "False", "FALSE"), "a boolean"),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), "a number"),
    **dict.fromkeys((sign + word for sign in ("", "-") for word in (".inf", ".Inf", ".INF")), "a number"),
}
_DATE = re.compile(r"[0-9]{4}-(0?[1-9]|1[0-2])-(0?[1-9]|[12][0-9]|3[01])")
_INTEGER = re.compile(r"-?(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|[0-9]+)")
_FLOAT = re.compile(r"-?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


def key_limit(key: str) -> str:
    """Return why a data key cannot be made; empty where it can."""
    kind = _kind(key)
    return f"YAML takes it for {kind}" if kind else ""


def metadata_limits(entry: Entry) -> Iterator[tuple[str, str]]:
    """Yield what of an entry's metadata cannot be made, and why."""
    for what, name in (("the name", entry.name), ("the namespace", entry.namespace)):
        # Merged, it comes out as 2001-01-01T00:00:00Z; other kinds are kept as they are.
        if _kind(name) == "a date":
            yield f'{what} "{name}"', "YAML takes it for a date"
    for what, pairs in (("the label", entry.options.labels), ("the annotation", entry.options.annotations)):
        for name, value in pairs.items():
            if limit := key_limit(name):
                yield f'{what} "{name[:64]}"', limit
            elif value.startswith("\t") and "\n" in value:
                yield f'{what} "{name[:64]}"', "its text begins with a tab and has several lines"


def _kind(text: str) -> str:
    """Return what YAML takes a text for, in words; empty where it is text."""
    if text in _WORDS:
        return _WORDS[text]
    if not text or text[0] not in "-.0123456789":
        return ""
    if _DATE.fullmatch(text):
        return "a date"
    digits = text.replace("_", "")
    if _INTEGER.fullmatch(digits) or (_FLOAT.fullmatch(digits) and math.isfinite(float(digits))):
        return "a number"
    return ""
