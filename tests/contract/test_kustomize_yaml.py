"""What kustomize hands to a function: our readers find in it what was written, but for what kustomize changes."""

import json
from pathlib import Path
from typing import Any

import pytest

from support.kustomize import EXEC_FLAGS, OLDEST, kustomize, kustomize_build
from vaultgen.krm.resource_list import read_resource_list
from vaultgen.krm.tree import parse_one

RECORD = """#!/bin/sh
cat > request.yaml
echo '{"apiVersion": "config.kubernetes.io/v1", "kind": "ResourceList", "items": []}'
"""
HEAD = """\
apiVersion: vaultgen.dev/v1alpha1
kind: VaultSecretGenerator
metadata:
  name: x
  annotations:
    config.kubernetes.io/function: "exec: {path: ./record}"
"""


def _request(root: Path, document: str, version: str | None = None) -> bytes:
    (root / "record").write_text(RECORD)
    (root / "record").chmod(0o755)
    (root / "gen.yaml").write_text(document)
    (root / "kustomization.yaml").write_text("generators: [gen.yaml]\n")
    built = kustomize_build(root, binary=kustomize(version) if version else None, flags=EXEC_FLAGS)
    assert (built.status, built.stderr) == (0, b"")
    return (root / "request.yaml").read_bytes()


TEXTS = [
    "", " ", "a", " a", "a ", "\ta", "a\t", "a: b", "a:", ":a", "a #b", "#a", "- a", "-", "--- a", "? a", "[a", "{a",
    "a]", "a}", "a,", "&a", "*a", "!a", "|", ">", "%a", "@a", "`a", "'", '"', "''", '""', "'a'", '"a"', "\\", "\\n",
    "~", "null", "Null", "true", "FALSE", "yes", "on", "n", "1", "-1", "+1", "0", "00", "010", "0o17", "0x1f", "0b1",
    "1_000", "1.5", "1.50", ".5", "1.", "1e5", "1e55", "-1.5E-3", ".inf", "-.INF", ".nan", "1:30", "2001-01-01",
    "2001-01-01T00:00:00Z", "=", "<<", "...", "a\nb", "a\n", "\na", "a\n\nb\n\n", " a\n b", "a \nb", "\n", "\n\n",
    "a\n  b\n", "a\tb\n", "#a\nb", "a\n#b", "a\r\nb", "a\rb", "é", "€", "😀", "a\u00a0b", "\u2003", "\u200b", "\u202e",
    "\ufeff", "a\u2028b", "\u2028", "a\u2029 b", "\ue000", "\ufffd", "x" * 200, "x " * 100, "é " * 100, "a: " * 50,
    "vault:secret/data/x?key=a&version=1", "DSN=postgres://app:${vault:secret/data/x?key=p}@db/app", "A='b'", 'A="b"',
    "A=b=c", "A=", "-----BEGIN X-----\na\n",
]  # fmt: skip


@pytest.mark.parametrize("version", [None, OLDEST])
def test_every_text_arrives_as_it_was_written(version: str | None, tmp_path: Path) -> None:
    """In a list, as a value and, but for the empty text, as a key."""
    tree = {"list": TEXTS, "values": {f"k{index}": text for index, text in enumerate(TEXTS)}}
    keys = {text: "x" for text in TEXTS if text not in ("", "<<") and text.isprintable() and len(text) < 100}
    document = HEAD + "".join(f"{name}: {_json(value)}\n" for name, value in {**tree, "keys": keys}.items())
    request = _request(tmp_path, document, version)
    config = read_resource_list(request).function_config
    assert {name: config[name] for name in tree} == tree
    assert config["keys"] == keys
    assert parse_one(request)["functionConfig"] == config


def _json(tree: Any) -> str:
    text = json.dumps(tree, ensure_ascii=False)
    return "".join(one if one.isprintable() or one > "\uffff" else f"\\u{ord(one):04x}" for one in text)


PLAIN = {
    "nothing": "", "tilde": "~", "null": "null", "yes": "yes", "no": "NO", "true": "True", "int": "12",
    "negative": "-12", "hex": "0x1F", "octal": "0o17", "float": "1.10", "exponent": "1e3", "text": "a b",
    "colon": "a:b", "sixty": "1:30", "equals": "=", "plus": "+12", "dot": ".5", "ip": "127.0.0.1", "version": "1.2.3",
    "minus-zero": "-0",
}  # fmt: skip


def test_plain_scalars_mean_the_same(tmp_path: Path) -> None:
    document = HEAD + "".join(f"{name}: {text}\n" for name, text in PLAIN.items() if name != "null") + "'null': null\n"
    config = read_resource_list(_request(tmp_path, document)).function_config
    written = parse_one(document.encode())
    assert {name: config[name] for name in PLAIN} == {name: written[name] for name in PLAIN}


@pytest.mark.parametrize(
    ("text", "theirs"),
    [("010", 8), ("0b11", 3), ("1_000", 1000), ("2001-01-01", "2001-01-01T00:00:00Z"), ("089", 89)],
)
def test_kustomize_reads_some_scalars_by_older_rules(text: str, theirs: object, tmp_path: Path) -> None:
    """No field of a document is a number or a date: both ways of reading are refused."""
    config = read_resource_list(_request(tmp_path, f"{HEAD}x: {text}\n")).function_config
    assert config["x"] == theirs


def test_anchors_and_merge_keys_are_expanded(tmp_path: Path) -> None:
    document = HEAD + "a: &a {x: '1', y: [&b '2']}\nb: *a\nc: {<<: *a, x: '3'}\nd: *b\n"
    config = read_resource_list(_request(tmp_path, document)).function_config
    written = parse_one(document.encode())
    assert {name: config[name] for name in "abcd"} == {name: written[name] for name in "abcd"}


def test_the_items_are_the_config_alone_and_dropped(tmp_path: Path) -> None:
    request = _request(tmp_path, HEAD)
    tree = parse_one(request)
    assert len(tree["items"]) == 1
    assert "config.kubernetes.io/local-config" in tree["items"][0]["metadata"]["annotations"]
    assert read_resource_list(request).items == ()


def test_line_breaks_of_yaml_1_1_are_changed_by_kustomize_before(tmp_path: Path) -> None:
    """U+0085 becomes a space, for the builtin as well: nothing that a function could mend."""
    config = read_resource_list(_request(tmp_path, HEAD + 'x: "a\\Nb"\n')).function_config
    assert config["x"] == "a b"
