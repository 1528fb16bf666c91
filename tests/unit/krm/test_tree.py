"""YAML to plain values."""

import json
import tracemalloc
from typing import Any

import pytest

from support.in_memory import codes
from vaultgen.errors import Refused
from vaultgen.errors.report import report
from vaultgen.krm.scalar import resolve
from vaultgen.krm.tree import ALIAS_LIMIT, DEPTH_LIMIT, parse_one, parse_yaml


def _refused(text: bytes) -> Refused:
    with pytest.raises(Refused) as raised:
        parse_yaml(text, "gen.yaml")
    assert len(raised.value.faults) == 1
    assert raised.value.faults[0].place.file == "gen.yaml"
    return raised.value


@pytest.mark.parametrize(
    ("plain", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("NULL", None),
        ("true", True),
        ("False", False),
        ("on", "on"),
        ("yes", "yes"),
        ("n", "n"),
        ("=", "="),
        ("<<", "<<"),
        ("1:30", "1:30"),
        ("2001-01-01", "2001-01-01"),
        ("12", 12),
        ("+12", 12),
        ("-0", 0),
        ("010", 10),
        ("0o17", 15),
        ("0x1F", 31),
        ("0b11", "0b11"),
        ("1_000", "1_000"),
        ("1.10", 1.1),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1.", 1.0),
        (".", "."),
        ("-", "-"),
        ("-.", "-."),
        ("1e", "1e"),
        ("1e55", 1e55),
        ("1e999", "1e999"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("-.inf", "-.inf"),
        ("1.2.3", "1.2.3"),
        ("127.0.0.1", "127.0.0.1"),
        ("١", "١"),  # noqa: RUF001
        ("²", "²"),
        ("1" * 399, int("1" * 399)),
        ("1" * 5000, "1" * 5000),
    ],
)
def test_a_plain_scalar_means(plain: str, value: object) -> None:
    """YAML 1.2's core schema, without what JSON cannot say."""
    assert resolve(plain) == value
    assert type(resolve(plain)) is type(value)


def test_quotes_and_blocks_are_text() -> None:
    assert parse_one(b'["1", \'2\', "true", \'\', "null"]') == ["1", "2", "true", "", "null"]
    assert parse_one(b"a: |\n  1\nb: >-\n  2\n") == {"a": "1\n", "b": "2"}


def test_keys_are_text_always() -> None:
    tree = parse_one(b"1: a\n1.50: b\ntrue: c\n~: d\n0o17: e\n2001-01-01: f\n1e5: g\non: h\n=: i\n")
    assert list(tree) == ["1", "1.50", "true", "~", "0o17", "2001-01-01", "1e5", "on", "="]


def test_tags_of_json_types_are_followed() -> None:
    text = b'{a: !!str 1, b: !!int "1", c: !!bool "true", d: !!float "1.5", e: !!null "", f: !!map {}, g: !!seq []}'
    assert parse_one(text) == {"a": "1", "b": 1, "c": True, "d": 1.5, "e": None, "f": {}, "g": []}


@pytest.mark.parametrize("tag", ["!!binary", "!!timestamp", "!custom", "!<tag:example.com,2000:x>", "!!python/name:os"])
def test_other_tags_are_refused(tag: str) -> None:
    assert codes(_refused(f"a: {tag} aGk=".encode())) == ["invalid-yaml"]


@pytest.mark.parametrize(
    "text",
    [
        b"a: 1\na: 2",
        b"{a: 1, 'a': 1}",
        b"a: 1\nb: 2\n? a\n: 3",
        b"x:\n- {a: 1, a: 1}",
        b"1: x\n'1': y",
        b"<<: {a: 1}\n<<: {b: 2}",
        b'{"a": 1, "\\u0061": 2}',
    ],
)
def test_a_key_may_stand_once(text: bytes) -> None:
    assert codes(_refused(text)) == ["duplicate-field"]


def test_a_key_that_may_hold_a_value_is_not_shown() -> None:
    assert "hunter2" not in report(_refused(b"{PASSWORD=hunter2: a, PASSWORD=hunter2: b}").faults)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        (b"a: &x 1\nb: *x", {"a": 1, "b": 1}),
        (b"a: &x [1, 2]\nb: [*x, *x]", {"a": [1, 2], "b": [[1, 2], [1, 2]]}),
        (b"&k key: 1\nb: *k", {"key": 1, "b": "key"}),
        (b"a: &x {p: 1}\nb: &x {p: 2}\nc: *x", {"a": {"p": 1}, "b": {"p": 2}, "c": {"p": 2}}),
        (b"a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}", {"a": {"p": 1, "q": 2}, "b": {"q": 3, "p": 1}}),
        (b"a: {q: 3, <<: {p: 1, q: 2}}", {"a": {"q": 3, "p": 1}}),
        (b"a: {<<: [{p: 1}, {p: 2, q: 2}]}", {"a": {"p": 1, "q": 2}}),
        (b"a: {'<<': 1}", {"a": {"<<": 1}}),
        (b"a: &x {p: 1}\nb:\n  !!merge <<: *x\n  q: 2", {"a": {"p": 1}, "b": {"q": 2, "p": 1}}),
        (b"a: !!merge <<\nb: [!!merge <<]", {"a": "<<", "b": ["<<"]}),
        (b"a: {!!str <<: 1}", {"a": {"<<": 1}}),
        (b'a: {"\\0<<": 1}', {"a": {"\0<<": 1}}),
    ],
)
def test_anchors_and_merge_keys(text: bytes, tree: object) -> None:
    assert parse_one(text) == tree


