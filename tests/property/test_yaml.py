"""YAML of any kind: read as JSON and as PyYAML read it, or refused."""

import json
from typing import Any

import yaml
from hypothesis import assume, example, given
from hypothesis import strategies as st

from vaultgen.errors import Fault, Refused
from vaultgen.errors.report import report
from vaultgen.krm.scalar import resolve
from vaultgen.krm.tree import LOADER, parse_one, parse_yaml

CODES = {"invalid-yaml", "duplicate-field", "yaml-too-deep", "yaml-too-large"}

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
number = st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | number | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=20,
)


@given(values.filter(lambda value: isinstance(value, dict | list)), st.sampled_from([None, 1, "\t"]), st.booleans())
@example({"\U0010ffff": "\ud7ff\ue000"}, None, True)
@example({"": [{}, [], ""]}, None, True)
def test_json_is_yaml(value: Any, indent: int | str | None, ascii_only: bool) -> None:
    """Whether or not other letters are escaped; characters that YAML does not allow have to be."""
    written = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    if not ascii_only:
        written = "".join(one if one.isprintable() or one in "\n\t" else f"\\U{ord(one):08x}" for one in written)
    assert parse_one(written.encode()) == value


@given(values, st.booleans())
def test_what_pyyaml_writes_is_read(value: Any, flow: bool) -> None:
    """Texts like 1e55 aside, which it leaves without quotes: they are no numbers in YAML 1.1."""
    assume(not _has_numeric_text(value))
    written = yaml.dump(value, Dumper=yaml.SafeDumper, default_flow_style=flow, allow_unicode=False)
    assert parse_one(written.encode()) == value


def _has_numeric_text(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_numeric_text, value.values()))
    if isinstance(value, list):
        return any(map(_has_numeric_text, value))
    return isinstance(value, str) and type(resolve(value)) in (int, float)


INDICATORS = (
    ": ",
    ":",
    "- ",
    "-",
    "? ",
    "[",
    "]",
    "{",
    "}",
    ",",
    ", ",
    "\n",
    "\n  ",
    "\n    ",
    " ",
    "\t",
    "\r\n",
    "\u2028",
)
NODES = (
    "&x ",
    "*x",
    "&y ",
    "*y",
    "<<",
    "<<: ",
    "!!str ",
    "!!int ",
    "!",
    "! ",
    "%",
    "---\n",
    "...\n",
    "|\n",
    ">-\n",
    "# c\n",
)
TEXTS = (
    "a",
    "b",
    "1",
    "0x1",
    "1.5",
    "~",
    "null",
    "true",
    "=",
    "'",
    '"',
    "\\",
    "\\x41",
    "@",
    "`",
    "é",
    "\x85",
    "\ufeff",
    "\0",
)
SCRAPS = st.sampled_from(INDICATORS + NODES + TEXTS)


@given(st.binary(max_size=200) | st.lists(SCRAPS, max_size=40).map("".join).map(str.encode))
@example(b"&" * 1000)
@example(b"? " * 5000)
@example(b"!" * 5000)
@example(b"a: " * 5000)
@example(b"'" + b"\n" * 50_000)
@example(b"a:\n" + b" " * 50_000 + b"\t\n")
@example(b"%TAG ! " + b"x" * 5000)
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    found = _faults(content)
    assert len(found) <= 1
    assert {fault.code for fault in found} <= CODES
    assert report(found).count("\n") == 3 * len(found)


def _faults(content: bytes) -> tuple[Fault, ...]:
    try:
        parse_yaml(content, "gen.yaml")
    except Refused as refused:
        return refused.faults
    return ()


@given(st.lists(SCRAPS, max_size=40).map("".join).map(str.encode))
@example(b"a: &x [1, {b: *y}]\n")
@example(b"a: &x {b: 1}\nc: {<<: *x, d: &y 2}\ne: [*x, *y]\n")
def test_values_stand_where_pyyaml_has_them(content: bytes) -> None:
    """Its composer, made of nodes, against our builder; the meaning of a plain scalar is ours in both."""
    # PyYAML takes a quoted text behind a lone ! for a plain one.
    assume(b"! " not in content)
    try:
        ours = parse_yaml(content)
    except Refused:
        return
    theirs = [_value(node) for node in yaml.compose_all(content, LOADER)]
    assert ours == theirs


def _value(node: yaml.Node | None) -> Any:
    if isinstance(node, yaml.MappingNode):
        own = {key.value: _value(value) for key, value in node.value if not _is_merge(key)}
        for key, value in node.value:
            if _is_merge(key):
                sources = _value(value)
                for source in sources if isinstance(sources, list) else [sources]:
                    own = {**source, **own}
        return own
    if isinstance(node, yaml.SequenceNode):
        return [_value(item) for item in node.value]
    assert isinstance(node, yaml.ScalarNode)
    # A plain scalar that PyYAML takes for text is one for us, too, as far as the scraps can make one.
    return node.value if node.tag == "tag:yaml.org,2002:str" else resolve(node.value)


def _is_merge(key: yaml.ScalarNode) -> bool:
    return key.tag == "tag:yaml.org,2002:merge"
