"""The walker says what jsonschema says, on generated documents with seeded mistakes."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from vaultgen.document.check import conforms, resolve
from vaultgen.document.explain import explain
from vaultgen.document.schema import FLUX_KUSTOMIZATION, VAULT_SECRET_GENERATOR, load
from vaultgen.errors.report import report

CASES = 10_000
CANARY = "hunter2"
WORDS = (f"vault:secret/{CANARY}?key=a", f"A={CANARY}", CANARY)
KEYS = ("a", "tls.key", "app.kubernetes.io/name")
SCRAPS: tuple[Any, ...] = (None, True, False, 0, 1, 1.5, "", CANARY, [], {}, [CANARY], {"a": CANARY}, {"env": "A"})

Tree = Any
Definition = dict[str, Any]


@pytest.mark.parametrize("name", [VAULT_SECRET_GENERATOR, FLUX_KUSTOMIZATION])
def test_walker_and_jsonschema_agree(name: str) -> None:
    schema = load(name)
    validator = Draft202012Validator(schema)
    names = sorted(_field_names(schema))
    chance = random.Random(name)  # noqa: S311
    accepted = 0
    for number in range(CASES // 2):
        tree = _grown(schema, schema, chance)
        for _ in range(chance.choice((0, 1, 1, 2))):
            _mutate(tree, names, chance)
        answer = conforms(tree, schema, schema)
        assert answer == validator.is_valid(tree), f"they differ on document {number}: {tree}"
        accepted += answer
    assert CASES / 10 < accepted < CASES / 2 - CASES / 10, "the mutations are too wild or too tame to tell anything"


@pytest.mark.parametrize("name", [VAULT_SECRET_GENERATOR, FLUX_KUSTOMIZATION])
def test_what_the_walker_refuses_is_explained_without_a_value(name: str) -> None:
    schema = load(name)
    names = sorted(_field_names(schema))
    chance = random.Random(f"explain {name}")  # noqa: S311
    for _ in range(CASES // 20):
        tree = _grown(schema, schema, chance)
        _mutate(tree, names, chance)
        _name_entries(tree)
        faults = explain(tree, schema)
        assert bool(faults) != conforms(tree, schema, schema)
        assert CANARY not in report(faults)


def _grown(definition: Definition, schema: Definition, chance: random.Random) -> Tree:
    """Return a random tree that a definition asks for, but for the rules on fields that shut each other out."""
    if "$ref" in definition:
        definition = {**resolve(definition["$ref"], schema), **definition}
    for keyword in ("enum", "const"):
        if keyword in definition:
            return chance.choice(definition["enum"]) if keyword == "enum" else definition["const"]
    types = definition.get("type", "object")
    kind = types if isinstance(types, str) else chance.choice(types)
    if kind == "array":
        return [_grown(definition["items"], schema, chance) for _ in range(chance.choice((1, 1, 2)))]
    if kind == "object":
        return _grown_map(definition, schema, chance)
    return {"string": chance.choice(WORDS), "boolean": chance.random() < 0.5, "null": None}[kind]


def _grown_map(definition: Definition, schema: Definition, chance: random.Random) -> dict[str, Tree]:
    fields = definition.get("properties", {})
    if definition.get("maxProperties") == 1:
        chosen = [chance.choice(list(fields))]
    else:
        required = definition.get("required", ())
        chosen = [name for name in fields if name in required or chance.random() < 0.3]
        chosen = chosen or [next(iter(fields))] if "minProperties" in definition else chosen
        chance.shuffle(chosen)
    tree = {name: _grown(fields[name], schema, chance) for name in chosen}
    if isinstance(value := definition.get("additionalProperties", {}), dict):
        for key in chance.sample(KEYS, chance.choice((0, 1, 2))):
            tree[key] = _grown(value or {"type": "string"}, schema, chance)
    return tree


def _mutate(tree: Tree, names: list[str], chance: random.Random) -> None:
    """Change one place of a tree: another value, a field less, a field more, a field by another name."""
    slots = list(_slots(tree))
    parent, key = chance.choice(slots)
    change = chance.randrange(5)
    if change == 0:
        parent[key] = chance.choice(SCRAPS)
    elif change == 1:
        other, other_key = chance.choice(slots)
        # Flat, so that no tree comes to hold itself.
        parent[key] = value if not isinstance(value := other[other_key], dict | list) else type(value)()
    elif change == 2:
        del parent[key]
    elif isinstance(parent, dict):
        value = parent.pop(key) if change == 3 else chance.choice(SCRAPS)
        parent[chance.choice([*names, "nonsense", f"{CANARY}=x"])] = value
    else:
        parent.append(chance.choice(SCRAPS))


def _name_entries(tree: Tree) -> None:
    """Give entries names that may be shown, as the names of Secrets are."""
    for parent, key in _slots(tree):
        if key == "name" and isinstance(parent[key], str):
            parent[key] = "shown"


def _slots(tree: Tree) -> Iterator[tuple[Tree, Any]]:
    for key, value in list(tree.items()) if isinstance(tree, dict) else list(enumerate(tree)):
        yield tree, key
        if isinstance(value, dict | list):
            yield from _slots(value)


def _field_names(definition: Tree) -> set[str]:
    if isinstance(definition, list):
        return set().union(*map(_field_names, definition))
    if not isinstance(definition, dict):
        return set()
    return set(definition.get("properties", ())).union(*map(_field_names, definition.values()))
