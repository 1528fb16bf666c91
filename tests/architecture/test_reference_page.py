"""What docs/reference.md shows is accepted as it stands there."""

import re
from pathlib import Path
from typing import Any

import pytest

from support.yaml_blocks import YamlBlock, yaml_blocks
from vaultgen.document.read import read_document
from vaultgen.krm.tree import parse_yaml
from vaultgen.plan import plan
from vaultgen.reference import parse_reference

PAGE = Path(__file__).parents[2] / "docs" / "reference.md"
BLOCKS = list(yaml_blocks(PAGE))
ENTRY = {"name": "a"}


class AnyFile:
    """Files of which every one is there."""

    def read(self, path: str, /) -> bytes:
        return b"KEY=value\n"


def _documents(block: YamlBlock) -> list[Any]:
    trees = parse_yaml(block.text.encode())
    if not block.is_fragment:
        return trees
    (tree,) = trees
    fields = {
        "entry": {"secretGenerator": [tree]},
        "options": {"generatorOptions": tree},
        "vault": {"vault": tree},
        "auth": {"vault": {"auth": tree}},
    }[block.definition]
    document = {"apiVersion": "vaultgen.dev/v1alpha1", "kind": "VaultSecretGenerator", "secretGenerator": [ENTRY]}
    return [document | fields]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"line {block.line}")
def test_a_block_is_accepted(block: YamlBlock) -> None:
    for tree in _documents(block):
        assert plan(read_document(tree), AnyFile()).uses


def test_each_reference_in_a_sentence_or_table_is_valid() -> None:
    """A bare path is one in envs only."""
    text = re.sub(r"^```.*?^```$", "", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    references = re.findall(r"`(vault:[^`…]+)`", text)
    assert references
    for reference in references:
        parse_reference(reference, whole="?" not in reference)
