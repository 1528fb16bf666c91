"""The quick reader of kustomize's own style reads what PyYAML reads, or nothing."""

import json
import string
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from vaultgen.errors import Refused
from vaultgen.krm.block_style import parse_block_style
from vaultgen.krm.tree import parse_one

_KEYS = st.text("abz09._/-", min_size=1, max_size=4).filter(lambda key: key[0] != "-")
_TEXTS = st.text(string.ascii_letters + string.digits + string.punctuation + " ", max_size=12)
_PLAIN = st.sampled_from(
    (
        "null",
        "true",
        "on",
        "~",
        "1",
        "0x1f",
        "1e5",
        ".inf",
        "<<",
        "=",
        "a:b",
        "a#b",
        "a&b*{c}[d]",
        "vault:a/b?key=c&d=e",
    )
)
_SCALARS = st.one_of(
    _PLAIN,
    st.sampled_from(("{}", "[]")),
    _TEXTS.map(lambda text: "'" + text.replace("'", "''") + "'"),
    _TEXTS.map(json.dumps),
    st.tuples(st.sampled_from(("|", "|-")), st.lists(_TEXTS, min_size=1, max_size=3)),
)
_TREES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(_KEYS, inner, min_size=1, max_size=3),
    max_leaves=8,
)
_SLIPS = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 2), st.text(" \n:-'\"|#ab\té", max_size=2)), max_size=2)


def _mapping(tree: dict[str, Any], pad: str) -> str:
    return "".join(f"{pad}{key}:{_value(value, pad)}" for key, value in tree.items())


def _value(tree: Any, pad: str) -> str:
    if isinstance(tree, dict):
        return "\n" + _mapping(tree, pad + "  ")
    if isinstance(tree, list):
        return "\n" + "".join(f"{pad}- {_item(value, pad)}" for value in tree)
    return f" {_scalar(tree, pad)}\n"


def _item(tree: Any, pad: str) -> str:
    if isinstance(tree, dict):
        return _mapping(tree, pad + "  ").lstrip(" ")
    return f"{_scalar('[]' if isinstance(tree, list) else tree, pad)}\n"


def _scalar(tree: Any, pad: str) -> str:
    if isinstance(tree, tuple):
        return "\n".join([tree[0], *(f"{pad}  {line}" for line in tree[1])])
    return str(tree)


@settings(max_examples=1500)
@given(st.dictionaries(_KEYS, _TREES, min_size=1, max_size=4), _SLIPS)
def test_what_it_reads_means_the_same_to_pyyaml(tree: dict[str, Any], slips: list[tuple[int, int, str]]) -> None:
    text = _mapping(tree, "")
    for at, gone, new in slips:
        text = text[:at] + new + text[at + gone :]
    quick = parse_block_style(text.encode())
    if quick is None:
        return
    try:
        slow = parse_one(text.encode())
    except Refused:
        raise AssertionError("PyYAML finds a fault there") from None
    assert json.dumps(quick) == json.dumps(slow)
