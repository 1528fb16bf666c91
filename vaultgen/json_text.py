"""JSON in and out without loss: a number keeps the digits it was written with."""

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn


class JsonNumber(str):
    """A JSON number as its own text; Vault's 1.10 must not become 1.1."""

    __slots__ = ()


def _no_constant(name: str) -> "NoReturn":
    raise ValueError(f"{name} is no JSON")


_decode = json.JSONDecoder(parse_float=JsonNumber, parse_int=JsonNumber, parse_constant=_no_constant).decode
_quote = json.JSONEncoder(ensure_ascii=False).encode


def parse_json(text: str) -> "Any":
    """Return the value of a JSON text, numbers as ``JsonNumber``.

    Raises ValueError (or RecursionError for absurd nesting); the error quotes the text, so never show it.
    """
    return _decode(text)


def json_text(value: "Any") -> str:
    """Return a value as compact JSON, in the order it has, numbers as they were written."""
    if isinstance(value, JsonNumber):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{_quote(key)}:{json_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(json_text, value)) + "]"
    return _quote(value)
