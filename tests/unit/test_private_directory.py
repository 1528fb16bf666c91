"""A directory that goes away, however the process ends."""

import contextlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from support.eventually import eventually
from support.process import is_running
from vaultgen.private_directory import PrivateDirectory

HOLD = """\
import os, sys
from vaultgen.private_directory import PrivateDirectory
with PrivateDirectory() as private:
    open(os.path.join(private.path, 'inside'), 'w').close()
    print(private.path, flush=True)
    {more}
    sys.stdin.read()
"""
CHILD = (
    "import subprocess; child = subprocess.Popen(['sleep', '600'], start_new_session=True); "
    "private.bind(child.pid); {then}print(child.pid, flush=True)"
)


def held(more: str = "pass") -> "subprocess.Popen[str]":
    """Start a process that has a private directory until its standard input ends."""
    command = [sys.executable, "-c", HOLD.format(more=more)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def read_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def test_it_is_this_users_alone_and_gone_at_the_end() -> None:
    with PrivateDirectory() as private:
        path = private.path
        assert os.stat(path).st_mode & 0o777 == 0o700
        Path(path, "inside").write_text("x")
    assert not os.path.exists(path)


def test_it_is_gone_after_an_exception() -> None:
    private = PrivateDirectory()
    with contextlib.suppress(KeyboardInterrupt), private:
        path = private.path
        raise KeyboardInterrupt
    assert not os.path.exists(path)


def test_no_process_stays_behind() -> None:
    with PrivateDirectory() as private:
        watch = private._watch
    assert watch is not None
    assert watch.returncode == 0


@pytest.mark.parametrize("name", ["kill", "terminate"])
def test_it_is_gone_after_a_kill(name: str) -> None:
    with held() as process:
        path = read_line(process)
        assert os.path.exists(f"{path}/inside")
        getattr(process, name)()
    assert eventually(lambda: not os.path.exists(path))


def test_what_is_bound_ends_with_it() -> None:
    with held(CHILD.format(then="")) as process:
        path, child = read_line(process), int(read_line(process))
        process.kill()
    assert eventually(lambda: not os.path.exists(path))
    assert eventually(lambda: not is_running(child))


def test_what_is_bound_no_longer_does_not() -> None:
    with held(CHILD.format(then="private.bind(None); ")) as process:
        path, child = read_line(process), int(read_line(process))
        process.kill()
    try:
        assert eventually(lambda: not os.path.exists(path))
        assert is_running(child)
    finally:
        os.kill(child, 9)


def test_the_watch_holds_nothing_of_ours_open() -> None:
    """Else who reads our output would wait for it."""
    with PrivateDirectory() as private:
        assert private._watch is not None
        watch = Path(f"/proc/{private._watch.pid}")
        # The kernel shows an empty environment until the program is in its place, somewhat after Popen returns.
        assert eventually(lambda: (watch / "environ").read_bytes() != b"")
        # While it starts, the libraries that it loads are open as well.
        assert eventually(lambda: set(os.listdir(watch / "fd")) <= {"0", "1", "2", "10"})
        environ = (watch / "environ").read_bytes()
    assert [part.partition(b"=")[0] for part in environ.split(b"\0") if part] == [b"PATH"]


def test_two_do_not_disturb_each_other() -> None:
    with PrivateDirectory() as one:
        with PrivateDirectory() as two:
            assert one.path != two.path
        assert os.path.isdir(one.path)


@pytest.mark.parametrize("name", ["with a space", "Ümläut", "'quoted'", "$(x)", "-rf"])
def test_the_name_of_the_directory_above_does_not_matter(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr("vaultgen.private_directory._LONGEST", 200)
    monkeypatch.setenv("TMPDIR", str(tmp_path / name))
    (tmp_path / name).mkdir()
    with PrivateDirectory() as private:
        assert Path(private.path).parent == tmp_path / name
    assert list((tmp_path / name).iterdir()) == []


def test_a_long_way_to_temporary_files_leaves_room_for_a_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    with PrivateDirectory() as private:
        assert len(os.fsencode(private.path)) < 90
    assert list(deep.iterdir()) == []
