"""A word on the terminal while Vault keeps a command waiting, and nothing of it once there is an answer."""

import os
import select
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.build import PASSWORD, build_environment, generator, write_documents
from support.kustomize import kustomize, vaultgen_directory

LONGEST = 60.0
"""Seconds after which a test gives up."""


class Silent:
    """A server that takes connections and says nothing, until it is closed."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._held: list[socket.socket] = []
        self._closed = False
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def close(self) -> None:
        """Hang up, and take nothing more."""
        if not self._closed:
            self._closed = True
            self._socket.shutdown(socket.SHUT_RDWR)
            self._thread.join()
            for one in (*self._held, self._socket):
                one.close()

    def _accept(self) -> None:
        while True:
            try:
                self._held.append(self._socket.accept()[0])
            except OSError:
                return


@pytest.fixture
def silent() -> Iterator[Silent]:
    server = Silent()
    yield server
    server.close()


def shown_until(terminal: int, text: str) -> str:
    """Return what a terminal shows up to a text, or up to its end."""
    shown = b""
    while not (text and text in shown.decode(errors="replace")):
        assert select.select([terminal], [], [], LONGEST)[0], f"after {LONGEST} s it shows {shown!r}"
        try:
            shown += os.read(terminal, 1 << 16)
        except OSError:
            # So Linux ends a terminal that nobody holds any more.
            break
    return shown.decode()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["build", "tree"], "building tree …"),
        (["lock", "tree"], "reading from Vault …"),
        (["policy", "--check", "tree"], "asking Vault …"),
        (["doctor", "tree"], "still looking …"),
    ],
)
def test_what_is_waited_for_is_said_and_taken_away(words: list[str], said: str, silent: Silent, tmp_path: Path) -> None:
    write_documents(tmp_path / "tree", [generator(PASSWORD)])
    environment = {"VAULT_ADDR": silent.address, "VAULT_TOKEN": "t", "VAULT_MAX_RETRIES": "0", "TERM": "xterm"}
    environment = build_environment(tmp_path, environment)
    environment["PATH"] += os.pathsep + str(Path(kustomize()).parent)
    ours, theirs = os.openpty()
    command = [str(vaultgen_directory() / "vaultgen"), *words]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs
    ):
        os.close(theirs)
        assert shown_until(ours, "…") == said
        silent.close()
        rest = shown_until(ours, "")
    os.close(ours)
    assert rest.startswith("\r\x1b[K")
    assert "…" not in rest.partition("error")[0]