@pytest.mark.parametrize(
    "text",
    [
        b"*x",
        b"a: *x",
        b"a: &x [*x]",
        b"--- &x 1\n--- *x",
        b"a: &x b\n*x : 1",
        b"<<: 1",
        b"!!merge x: {a: 1}",
        b"!!merge '<<': {a: 1}",
        b"a: !!merge x",
        b"!!binary YQ==: 1",
        b"<<: [1]",
        b"<<:",
        b"? [a]\n: 1",
        b"? {a: 1}\n: 1",
        b"{[a]: 1}",
        b"a: [",
        b"a: {",
        b"a: 'x",
        b"a: 1: 2",
        b"a: @x",
        b"a: `x",
        b"a: x\n\tb: 1",
        b"a: 1\n b: 2",
        b"a\nb: 1",
        b'"\\q"',
        b'{"a": "\\ud83d"}',
        b'{"a": "\\ude00\\ud83d"}',
        b"a: \x00",
        b"a: \x7f",
        b"a: \xff",
        b"a: \xed\xa0\x80",
        b"\xff\xfea",
        b"%YAML 3.0\n---\na: 1",
        b"a: 1\n...\nb: 2",
        b"]",
        b"&",
        b"!<",
    ],
)
def test_what_is_no_yaml_of_ours_is_refused(text: bytes) -> None:
    refused = _refused(text)
    assert codes(refused) == ["invalid-yaml"]
    assert "internal" not in report(refused.faults)


def test_a_fault_says_where_and_quotes_nothing() -> None:
    refused = _refused(b"a: 1\npassword: hunter2: x\n")
    assert refused.faults[0].place[-2:] == (2, 18)
    assert "hunter2" not in report(refused.faults)
    assert "quote the text" in report(refused.faults)


def test_several_documents_and_none() -> None:
    assert parse_yaml(b"") == []
    assert parse_yaml(b"# a comment\n") == []
    assert parse_yaml(b"---\n---\na: 1\n--- b\n...\n") == [None, {"a": 1}, "b"]
    for text in (b"", b"a: 1\n---\nb: 1\n"):
        with pytest.raises(Refused) as raised:
            parse_one(text)
        assert codes(raised.value) == ["invalid-yaml"]


@pytest.mark.parametrize(
    "text",
    [
        b"[" * 100_000,
        b"{a: " * 100_000,
        b"- " * 100_000 + b"a",
        b"[" * 100_000 + b"]" * 100_000,
        b"\n".join(b" " * depth + b"a:" for depth in range(1000)),
        b"- &a0 [x]\n" + b"".join(b"- &a%d [*a%d]\n" % (one, one - 1) for one in range(1, 300)),
        b"- &a [" + b"[" * 150 + b"]" * 150 + b"]\n- " + b"[" * 100 + b"*a" + b"]" * 100,
    ],
)
def test_deep_values_are_refused(text: bytes) -> None:
    """Where they are written so, libyaml's composer runs out of stack and ends the process; aliases go deep, too."""
    assert codes(_refused(text)) == ["yaml-too-deep"]


