"""Markdown pages taken apart: headings, fenced blocks, links, inline code."""

import re
from pathlib import Path
from typing import NamedTuple

from support.kustomize import CHECKOUT

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")


class Block(NamedTuple):
    """A fenced block."""

    key: str
    """``docs/auth.md#token``: page and heading it stands below; further blocks of a language there: ``…#token/2``."""
    language: str
    text: str
    line: int
    """1-based line of the page that the text starts at."""


def pages() -> list[Path]:
    """Return the pages that users read."""
    examples = (CHECKOUT / "examples").rglob("*.md")
    return [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md")), *sorted(examples)]


def name_of(page: Path) -> str:
    """Return a page's path below the checkout."""
    return page.relative_to(CHECKOUT).as_posix()


def blocks(page: Path, *languages: str) -> list[Block]:
    """Return the fenced blocks of a page in these languages, in order."""
    content = page.read_text(encoding="utf-8")
    found: list[Block] = []
    seen: dict[tuple[str, str], int] = {}
    for fence in _FENCE.finditer(content):
        language, text = fence.groups()
        above = _HEADING.findall(_without_blocks(content)[: fence.start()])
        heading = slug(above[-1]) if above else ""
        number = seen[heading, language] = seen.get((heading, language), 0) + 1
        key = f"{name_of(page)}#{heading}" + (f"/{number}" if number > 1 else "")
        found.append(Block(key, language, text, content.count("\n", 0, fence.start(2)) + 1))
    return [block for block in found if block.language in languages]


def block(key: str, *languages: str) -> Block:
    """Return the one block with a key; ``languages`` tells those apart that differ in nothing else."""
    (found,) = [found for found in blocks(CHECKOUT / key.partition("#")[0], *languages) if found.key == key]
    return found


def commands(key: str) -> str:
    """Return the commands of a ``console`` or ``sh`` block as a script.

    In ``console``, a command begins behind ``$ `` and ends with its line, unless that ends with ``\\`` or ``|`` or
    opens a here-document; other lines are output.
    """
    found = block(key, "console", "sh")
    if found.language == "sh":
        return found.text
    script: list[str] = []
    until = ""
    goes_on = False
    for line in found.text.splitlines():
        if until or goes_on:
            script.append(line)
        elif line.startswith("$ "):
            script.append(line[2:])
        else:
            continue
        if until:
            until = "" if line == until else until
        elif opened := re.search(r"<<'?(\w+)'?$", line):
            until = opened[1]
        goes_on = not until and line.endswith(("\\", "|"))
    return "\n".join(script) + "\n"


def section(page: Path, heading: str) -> str:
    """Return the text below a heading (its slug), up to the next one of any level."""
    content = page.read_text(encoding="utf-8")
    found = list(_HEADING.finditer(_without_blocks(content)))
    ends = [following.start() for following in found[1:]] + [len(content)]
    (text,) = [content[at.end() : end] for at, end in zip(found, ends, strict=True) if slug(at[1]) == heading]
    return text


def anchors(page: Path) -> set[str]:
    """Return what a link to a place in a page may end with."""
    found: list[str] = []
    for heading in _HEADING.findall(_without_blocks(page.read_text(encoding="utf-8"))):
        name = slug(heading)
        found.append(f"{name}-{found.count(name)}" if name in found else name)
    return set(found)


def links(page: Path) -> list[str]:
    """Return the targets of a page's links."""
    return _LINK.findall(_CODE.sub("", _without_blocks(page.read_text(encoding="utf-8"))))


def inline_code(page: Path) -> list[str]:
    """Return what stands between backticks in the page's sentences and tables."""
    prose = _without_blocks(page.read_text(encoding="utf-8"))
    return [code.replace("\\|", "|") for code in _CODE.findall(prose)]


def slug(heading: str) -> str:
    """Return a heading's anchor, as GitHub makes it."""
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w -]", "", plain.lower()).replace(" ", "-")


def _without_blocks(content: str) -> str:
    """Return a page with blanks for its blocks, in which a comment would be taken for a heading."""
    return _FENCE.sub(lambda fence: re.sub(r"[^\n]", " ", fence[0]), content)
