"""Equality with the builtin: the real kustomize makes the same bytes, name suffixes included, of the same cases."""

import re
from pathlib import Path
from typing import Any

import pytest

from support.generated_secrets import Case, Tree, Value, at_home, builtin, in_vault, make_batch
from support.kustomize import kustomize_build
from support.vault_namespace import VaultNamespace

CASES = 10_000
BATCH = 200
"""kustomize is quadratic in the number of entries."""


def _write(root: Path, tree: Tree) -> Path:
    """Write a tree and return the directory to build."""
    for path, content in tree.files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return root / "over"


def _built(directory: Path, environment: dict[str, str] | None = None) -> bytes:
    built = kustomize_build(directory, environment)
    assert (built.status, built.stderr.decode()) == (0, "")
    return built.stdout


def _store(vault_namespace: VaultNamespace, tree: Tree) -> None:
    for path, fields in tree.secrets.items():
        vault_namespace.root.write(path, fields)


def _differences(made: bytes, expected: bytes, count: int) -> list[tuple[bytes, bytes]]:
    """Return the pairs of Secrets that differ; fail unless there are ``count`` on both sides."""
    documents = [text.split(b"\n---\n") for text in (made, expected)]
    for text, found in zip((made, expected), documents, strict=True):
        assert len(found) == len(re.findall(rb"^kind: Secret$", text, re.MULTILINE)) == count
    return [pair for pair in zip(*documents, strict=True) if pair[0] != pair[1]]


@pytest.mark.parametrize("number", range(CASES // BATCH))
def test_the_same_bytes_as_the_builtin(number: int, tmp_path: Path, vault_namespace: VaultNamespace) -> None:
    """Whether the values stand in the tree or in Vault."""
    batch = make_batch(number, BATCH)
    expected = _built(_write(tmp_path / "builtin", builtin(batch)))
    made = _built(_write(tmp_path / "home", at_home(batch)))
    assert _differences(made, expected, BATCH)[:1] == []
    assert made == expected

    tree = in_vault(batch, "batch")
    _store(vault_namespace, tree)
    made = _built(_write(tmp_path / "vault", tree), vault_namespace.environment())
    assert _differences(made, expected, BATCH)[:1] == []
    assert made == expected


def test_the_batches_are_of_different_cases() -> None:
    """All in all as many as the number says, each kind of value in thousands of them."""
    cases = [case for number in range(CASES // BATCH) for case in make_batch(number, BATCH).cases]
    distinct = {repr(case._replace(number=0, style=0)) for case in cases}
    assert len(cases) == CASES
    assert len(distinct) > CASES * 0.99
    values = [value for case in cases for value in case.values]
    for wanted in (
        [value for value in values if value.kind == "literal" and value.quote],
        [value for value in values if value.kind == "dotenv"],
        [value for value in values if value.kind == "file" and not value.content.isascii()],
        [value for value in values if len(value.content) >= 52],
        [case for case in cases if case.behavior == "merge"],
        [case for case in cases if case.behavior == "replace"],
        [case for case in cases if case.options],
    ):
        assert len(wanted) > CASES // 10


# --- that the comparison can fail ---

CHOSEN = Case(
    99,
    "chosen",
    "",
    None,
    None,
    None,
    (Value("l", b"abcdef", "literal"), Value("d", b"abcdef", "dotenv"), Value("f", b"\xffabcdef" * 20, "file")),
    style=1,
)


def _with_value(index: int, **changes: Any) -> Case:
    values = list(CHOSEN.values)
    values[index] = values[index]._replace(**changes)
    return CHOSEN._replace(values=tuple(values))


MUTATIONS = {
    "one bit of a literal": _with_value(0, content=b"abcdeg"),
    "one bit of a line": _with_value(1, content=b"abbdef"),
    "one bit of a file": _with_value(2, content=b"\xfe" + CHOSEN.values[2].content[1:]),
    "one byte more": _with_value(2, content=CHOSEN.values[2].content + b"\n"),
    "a quote": _with_value(0, content=b"'abcdef'", quote='"'),
    "a key": _with_value(0, key="L"),
    "a key less": CHOSEN._replace(values=CHOSEN.values[:2]),
    "the type": CHOSEN._replace(type="example.com/another"),
    "the namespace": CHOSEN._replace(namespace="another"),
    "a label": CHOSEN._replace(options={"labels": {"a": "b"}}),
    "an annotation": CHOSEN._replace(options={"annotations": {"a": "b"}}),
    "immutable": CHOSEN._replace(options={"immutable": True}),
    "the suffix": CHOSEN._replace(options={"disableNameSuffixHash": True}),
}


@pytest.mark.parametrize("mutated", MUTATIONS.values(), ids=MUTATIONS)
def test_one_case_that_differs_is_seen(mutated: Case, tmp_path: Path, vault_namespace: VaultNamespace) -> None:
    """Among others that do not, at home and in Vault."""
    others = make_batch(0, 9)
    batch = others._replace(cases=(*others.cases, CHOSEN), options={})
    expected = _built(_write(tmp_path / "builtin", builtin(batch)))
    mutant = batch._replace(cases=(*others.cases, mutated))
    tree = in_vault(mutant, "batch")
    _store(vault_namespace, tree)
    for made in (
        _built(_write(tmp_path / "home", at_home(mutant))),
        _built(_write(tmp_path / "vault", tree), vault_namespace.environment()),
    ):
        assert made != expected
        assert any(b"name: chosen" in one for one, _ in _differences(made, expected, 10))
