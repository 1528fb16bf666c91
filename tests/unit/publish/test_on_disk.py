import os
from pathlib import Path

import pytest

from vaultgen.errors import Refused
from vaultgen.publish.archive import Limits
from vaultgen.publish.on_disk import read_tree


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for path in ("a/b.yaml", "c.txt", ".git/config", "a/.git", ".sops.yaml"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(path)
    return tmp_path


def test_files_are_read_by_their_path(root: Path) -> None:
    assert read_tree(str(root)) == {
        "a/b.yaml": b"a/b.yaml",
        "a/.git": b"a/.git",
        "c.txt": b"c.txt",
        ".sops.yaml": b".sops.yaml",
    }


def test_only_those_that_are_named_are_read(root: Path) -> None:
    """What git does not know may be a secret."""
    assert read_tree(str(root), ["a/b.yaml"]) == {"a/b.yaml": b"a/b.yaml"}


def test_links_and_special_files_are_left_out(root: Path) -> None:
    """As from Flux's own artifacts; a fifo would block for ever."""
    (root / "link").symlink_to("c.txt")
    (root / "outside").symlink_to("/etc/passwd")
    (root / "directory").symlink_to("a")
    os.mkfifo(root / "fifo")
    assert sorted(read_tree(str(root))) == [".sops.yaml", "a/.git", "a/b.yaml", "c.txt"]
    assert read_tree(str(root), ["link", "outside", "fifo"]) == {}


def test_a_file_that_is_not_there_is_refused(root: Path) -> None:
    with pytest.raises(Refused) as caught:
        read_tree(str(root), ["gone"])
    assert [fault.code for fault in caught.value.faults] == ["file-unreadable"]


@pytest.mark.parametrize("limits", [Limits(bytes=5), Limits(entries=2)])
def test_more_than_the_limits_is_refused(root: Path, limits: Limits) -> None:
    with pytest.raises(Refused) as caught:
        read_tree(str(root), limits=limits)
    assert "more than" in caught.value.faults[0].facts["why"]
