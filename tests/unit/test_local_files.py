"""Plain files below a root and nowhere else."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from support.in_memory import codes
from vaultgen.document.api_rules import SECRET_LIMIT
from vaultgen.errors import Refused
from vaultgen.local_files import LocalFiles


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with files in it, and some beside it."""
    made = tmp_path / "root"
    (made / "sub").mkdir(parents=True)
    (made / "a").write_bytes(b"in root\xff\0\r\n")
    (made / "sub" / "b").write_bytes(b"in sub")
    (tmp_path / "outside").write_bytes(b"hunter2")
    (tmp_path / "rootbeer").mkdir()
    (tmp_path / "rootbeer" / "a").write_bytes(b"hunter2")
    return made


def _refused(root: Path, path: str) -> list[str]:
    with pytest.raises(Refused) as raised:
        LocalFiles(str(root)).read(path)
    return codes(raised.value)


@pytest.mark.parametrize(
    "path", ["a", "./a", "sub/../a", "sub//../a", "../root/a", "./sub/.././a", "a/", "no-such-directory/../a"]
)
def test_a_file_below_the_root_is_read_byte_for_byte(root: Path, path: str) -> None:
    assert LocalFiles(str(root)).read(path) == b"in root\xff\0\r\n"


def test_an_absolute_path_may_lead_below_the_root(root: Path) -> None:
    assert LocalFiles(str(root)).read(str(root / "sub" / "b")) == b"in sub"


@pytest.mark.parametrize(
    "path", ["../outside", "sub/../../outside", "../rootbeer/a", "/etc/passwd", "..", "../..", "a/../../outside", "/"]
)
def test_nothing_outside_the_root_is_read(root: Path, path: str) -> None:
    assert _refused(root, path) == ["file-outside-root"]


def test_the_root_may_itself_be_behind_a_link(root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    assert LocalFiles(str(tmp_path / "link")).read("sub/b") == b"in sub"
    assert LocalFiles(str(tmp_path / "link")).read(str(tmp_path / "link" / "a"))
    assert _refused(tmp_path / "link", "../outside") == ["file-outside-root"]


def test_the_root_may_be_the_root_of_all(root: Path) -> None:
    assert LocalFiles("/").read(str(root / "a"))


def test_links_are_followed_as_far_as_they_stay_below_the_root(root: Path) -> None:
    (root / "file").symlink_to("sub/b")
    (root / "dir").symlink_to("sub")
    (root / "again").symlink_to("file")
    (root / "up").symlink_to("../root/sub/b")
    for path in ("file", "dir/b", "again", "up"):
        assert LocalFiles(str(root)).read(path) == b"in sub"


@pytest.mark.parametrize("target", ["../outside", "/etc/passwd", "..", "../rootbeer", "/dev/zero"])
def test_a_link_that_leads_outside_is_refused(root: Path, target: str) -> None:
    (root / "link").symlink_to(target)
    (root / "behind").symlink_to("link")
    assert _refused(root, "link") == _refused(root, "behind") == _refused(root, "link/a") == ["file-outside-root"]


def test_two_dots_behind_a_link_lead_back_as_in_kustomize(root: Path) -> None:
    """It takes away what is written before the dots, so this is root/a and not the a beside what the link leads to."""
    (root / "sub" / "deep").mkdir()
    (root / "sub" / "a").write_bytes(b"beside")
    (root / "link").symlink_to("sub/deep")
    assert LocalFiles(str(root)).read("link/../a") == b"in root\xff\0\r\n"


@pytest.mark.parametrize("path", ["b", "sub/c", "a/b", "sub/b/..b", "", "a\0", "\0", "~/a", "$HOME", "*"])
def test_a_file_that_is_not_there(root: Path, path: str) -> None:
    assert _refused(root, path) == ["file-not-found"]


@pytest.mark.parametrize("path", ["http://a/b", "https://a", "git::https://a", "file:///etc/passwd", "ssh://git@a/b"])
def test_nothing_is_fetched(root: Path, path: str) -> None:
    assert _refused(root, path) == ["remote-file"]


def test_the_user_and_password_of_an_address_are_not_shown(root: Path) -> None:
    with pytest.raises(Refused) as raised:
        LocalFiles(str(root)).read("https://user:hunter2@example.com/a")
    assert "hunter2" not in str(raised.value.faults)


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    # A path of a socket is short; bind it from its directory.
    here = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(path.name)
    finally:
        os.chdir(here)


@pytest.mark.enable_socket
@pytest.mark.parametrize("make", [Path.mkdir, _fifo, _socket, lambda path: path.symlink_to(path.name)])
def test_only_plain_files_are_read_and_none_is_waited_for(root: Path, make: Callable[[Path], None]) -> None:
    """A FIFO without a writer would block the build for ever."""
    make(root / "odd")
    before = set(os.listdir("/dev/fd"))
    assert _refused(root, "odd") == ["file-unreadable"]
    # Of servers of other tests some may be closed meanwhile.
    assert set(os.listdir("/dev/fd")) <= before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_unreadable(root: Path) -> None:
    (root / "a").chmod(0)
    assert _refused(root, "a") == ["file-unreadable"]


def test_a_name_that_is_too_long_is_unreadable(root: Path) -> None:
    assert _refused(root, "x" * 5000) == ["file-unreadable"]


def test_a_file_may_be_as_large_as_a_secret(root: Path) -> None:
    with (root / "large").open("wb") as file:
        file.truncate(SECRET_LIMIT)
    assert len(LocalFiles(str(root)).read("large")) == SECRET_LIMIT
    with (root / "large").open("r+b") as file:
        file.truncate(1 << 40)
    assert _refused(root, "large") == ["file-unreadable"]


def test_a_file_that_was_exchanged_for_a_link_is_not_followed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look and the reading somebody may exchange it."""
    real = os.open

    def exchange(path: str, flags: int) -> int:
        (root / "a").unlink()
        (root / "a").symlink_to("../outside")
        return real(path, flags)

    monkeypatch.setattr(os, "open", exchange)
    assert _refused(root, "a") == ["file-unreadable"]


def test_a_link_that_leads_nowhere_is_no_missing_file(root: Path) -> None:
    """A vaultgen.lock that is gone behind its link must not count as none."""
    (root / "link").symlink_to("gone")
    (root / "behind").symlink_to("link")
    assert _refused(root, "link") == _refused(root, "behind") == ["file-unreadable"]
    assert _refused(root, "link/a") == ["file-not-found"]
