"""What a plain (unquoted) YAML scalar means, by YAML 1.2's core schema."""

import math
import re

_WORDS = {word: None for word in ("", "~", "null", "Null", "NULL")} | {
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_NUMBER_START = frozenset("-+.0123456789")
# Compiled at their first use: few documents hold a plain scalar that might be a number.
_INTEGER = r"[-+]?[0-9]+"
_OCTAL_OR_HEX = r"0o[0-7]+|0x[0-9a-fA-F]+"
_FLOAT = r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"


def resolve(text: str) -> "str | int | float | bool | None":
    """Return what a plain scalar means: null, boolean, number, or the text itself."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMBER_START:
        return text
    if re.fullmatch(_INTEGER, text):
        return int(text) if len(text) < 400 else text
    if re.fullmatch(_OCTAL_OR_HEX, text):
        return int(text, 0)
    if re.fullmatch(_FLOAT, text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text
