"""Whether a tree conforms to its schema: yes or no, and fast. ``explain`` says why not.

Knows the keywords of JSON Schema draft 2020-12 that ``schemas/`` uses, each with that draft's meaning, and no other.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Literal

    Definition = Mapping[str, Any]
    Rule = Callable[[Any, Any, Definition, Definition], bool]
    """(tree, the keyword's argument, the whole schema, the definition that the keyword stands in) → holds"""

ANNOTATIONS = frozenset({"$schema", "$id", "$defs", "title", "description", "default", "examples"})
"""Keywords for readers and editors, which ask nothing of a tree."""

TYPES: "dict[str, type]" = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def conforms(tree: object, schema: "Definition", definition: "Definition") -> bool:
    """Return whether a tree is what a definition of a schema asks for; for a whole document the two are the same.

    The tree is made of dict (with string keys), list, str, int, float, bool and None. Raises NotImplementedError for a
    keyword, and KeyError for a type, that this walker does not know: a mistake in the schema, never in the document.
    """
    for keyword, argument in definition.items():
        rule = RULES.get(keyword)
        if rule is None:
            if keyword in ANNOTATIONS:
                continue
            raise NotImplementedError(f"the schema uses the keyword {keyword}")
        if not rule(tree, argument, schema, definition):
            return False
    return True


def resolve(reference: str, schema: "Definition") -> "Definition":
    """Return the definition that a ``$ref`` of the form ``#/$defs/NAME`` points to."""
    definition: Definition = schema["$defs"][reference.removeprefix("#/$defs/")]
    return definition


def _ref(tree: "Any", reference: str, schema: "Definition", _: "Definition") -> bool:
    return conforms(tree, schema, resolve(reference, schema))


def _type(tree: "Any", wanted: "str | list[str]", _: "Definition", __: "Definition") -> bool:
    if isinstance(wanted, str):
        return isinstance(tree, TYPES[wanted])
    return any(isinstance(tree, TYPES[one]) for one in wanted)


def _const(tree: "Any", wanted: str, _: "Definition", __: "Definition") -> bool:
    return bool(tree == wanted)


def _enum(tree: "Any", wanted: "list[str | None]", _: "Definition", __: "Definition") -> bool:
    return tree in wanted


def _min_length(tree: "Any", least: int, _: "Definition", __: "Definition") -> bool:
    return not isinstance(tree, str) or len(tree) >= least


def _min_items(tree: "Any", least: int, _: "Definition", __: "Definition") -> bool:
    return not isinstance(tree, list) or len(tree) >= least


def _items(tree: "Any", item: "Definition", schema: "Definition", _: "Definition") -> bool:
    return not isinstance(tree, list) or all(conforms(one, schema, item) for one in tree)


def _required(tree: "Any", names: "list[str]", _: "Definition", __: "Definition") -> bool:
    return not isinstance(tree, dict) or all(name in tree for name in names)


def _min_properties(tree: "Any", least: int, _: "Definition", __: "Definition") -> bool:
    return not isinstance(tree, dict) or len(tree) >= least


def _max_properties(tree: "Any", most: int, _: "Definition", __: "Definition") -> bool:
    return not isinstance(tree, dict) or len(tree) <= most


def _property_names(tree: "Any", rule: "Definition", schema: "Definition", _: "Definition") -> bool:
    return not isinstance(tree, dict) or all(conforms(name, schema, rule) for name in tree)


def _properties(tree: "Any", known: "Mapping[str, Definition]", schema: "Definition", _: "Definition") -> bool:
    if not isinstance(tree, dict):
        return True
    return all(conforms(value, schema, known[name]) for name, value in tree.items() if name in known)


def _additional(
    tree: "Any", rule: "Definition | Literal[False]", schema: "Definition", definition: "Definition"
) -> bool:
    if not isinstance(tree, dict):
        return True
    known = definition.get("properties", {})
    if rule is False:
        return all(name in known for name in tree)
    return all(conforms(value, schema, rule) for name, value in tree.items() if name not in known)


def _dependent(tree: "Any", rules: "Mapping[str, Definition]", schema: "Definition", _: "Definition") -> bool:
    return not isinstance(tree, dict) or all(conforms(tree, schema, rules[name]) for name in rules if name in tree)


RULES: "dict[str, Rule]" = {
    "$ref": _ref,
    "type": _type,
    "const": _const,
    "enum": _enum,
    "minLength": _min_length,
    "minItems": _min_items,
    "items": _items,
    "required": _required,
    "minProperties": _min_properties,
    "maxProperties": _max_properties,
    "propertyNames": _property_names,
    "properties": _properties,
    "additionalProperties": _additional,
    "dependentSchemas": _dependent,
}
"""Keywords that ask something of a tree; one that names another type holds, as in JSON Schema."""
