import pytest

from vaultgen.krm.tree import parse_one
from vaultgen.lint.moving import edited, moved


@pytest.mark.parametrize(
    ("text", "index", "result"),
    [
        ("resources:\n- a\n- b\n", 1, "resources:\n- a\ngenerators:\n- b\n"),
        ("resources:\n- b\n", 0, "generators:\n- b\n"),
        ("resources:\n- b", 0, "generators:\n- b\n"),
        ("resources:\n  - a # x\n  - b # y\n# end\nnamespace: n\n", 1,
         "resources:\n  - a # x\ngenerators:\n  - b # y\n# end\nnamespace: n\n"),
        ("generators:\n- c\nresources:\n- a\n- b\n", 0, "generators:\n- c\n- a\nresources:\n- b\n"),
        ("resources:\n- a\n- b\ngenerators:\n  - c", 1, "resources:\n- a\ngenerators:\n  - c\n  - b\n"),
        ("resources:\r\n- a\r\n- b\r\n", 1, "resources:\r\n- a\r\ngenerators:\r\n- b\r\n"),
        ("resources:\n- 'a'\n- \"b\"\n", 1, "resources:\n- 'a'\ngenerators:\n- \"b\"\n"),
    ],
)  # fmt: skip
def test_an_item_is_moved_with_its_line(text: str, index: int, result: str) -> None:
    edits = moved(text, "k", "resources", index, "generators")
    assert edited(text, list(edits)) == result
    assert parse_one(result.encode())["generators"]


@pytest.mark.parametrize(
    "text",
    [
        "resources: [a, b]\n",
        "resources:\n- a\n- b\ngenerators: [c]\n",
        "{resources: [a, b]}\n",
        "resources:\n- a\n- |\n  b\n",
        "resources: &r\n- a\n- b\nbases: *r\n",
        "resources:\n- a\n- &b b\nbases: [*b]\ngenerators:\n- c\n",
        "resources: - a\n",
    ],
)
def test_another_layout_is_left_alone(text: str) -> None:
    assert moved(text, "k", "resources", 1, "generators") == ()
