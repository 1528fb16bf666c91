"""Why a tree does not conform to its schema, in our own words. Imported only when ``check`` said no.

jsonschema walks the same schema. Only the path and the keyword of its errors are used: its messages quote the data.
"""

import re
from typing import NamedTuple

from jsonschema import Draft202012Validator

from vaultgen.document.spelling import guess
from vaultgen.errors import Fault, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from jsonschema import ValidationError

    Path = tuple[str | int, ...]

NAME_LIMIT = 60
"""Characters of a name from the document that a fault shows."""

HIDDEN = "(not shown: it looks like a value)"
"""Stands for an unknown field that may be a secret in the wrong place, as in ``password: {hunter2}``."""

_TYPES = {"object": "a map", "array": "a list", "string": "a string", "boolean": "true or false"}
_CREDENTIALS = ("token", "secretId", "password")
_FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_KEY = re.compile(r"[-._/A-Za-z0-9]+")
_COUNTS = ("minProperties", "maxProperties", "propertyNames")


class _Found(NamedTuple):
    """A fault to be, with what is needed to keep one a place and to put them in order."""

    path: "Path"
    keyword: str
    code: str
    facts: "dict[str, str]"
    meant: str = ""


def explain(tree: object, schema: "Mapping[str, Any]") -> list[Fault]:
    """Return all that is wrong in a tree, in the document's order, one fault a place.

    Codes: unknown-field, missing-required-field, wrong-type, wrong-value. The places carry field, entry and data
    key; file and document are the caller's to add. No value of the tree is shown. Empty if the tree conforms.
    """
    found: dict[Path, _Found] = {}
    for error in Draft202012Validator(schema).iter_errors(tree):
        for one in _translate(error):
            if one.path not in found or one.code == "wrong-type":
                found[one.path] = one
    unknown = [one for one in found.values() if one.code == "unknown-field"]
    # These go away once the unknown field is corrected.
    uncounted = {one.path[:-1] for one in unknown}
    meant = {(*one.path[:-1], one.meant) for one in unknown}
    kept = [
        one
        for one in found.values()
        if not (one.keyword in _COUNTS and one.path in uncounted)
        and not (one.keyword == "required" and one.path in meant)
    ]
    kept.sort(key=lambda one: _position(one.path, tree))
    return [Fault(one.code, _place(one, tree), one.facts) for one in kept]


def _translate(error: "ValidationError") -> "Iterator[_Found]":
    path: Path = tuple(error.absolute_path)
    keyword = str(error.validator)
    argument: Any = error.validator_value
    tree: Any = error.instance
    definition: Any = error.schema
    rules = tuple(error.absolute_schema_path)
    if "propertyNames" in rules:
        # …, dependentSchemas, ONE, propertyNames, enum: the field ONE shuts out the field that the error is about.
        yield _Found(path, "propertyNames", "wrong-value", {"expected": f"only one of {rules[-3]}, {tree}"})
    elif keyword == "additionalProperties":
        known = tuple(definition["properties"])
        yield from (_unknown(path, name, value, known) for name, value in tree.items() if name not in known)
    elif keyword == "required":
        for name in argument:
            if name not in tree:
                yield _Found((*path, name), keyword, "missing-required-field", {"field": name})
    elif keyword == "type":
        yield _Found(path, keyword, "wrong-type", _type_facts(argument, tree, path))
    elif keyword in _COUNTS and "properties" not in definition:
        # …, dependentSchemas, ONE, minProperties: the field ONE needs another beside it.
        yield _Found(path, keyword, "wrong-value", {"expected": f"more than {rules[-2]} alone"})
    else:
        yield _Found(path, keyword, "wrong-value", {"expected": _expected(keyword, argument, definition)})


def _unknown(path: "Path", name: str, value: object, known: "tuple[str, ...]") -> _Found:
    guessed = guess(name, known)
    # A name without a value, as in `password: {hunter2}`, may be the value.
    shown = _FIELD_NAME.fullmatch(name) and (value is not None or guessed.recognised)
    facts = {"field": _cut(name) if shown else HIDDEN, "suggestion": guessed.advice}
    return _Found((*path, name), "additionalProperties", "unknown-field", facts, guessed.meant)


