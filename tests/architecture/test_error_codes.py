"""No code of the catalogue is without a test that fires it, and each is raised with what its sentences name."""

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import vaultgen
from vaultgen.errors.catalogue import CATALOGUE

TESTS = Path(__file__).parents[1]
CODE = r"^error\[([a-z0-9-]+)\]"
PACKAGE = Path(vaultgen.__file__).parent


class Raised(NamedTuple):
    """A place in the package where a fault is made."""

    where: str
    code: str
    facts: frozenset[str] | None
    """None where they are not written out."""


def fired() -> set[str]:
    """Return the codes whose report is compared with: in a case, or in a test's own text."""
    in_cases = (re.findall(CODE, file.read_text(), re.MULTILINE) for file in TESTS.glob("e2e/cases/*/refusal.txt"))
    in_tests = (re.findall(CODE[1:], file.read_text()) for file in TESTS.glob("*/**/test_*.py"))
    return {code for codes in (*in_cases, *in_tests) for code in codes}


@pytest.mark.parametrize("code", CATALOGUE)
def test_each_code_is_fired(code: str) -> None:
    """Add a folder to tests/e2e/cases, and let pytest --renew-goldens write its refusal.txt."""
    assert code in fired()


def test_no_test_waits_for_a_code_that_is_gone() -> None:
    assert fired() <= set(CATALOGUE)


def test_each_fault_has_a_row() -> None:
    assert [raised.where for raised in faults() if raised.code not in CATALOGUE] == []


def test_each_fault_has_the_facts_that_its_sentences_name() -> None:
    lacking = {
        raised.where: sorted(missing)
        for raised in faults()
        if raised.code in CATALOGUE and raised.facts is not None and (missing := named(raised.code) - raised.facts)
    }
    assert lacking == {}


def named(code: str) -> set[str]:
    """Return the facts that the sentences of a code name."""
    row = CATALOGUE[code]
    return {name for text in (row.what, row.hint) for _, name, _, _ in string.Formatter().parse(text) if name}


def faults() -> Iterator[Raised]:
    """Yield each ``refuse("CODE", …)`` and ``Fault("CODE", …)`` of the package."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("refuse", "Fault"):
                code = node.args[0] if node.args else None
                if isinstance(code, ast.Constant) and isinstance(code.value, str):
                    where = f"{path.relative_to(PACKAGE)}:{node.lineno} {code.value}"
                    yield Raised(where, code.value, _facts(node))


def _facts(call: ast.Call) -> frozenset[str] | None:
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if isinstance(call.func, ast.Name) and call.func.id == "refuse":
        return None if None in given else frozenset(name for name in given if name)
    facts = given.get("facts", call.args[2] if len(call.args) > 2 else ast.Dict([], []))
    if not isinstance(facts, ast.Dict) or not all(isinstance(key, ast.Constant) for key in facts.keys):
        return None
    return frozenset(str(key.value) for key in facts.keys if isinstance(key, ast.Constant))
