from pathlib import Path

import pytest

from support import markdown

PAGE = """\
# A page, `quoted` & linked

```console
$ one   # said so
its output
$ two |
    three \\
    four
$ five - <<'END'
$ not a command
END
output again
```

## Twice

```sh
# Not a heading
six
```

[there](other.md#a-b) and `[not](a.link)`

## Twice

```sh
seven
```

```sh
eight
```
"""


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page at the root of a checkout."""
    monkeypatch.setattr(markdown, "CHECKOUT", tmp_path)
    (tmp_path / "page.md").write_text(PAGE)
    return tmp_path / "page.md"


@pytest.mark.usefixtures("page")
def test_commands_of_a_console_go_on_over_lines_and_leave_output_out() -> None:
    script = markdown.commands("page.md#a-page-quoted--linked")
    assert script == "one   # said so\ntwo |\n    three \\\n    four\nfive - <<'END'\n$ not a command\nEND\n"


def test_a_block_is_named_by_its_heading_and_number(page: Path) -> None:
    found = {block.key: (block.text, block.line) for block in markdown.blocks(page, "sh")}
    assert found == {
        "page.md#twice": ("# Not a heading\nsix\n", 18),
        "page.md#twice/2": ("seven\n", 27),
        "page.md#twice/3": ("eight\n", 31),
    }


def test_links_and_anchors_are_those_that_a_reader_sees(page: Path) -> None:
    assert markdown.links(page) == ["other.md#a-b"]
    assert markdown.anchors(page) == {"a-page-quoted--linked", "twice", "twice-1"}