def _expected(keyword: str, argument: "Any", definition: "Mapping[str, Any]") -> str:
    """Return what a keyword asks for, to follow "this must be"."""
    if keyword == "const":
        return str(argument)
    if keyword == "enum":
        return "one of " + ", ".join(one for one in argument if one is not None)
    if keyword in ("minProperties", "maxProperties"):
        # A flag such as `wrapped` is not one of the alternatives.
        names = [name for name, one in definition["properties"].items() if one.get("type") != "boolean"]
        return "a map with exactly one of " + ", ".join(names)
    return {"minLength": "a string that is not empty", "minItems": "a list that is not empty"}[keyword]


def _type_facts(wanted: "str | list[str]", tree: object, path: "Path") -> "dict[str, str]":
    types = [wanted] if isinstance(wanted, str) else [one for one in wanted if one != "null"]
    found = _yaml_type(tree)
    return {
        "expected": " or ".join(_TYPES[one] for one in types),
        "found": found,
        "suggestion": _type_advice(types, tree, found, path),
    }


def _yaml_type(tree: object) -> str:
    if tree is None:
        return "nothing (null)"
    for type_, name in ((bool, "true or false"), (str, "a string"), (list, "a list"), (dict, "a map")):
        if isinstance(tree, type_):
            return name
    return "a number"


def _type_advice(types: "Sequence[str]", tree: object, found: str, path: "Path") -> str:
    if tree is None:
        return "write a value, or remove the field"
    if "string" in types and not isinstance(tree, dict | list):
        return f"put it in quotes, or YAML reads it as {found}"
    if "literals" in path[-2:]:
        return "write `literals` as a list of strings: - KEY=VALUE"
    if path[-2:-1] == ("files",) and isinstance(tree, dict):
        return "write `files` as a map, KEY: SOURCE without dashes, or as a list of strings"
    if types == ["array"]:
        return "write it as a list, each item on a line with `- ` in front"
    if types == ["boolean"]:
        return "write true or false, without quotes"
    if types == ["object"] and path and path[-1] in _CREDENTIALS:
        return "say where it is, {env: NAME}, {file: PATH} or {secretRef: {…}}; it is not written in the document"
    return "see docs/reference.md"


def _place(one: _Found, tree: object) -> Place:
    path = one.path[:-1] if one.facts.get("field") == HIDDEN else one.path
    entry = key = ""
    if "secretGenerator" in path[:-1]:
        entry = _entry_name(tree, path[: path.index("secretGenerator") + 2])
    last = path[-1] if path[-2:-1] == ("files",) else 0
    if isinstance(last, str):
        path, key = path[:-1], _map_key(last)
    return Place(field=_field_path(path), entry=entry, key=key)


def _entry_name(tree: "Any", path: "Path") -> str:
    for step in path:
        tree = tree[step]
    name = tree.get("name") if isinstance(tree, dict) else None
    return _cut(name) if isinstance(name, str) else ""


def _field_path(path: "Path") -> str:
    text = ""
    for step in path:
        if isinstance(step, str) and _FIELD_NAME.fullmatch(step):
            text += f".{_cut(step)}" if text else _cut(step)
        else:
            text += f"[{step}]" if isinstance(step, int) else f'["{_map_key(step)}"]'
    return text


def _map_key(key: str) -> str:
    """Return a key of a map of the user's own, unless it is more than a key, as in ``files: {KEY=VALUE: }``."""
    return _cut(key) if _KEY.fullmatch(key) else "…"


def _cut(name: str) -> str:
    return name if len(name) <= NAME_LIMIT else name[:NAME_LIMIT] + "…"


def _position(path: "Path", tree: "Any") -> list[int]:
    """Return where a path stands in a tree, to sort by; what is missing comes first in its map."""
    position = []
    for step in path:
        if isinstance(tree, dict):
            position.append(list(tree).index(step) if step in tree else -1)
            tree = tree.get(step)
        else:
            position.append(int(step))
            tree = tree[step]
    return position
