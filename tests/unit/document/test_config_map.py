"""A ConfigMap as functionConfig."""

from typing import Any

import pytest

from support.in_memory import codes
from vaultgen.document.config_map import generator_of_config_map
from vaultgen.document.read import read_document
from vaultgen.errors import Place, Refused
from vaultgen.errors.report import report


def _tree(data: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "fn"}, "data": data}


def _generator(data: Any) -> dict[str, Any]:
    return generator_of_config_map(_tree(data), Place(document="ConfigMap fn"))


def test_the_fields_of_one_entry() -> None:
    data = {
        "name": "a",
        "namespace": "apps",
        "type": "x",
        "behavior": "merge",
        "files": "{k: 'vault:a?key=b'}",
        "literals": "A=1\nB=vault:a?key=b\n",
        "envs": "- vault:a\n- local.env\n",
        "options": "{immutable: true}",
        "dockerConfig": "[{server: s, username: u, password: p}]",
    }
    assert _generator(data) == {
        "apiVersion": "vaultgen.dev/v1alpha1",
        "kind": "VaultSecretGenerator",
        "metadata": {"name": "fn"},
        "secretGenerator": [
            {
                "name": "a",
                "namespace": "apps",
                "type": "x",
                "behavior": "merge",
                "files": {"k": "vault:a?key=b"},
                "literals": ["A=1", "B=vault:a?key=b"],
                "envs": ["vault:a", "local.env"],
                "options": {"immutable": True},
                "dockerConfig": [{"server": "s", "username": "u", "password": "p"}],
            }
        ],
    }


def test_the_fields_of_a_document() -> None:
    data = {
        "vault": "{address: 'https://a'}",
        "generatorOptions": "{immutable: true}",
        "secretGenerator": "[{name: a}, {name: b}]",
    }
    document = read_document(_tree(data))
    assert [entry.name for entry in document.entries] == ["a", "b"]
    assert document.vault.address == "https://a"
    assert document.entries[0].options.immutable


def test_a_name_is_text_whatever_it_looks_like() -> None:
    assert _generator({"name": "1e5"})["secretGenerator"] == [{"name": "1e5"}]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("A=1", ["A=1"]),
        ("A=1\nB=2", ["A=1", "B=2"]),
        ("\nA=1\n\nB=2\n\n", ["A=1", "B=2"]),
        ("A=1 # no comment", ["A=1 # no comment"]),
        ("A=b\u2028c", ["A=b\u2028c"]),
        ("A= ", ["A= "]),
        ("[A=1, B=2]", ["A=1", "B=2"]),
        ("- A=1\n- B=2\n", ["A=1", "B=2"]),
    ],
)
def test_lines_are_a_list(text: str, lines: list[str]) -> None:
    assert _generator({"name": "a", "literals": text})["secretGenerator"][0]["literals"] == lines


@pytest.mark.parametrize("data", [None, {}, [], "x", {"vault": "{}"}])
def test_without_an_entry_the_schema_refuses_it(data: Any) -> None:
    assert "missing-required-field" in [fault.code for fault in read_document(_tree(data)).faults]


@pytest.mark.parametrize("text", ["{a: 1}", "x", "", "null", "[]"])
def test_secret_generator_and_the_fields_of_an_entry_exclude_each_other(text: str) -> None:
    with pytest.raises(Refused):
        _generator({"secretGenerator": text, "name": "a"})


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(Refused) as raised:
        _generator({"name": 1, "nonsense": "hunter2", "files": "{", "options": "a: 1\na: 2", "vault": "a\n---\nb"})
    assert sorted(codes(raised.value)) == [
        "duplicate-field",
        "invalid-yaml",
        "invalid-yaml",
        "unknown-field",
        "wrong-type",
    ]
    assert {fault.place.field for fault in raised.value.faults} == {
        "data.name",
        "data.nonsense",
        "data.files",
        "data.options",
        "data.vault",
    }
    assert "hunter2" not in report(raised.value.faults)
