"""Go templates that do no more than put values into text: ``postgres://app:{{ .password }}@db``."""

import re
from collections.abc import Callable
from dataclasses import replace

from vaultgen.importing.source import NotCarried, Source

_ACTION = re.compile(r"\{\{(?:-(?=\s))?(.*?)(?:(?<=\s)-)?\}\}", re.DOTALL)
_SPACE = " \t\r\n"
"""What Go's trim markers take away."""

_WITHOUT_EFFECT = frozenset({"toString"})


def split_template(text: str, value: Callable[[str], Source]) -> list[str | Source]:
    """Return the parts of a template, in order; ``value`` says which value an expression like ``.password`` names.

    Raises NotCarried for anything but such values, whole, ``| b64dec`` or ``| urlquery``, and what ``value`` does.
    """
    parts: list[str | Source] = []
    position, trims = 0, False
    for action in _ACTION.finditer(text):
        before = text[position : action.start()]
        before = before.lstrip(_SPACE) if trims else before
        if action[0].startswith("{{-") and action[0][3:4].isspace():
            before = before.rstrip(_SPACE)
        _add(parts, before)
        parts.append(_value(action[1].strip(), value))
        position, trims = action.end(), action[0].endswith("-}}") and action[0][-4:-3].isspace()
    rest = text[position:]
    _add(parts, rest.lstrip(_SPACE) if trims else rest)
    return parts


def _add(parts: list[str | Source], text: str) -> None:
    if "{{" in text:
        raise NotCarried("a template that is not closed")
    if text:
        parts.append(text)


def _value(body: str, value: Callable[[str], Source]) -> Source:
    expression, *functions = (part.strip() for part in body.split("|"))
    source = value(" ".join(expression.split()))
    for function in functions:
        if function == "b64dec" and not (source.decode or source.encode) and source.field:
            source = replace(source, decode=True)
        elif function == "urlquery" and not source.encode and source.field:
            source = replace(source, encode=True)
        elif function not in _WITHOUT_EFFECT:
            raise NotCarried(f"the template function {function.partition(' ')[0] or '(none)'}")
    return source


def field_named(expression: str, values: str) -> str:
    """Return the name that an expression takes from a map of values; ``values`` is how templates call it: ``.Secrets``.

    ``.Secrets.name``, ``index .Secrets "name"`` and ``get .Secrets "name"``. Raises NotCarried for anything else.
    """
    prefix = values.rstrip(".") + "."
    if expression.startswith(prefix) and expression.removeprefix(prefix).isidentifier():
        return expression.removeprefix(prefix)
    called = re.fullmatch(r"\(?(?:index|get) (\S+) (?:\"([^\"\\]*)\"|`([^`]*)`)\)?", expression)
    if called and called[1] == values and (name := called[2] or called[3]):
        return name
    first = expression.partition(" ")[0]
    if re.fullmatch(r"[a-zA-Z]\w*", first):
        raise NotCarried(f"the template function {first}")
    raise NotCarried("a template that does more than put values into text")