def test_a_value_may_be_as_deep_as_the_limit() -> None:
    text = b"[" * DEPTH_LIMIT + b"]" * DEPTH_LIMIT
    assert json.dumps(parse_one(text)).encode() == text
    _refused(b"[" + text + b"]")


BOMBS = {
    "billion laughs": b"a: &a [x,x,x,x,x,x,x,x,x,x]\n"
    + b"".join(b"%c: &%c [%s]\n" % (one, one, b",".join([b"*%c" % (one - 1)] * 10)) for one in range(98, 108)),
    "empty lists": b"a: &a [" + b"[]," * 1000 + b"]\nb: &b [" + b"*a," * 1000 + b"]\nc: [" + b"*b," * 100 + b"]",
    "empty mappings": b"a: &a [" + b"{}," * 1000 + b"]\nb: &b [" + b"*a," * 1000 + b"]\nc: [" + b"*b," * 100 + b"]",
    "a long text": b"a: &a " + b"x" * 1_000_000 + b"\nb: [" + b"*a," * 1000 + b"]",
    "long keys": b"a: &a {" + b"x" * 1000 + b": 1}\nb: &b [" + b"*a," * 1000 + b"]\nc: [" + b"*b," * 100 + b"]",
    "merge keys": b"a: &a {x: " + b"y" * 100_000 + b"}\nb: [" + b"{<<: *a}," * 200 + b"]",
    "a long key with an anchor": b"&k " + b"x" * 1000 + b": 1\nb: [" + b"*k," * 20_000 + b"]",
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_aliases_stand_for_a_bounded_size(text: bytes) -> None:
    assert codes(_refused(text)) == ["yaml-too-large"]


def test_what_is_refused_for_its_size_was_never_built() -> None:
    tracemalloc.start()
    try:
        _refused(BOMBS["empty lists"])
        assert tracemalloc.get_traced_memory()[1] < 4 * ALIAS_LIMIT
    finally:
        tracemalloc.stop()


def test_aliases_may_be_used_for_what_a_document_needs() -> None:
    text = b"a: &a " + b"x" * 100_000 + b"\nb: [" + b"*a," * 50 + b"]"
    assert len(parse_one(text)["b"]) == 50


@pytest.mark.parametrize(
    "value",
    [
        {"a": "😀", "b": ["\\ud83d\\ude00", "\\\\😀", "\ud7ff\ue000"]},
        {"a": {"b": [1, 2.5, -3, None, True, "x/y", ' "q" ', "\t\n\r\b\f\0\x1f"]}},
        {"\u2028": "\x85\ufeff\xa0\x7f"},
    ],
)
@pytest.mark.parametrize("indent", [None, 2, "\t"])
def test_json_is_read_as_json(value: Any, indent: int | str | None) -> None:
    """YAML knows no pairs of surrogate escapes, which json.dumps and others write."""
    assert parse_one(json.dumps(value, indent=indent).encode()) == value


def test_surrogates_are_joined_in_json_only() -> None:
    assert parse_one(b"a: \\ud83d\\ude00") == {"a": "\\ud83d\\ude00"}


@pytest.mark.parametrize("text", [b"{a: 1, <<: {a: 2}}", b"{<<: {a: 2}, a: 1}", b"<<: [{a: 1}, {a: 2}]"])
def test_a_key_that_is_merged_as_well_is_refused_where_parsers_would_differ(text: bytes) -> None:
    with pytest.raises(Refused) as raised:
        parse_yaml(text, overrides=False)
    assert codes(raised.value) == ["invalid-yaml"]


def test_a_merge_that_overrides_nothing_is_not() -> None:
    assert parse_yaml(b"{<<: [{a: 1}, {b: 2}], c: 3}", overrides=False) == [{"a": 1, "b": 2, "c": 3}]
