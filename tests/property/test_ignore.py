"""``spec.ignore`` against git itself."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vaultgen.controller.ignore import Ignored

NAMES = ["a", "b", "ab", "ba", "aab", ".a", "a]", "a-b", "A", "a b", "b*"]
PATHS = sorted(
    [*NAMES, *(f"{one}/{two}" for one in ("a", "ab", "d") for two in NAMES)]
    + [f"{one}/{two}/{three}" for one in ("e", "x") for two in ("a", "ab", "y") for three in NAMES]
)
# No path is a file and a directory.
TREE = [path for path in PATHS if not any(other.startswith(f"{path}/") for other in PATHS)]

# Two stars as a part of a name mean what one does; git itself has another opinion of some.
piece = st.sampled_from(["a", "b", "*", "?", "[ab]", "[!a]", "[a-b]", "[[:alpha:]]", "[]a]", "\\*", ".", "A", "-"])
name = st.one_of(
    st.lists(piece, min_size=1, max_size=4).map("".join).filter(lambda one: "**" not in one), st.just("**")
)
pattern = st.builds(
    lambda negated, start, names, end: negated + start + "/".join(names) + end,
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(name, min_size=1, max_size=4),
    st.sampled_from(["", "", "/", " ", "\\ "]),
)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", path], check=True)
    for file in TREE:
        (path / file).parent.mkdir(parents=True, exist_ok=True)
        (path / file).touch()
    return path


def kept_by_git(repository: Path, text: str) -> list[str]:
    (repository / ".git/info/exclude").write_text(text)
    # What is neither tracked nor ignored.
    listed = subprocess.run(
        ["git", "-C", repository, "-c", "core.ignoreCase=false", "ls-files", "-z", "--others", "--exclude-standard"],
        check=True,
        capture_output=True,
    )
    return sorted(path for path in listed.stdout.decode().split("\0") if path)


@settings(max_examples=200, deadline=None)
@given(lines=st.lists(pattern, min_size=1, max_size=4))
def test_the_same_files_are_left_out_as_by_git(repository: Path, lines: list[str]) -> None:
    text = "\n".join(lines)
    assert sorted(Ignored(text).kept(TREE, 60)) == kept_by_git(repository, text), text
