"""The parent's side: who is answered, and what is left of it."""

import contextlib
import errno
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.eventually import eventually
from vaultgen.session import client, server
from vaultgen.session.server import BuildSession

Asked = list[tuple[str, str, bytes]]


@pytest.fixture
def asked() -> Asked:
    """What the session was asked: face, root, request."""
    return []


@pytest.fixture
def session(asked: Asked) -> Iterator[BuildSession]:
    def answer(face: str, root: str, request: bytes) -> tuple[int, str, bytes]:
        asked.append((face, root, request))
        return 0, "", b"answer to " + request

    with BuildSession(answer) as running:
        yield running


def run(session: BuildSession, request: bytes = b"", *words: str, cwd: str | None = None) -> "subprocess.Popen[bytes]":
    """Start the session's program; it is handed the request on standard input."""
    process = subprocess.Popen(
        [os.path.join(session.bin, "vaultgen"), *words],
        cwd=cwd,
        env={},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin
    process.stdin.write(request)
    process.stdin.close()
    return process


def outcome(process: "subprocess.Popen[bytes]") -> tuple[int, bytes, bytes]:
    with process:
        assert process.stdout
        assert process.stderr
        stdout, stderr = process.stdout.read(), process.stderr.read()
    return process.returncode, stdout, stderr


def raw(session: BuildSession, message: bytes) -> bytes:
    """Send bytes to the session, and return all that comes back before it hangs up."""
    found = b""
    with socket.socket(socket.AF_UNIX) as connection, contextlib.suppress(BrokenPipeError, ConnectionResetError):
        connection.connect(os.path.join(session.directory, "socket"))
        connection.sendall(message)
        connection.shutdown(socket.SHUT_WR)
        while block := connection.recv(1 << 16):
            found += block
    return found


def test_a_function_asks_for_the_directory_that_it_runs_in(session: BuildSession, asked: Asked, tmp_path: Path) -> None:
    root = tmp_path / "ein Verzeichnis mit Ümlaut"
    root.mkdir()
    assert outcome(run(session, b"a list", cwd=str(root))) == (0, b"answer to a list", b"")
    assert asked == [("function", str(root), b"a list")]


def test_a_directory_whose_name_is_no_text_is_told_as_it_is(
    session: BuildSession, asked: Asked, tmp_path: Path
) -> None:
    root = os.fsencode(tmp_path) + b"/\xff\xfe"
    os.mkdir(root)
    assert outcome(run(session, b"x", cwd=os.fsdecode(root)))[0] == 0
    assert asked[0][1] == os.fsdecode(root)


def test_a_plugin_sends_its_config_file(session: BuildSession, asked: Asked, tmp_path: Path) -> None:
    """Further words are those of argsOneLiner."""
    (tmp_path / "config").write_bytes(b"a document")
    program = os.path.join(session.plugin_home, "vaultgen.dev/v1alpha1/vaultsecretgenerator/VaultSecretGenerator")
    environ = {"KUSTOMIZE_PLUGIN_CONFIG_ROOT": "/the/root"}
    command = [program, str(tmp_path / "config"), "more"]
    done = subprocess.run(command, env=environ, capture_output=True, check=True, timeout=60)
    assert done.stdout == b"answer to a document"
    assert asked == [("plugin", "/the/root", b"a document")]


def test_an_answers_status_and_words_are_passed_on() -> None:
    with BuildSession(lambda *_: (4, "error[internal]: ä\n", b"")) as session:
        assert outcome(run(session)) == (4, b"", "error[internal]: ä\n".encode())


def test_a_large_request_gets_a_large_answer(session: BuildSession) -> None:
    request = os.urandom(8 * 1024 * 1024)
    assert outcome(run(session, request)) == (0, b"answer to " + request, b"")


def test_many_are_answered_one_after_the_other(session: BuildSession, asked: Asked) -> None:
    processes = [run(session, b"%d" % number) for number in range(20)]
    assert [outcome(one) for one in processes] == [(0, b"answer to %d" % number, b"") for number in range(20)]
    assert len(asked) == 20


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"function\n",
        b"function 2f 5\nfour",
        b"function 2f 3\nfour",
        b"function xx 0\n",
        b"function 2f x\n",
        b"\xff\xfe 2f 0\n",
        b"one two three four\n",
    ],
)
def test_what_is_no_whole_request_is_not_answered(message: bytes, session: BuildSession, asked: Asked) -> None:
    """A process that was killed half way, say; those that come after it are."""
    assert raw(session, message) == b""
    assert asked == []
    assert outcome(run(session, b"next")) == (0, b"answer to next", b"")


