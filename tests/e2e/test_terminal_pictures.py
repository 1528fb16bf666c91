"""The terminal pictures of README.md show what the commands say now."""

import importlib.util
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

from support.kustomize import CHECKOUT
from support.openbao import OpenBao
from support.vault_namespace import new_vault_namespace

DOCS = CHECKOUT / "docs"
PICTURES = sorted(DOCS.glob("*.svg"))
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def taken(openbao: OpenBao, tmp_path_factory: pytest.TempPathFactory) -> dict[Path, str]:
    """All pictures, taken anew."""
    specification = importlib.util.spec_from_file_location("terminal_pictures", DOCS / "terminal_pictures.py")
    assert specification
    assert specification.loader
    script: ModuleType = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(script)
    taken: dict[Path, str] = script.pictures(
        lambda name: new_vault_namespace(openbao, name), tmp_path_factory.mktemp("pictures")
    )
    return taken


def rows(svg: str) -> list[str]:
    """Return what a picture shows, line by line; how it is drawn is the library's affair."""
    texts = [(float(text.get("y", "")), text.text or "") for text in matrix(svg)]
    return ["|".join(words for _, words in row) for _, row in itertools.groupby(texts, key=lambda text: text[0])]


def matrix(svg: str) -> Iterator[ElementTree.Element]:
    """Yield the texts below the title bar."""
    (group,) = (one for one in ElementTree.fromstring(svg).iter(f"{SVG}g") if one.get("class", "").endswith("-matrix"))
    return group.iter(f"{SVG}text")


def test_the_pictures_are_those_that_are_there(taken: dict[Path, str]) -> None:
    assert sorted(taken) == PICTURES


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.stem)
def test_a_picture_shows_what_is_said_now(picture: Path, taken: dict[Path, str]) -> None:
    """Run ``python docs/terminal_pictures.py`` after a change of what these commands say."""
    assert rows(picture.read_text()) == rows(taken[picture])


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.stem)
def test_a_picture_needs_nothing_from_elsewhere_and_is_told_to_the_blind(picture: Path) -> None:
    svg = picture.read_text()
    root = ElementTree.fromstring(svg)
    named = {one.get("id"): one.text for one in root if one.tag in (f"{SVG}title", f"{SVG}desc")}
    assert all(named[name] for name in root.get("aria-labelledby", "").split())
    assert not {one.tag for one in root.iter()} & {f"{SVG}{name}" for name in ("script", "image", "use", "a")}
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", svg))
    assert not re.search(r"@import|@font-face|href|\son\w+=", svg)
    assert len({text.get("y") for text in matrix(svg)}) <= 24


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.stem)
def test_the_readme_shows_a_picture_with_words(picture: Path) -> None:
    words = re.search(rf"!\[([^\]]+)\]\(docs/{picture.name}\)", (CHECKOUT / "README.md").read_text())
    assert words
    assert len(words[1]) > 40