def test_an_endless_request_is_not_answered(
    session: BuildSession, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "REQUEST_LIMIT", 1000)
    assert raw(session, b"function 2f 9999999\n" + b"x" * 8_000_000) == b""
    assert asked == []
    assert outcome(run(session, b"next"))[0] == 0


def test_one_that_says_nothing_does_not_hold_up_the_others(
    session: BuildSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "SILENCE", 0.05)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.connect(os.path.join(session.directory, "socket"))
        assert silent.recv(1) == b""
        # Who does speak may take a moment to begin.
        monkeypatch.setattr(server, "SILENCE", 60)
        assert outcome(run(session, b"next")) == (0, b"answer to next", b"")


def test_a_connection_that_cannot_be_taken_does_not_end_the_session(
    asked: Asked, session: BuildSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process has as many files open as it may, say, for a moment; else each child would wait for ever."""
    failures = iter([OSError(errno.EMFILE, "canary")])
    accept = socket.socket.accept

    def accept_later(self: socket.socket) -> object:
        for failure in failures:
            raise failure
        return accept(self)

    monkeypatch.setattr(socket.socket, "accept", accept_later)
    # The one that waits already is not affected.
    assert outcome(run(session, b"first"))[0] == 0
    assert outcome(run(session, b"next")) == (0, b"answer to next", b"")
    assert next(failures, None) is None


def test_another_user_is_not_answered(session: BuildSession, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 54321)
    assert raw(session, b"function 2f 0\n") == b""
    assert asked == []


def test_only_this_user_can_look_into_the_directory(session: BuildSession) -> None:
    modes = {path: path.stat().st_mode & 0o777 for path in Path(session.directory).rglob("*") if path.is_file()}
    assert os.stat(session.directory).st_mode & 0o777 == 0o700
    assert set(modes.values()) == {0o700}


def test_a_child_that_is_killed_leaves_the_session_working() -> None:
    """Killed while its answer is made."""
    asked, go_on = threading.Event(), threading.Event()

    def answer(face: str, root: str, request: bytes) -> tuple[int, str, bytes]:
        asked.set()
        assert go_on.wait(60)
        return 0, "", b"x" * 1_000_000

    with BuildSession(answer) as session:
        with run(session) as process:
            assert asked.wait(60)
            process.kill()
        go_on.set()
        assert outcome(run(session))[:2] == (0, b"x" * 1_000_000)


def test_nothing_is_left_at_the_end(session: BuildSession) -> None:
    with BuildSession(lambda *_: (0, "", b"")) as inner:
        directory = inner.directory
        assert os.path.isdir(directory)
    assert not os.path.exists(directory)


def test_the_end_does_not_wait_long_for_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """After ctrl-C, say, while Vault is asked."""
    monkeypatch.setattr(server, "PATIENCE", 0.05)
    asked, go_on = threading.Event(), threading.Event()

    def answer(face: str, root: str, request: bytes) -> tuple[int, str, bytes]:
        asked.set()
        go_on.wait(60)
        return 0, "", b""

    with BuildSession(answer) as session:
        process = run(session)
        assert asked.wait(60)
    assert not os.path.exists(session.directory or "/nowhere")
    go_on.set()
    assert outcome(process)[0] in (0, client.LOST)


def test_a_child_whose_parent_is_gone_says_so(session: BuildSession, socket_directory: Path) -> None:
    command = [sys.executable, "-I", "-S", client.__file__, str(socket_directory / "socket")]
    done = subprocess.run(command, input=b"x", env={}, capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (client.LOST, b"")
    assert done.stderr == b"vaultgen: the build that this belongs to does not answer: No such file or directory\n"


def test_a_child_waits_for_a_parent_that_has_no_room_yet(socket_directory: Path) -> None:
    """A full queue is told in other words elsewhere; a socket that nobody listens at yet refuses on every system."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(socket_directory / "socket"))
        traced = "import sys; sys.argv[:] = sys.argv[1:]; import time; pause = time.sleep\n"
        traced += "time.sleep = lambda seconds: (print(end='.', file=sys.stderr, flush=True), pause(seconds))\n"
        traced += "exec(compile(open(sys.argv[0]).read(), 'client', 'exec'))"
        command = [sys.executable, "-I", "-S", "-c", traced, client.__file__, str(socket_directory / "socket")]
        with subprocess.Popen(
            command, env={}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stderr
            assert process.stderr.read(1) == b"."
            listener.listen()
            connection, _ = listener.accept()
            with connection:
                while connection.recv(1 << 16):
                    pass
                connection.sendall(b"0 0 4\nmade")
            assert process.stdout
            assert process.stdout.read() == b"made"
        assert process.returncode == 0


def test_a_child_does_not_wait_for_ever_for_room(socket_directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PATIENCE", 0.05)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(socket_directory / "socket"))
        with pytest.raises(ConnectionRefusedError):
            client.connected(str(socket_directory / "socket"))


@pytest.mark.parametrize("answer", [b"", b"0 0", b"0 0 5\nfour", b"0 0 3\nfour", b"x y z\n"])
def test_a_child_does_not_take_half_an_answer_for_one(answer: bytes, socket_directory: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(socket_directory / "socket"))
        listener.listen()
        command = [sys.executable, "-I", "-S", client.__file__, str(socket_directory / "socket")]
        with subprocess.Popen(
            command, env={}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            connection, _ = listener.accept()
            with connection:
                while connection.recv(1 << 16):
                    pass
                connection.sendall(answer)
            assert process.wait(60) == client.LOST
            assert process.stdout
            assert process.stdout.read() == b""


def test_further_plugins_are_linked(tmp_path: Path) -> None:
    (tmp_path / "Maker").write_text("x")
    with BuildSession(lambda *_: (0, "", b""), [("example.com/v1/maker", str(tmp_path))]) as session:
        assert Path(session.plugin_home, "example.com/v1/maker/Maker").read_text() == "x"


def test_the_same_plugin_may_be_named_twice(tmp_path: Path) -> None:
    with BuildSession(lambda *_: (0, "", b""), [("example.com/v1/maker", str(tmp_path))] * 2) as session:
        assert os.path.isdir(os.path.join(session.plugin_home, "example.com/v1/maker"))


def test_a_python_in_a_directory_with_a_space_is_run(
    asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = tmp_path / "ein Verzeichnis" / "python $(x) 'y'"
    link.parent.mkdir()
    link.symlink_to(sys.executable)
    monkeypatch.setattr(sys, "executable", str(link))
    with BuildSession(lambda *_: (0, "", b"answer")) as session:
        assert outcome(run(session)) == (0, b"answer", b"")


def test_a_client_outside_of_the_package_imports_nothing_of_it() -> None:
    """It is started for each document, and has to be over in no time."""
    run_it = f"exec(compile(open({client.__file__!r}).read(), 'client', 'exec'), {{'__name__': 'client'}})"
    code = f"import os, sys; before = {{*sys.modules}}; {run_it}; print(*({{*sys.modules}} - before))"
    command = [sys.executable, "-I", "-S", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert set(done.stdout.split()) <= {"_socket", "time"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_the_watch_outlives_a_signal_to_the_parents_group(number: signal.Signals) -> None:
    """ctrl-C in a terminal goes to the whole group; the watch is in none of ours."""
    code = (
        "import os, signal, sys\nfrom vaultgen.session.server import BuildSession\n"
        "with BuildSession(lambda *_: (0, '', b'')) as session:\n"
        "    print(session.directory, flush=True)\n    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout
        directory = process.stdout.readline().strip()
        assert os.path.isdir(directory)
        os.killpg(process.pid, number)
        assert process.wait(60) != 0
    assert eventually(lambda: not os.path.exists(directory))
