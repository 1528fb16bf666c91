"""The parent's side of a build: answers every function process of kustomize from one Vault session."""

import contextlib
import os
import shlex
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterable
from types import TracebackType

from vaultgen.kustomize.plugin_home import DOCUMENTS
from vaultgen.private_directory import PrivateDirectory
from vaultgen.session import client

REQUEST_LIMIT = 64 * 1024 * 1024
"""Bytes of one request: kustomize hands a transformer all resources."""
SILENCE = 30.0
"""Seconds that a process may say nothing in the middle of its request."""
PATIENCE = 2.0
"""Seconds that the end of a session waits for an answer in the making."""
PAUSE = 0.01
"""Seconds until the next attempt where the system cannot hand a connection over, for want of a descriptor, say."""

Answer = Callable[[str, str, bytes], tuple[int, str, bytes]]
"""(face, root, request) → (status, text for standard error, standard output)."""


class BuildSession:
    """A private directory with a socket, an executable ``vaultgen`` and the legacy plugins, while a ``with`` lasts.

    Only processes of this user are answered. The directory goes away at the end, also if this process is killed.
    """

    def __init__(self, answer: Answer, plugins: Iterable[tuple[str, str]] = ()) -> None:
        """``answer`` runs in a thread of its own, one request after the other; it must not raise.

        ``plugins`` are further legacy plugins: path below KUSTOMIZE_PLUGIN_HOME, and the directory that is there.
        """
        self._answer = answer
        self._linked = plugins
        self._private = PrivateDirectory()
        self._listener: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._is_over = threading.Event()

    @property
    def directory(self) -> str:
        """The directory itself."""
        return self._private.path

    @property
    def bin(self) -> str:
        """Directory to put first on PATH: its ``vaultgen`` asks this session."""
        return os.path.join(self.directory, "bin")

    @property
    def plugin_home(self) -> str:
        """What KUSTOMIZE_PLUGIN_HOME must hold."""
        return os.path.join(self.directory, "plugin")

    def bind(self, process_group: int | None) -> None:
        """Have the processes of a build killed if this one is; None once they have ended."""
        self._private.bind(process_group)

    def __enter__(self) -> "BuildSession":
        self._private.__enter__()
        try:
            path = os.path.join(self.directory, "socket")
            self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._listener.bind(path)
            self._listener.listen(socket.SOMAXCONN)  # kustomize starts as many processes as it likes
            self._write_programs(path)
            self._thread = threading.Thread(target=self._serve, args=(self._listener,), daemon=True)
            self._thread.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        if self._thread is not None and self._listener is not None:
            self._wake(self._listener.getsockname())
            self._thread.join(PATIENCE)
        if self._listener is not None:
            self._listener.close()
        self._private.__exit__(kind, error, trace)

    def _write_programs(self, path: str) -> None:
        command = shlex.join([sys.executable, "-I", "-S", os.path.abspath(client.__file__), path])
        for place in (os.path.join(self.bin, "vaultgen"), *(os.path.join(self.plugin_home, one) for one in DOCUMENTS)):
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "w", encoding="utf-8", errors="surrogateescape") as file:
                file.write(f'#!/bin/sh\nexec {command} "$@"\n')
            os.chmod(place, 0o700)
        for below, directory in dict(self._linked).items():
            place = os.path.join(self.plugin_home, below)
            os.makedirs(os.path.dirname(place), exist_ok=True)
            os.symlink(directory, place)

    def _wake(self, path: str) -> None:
        """Have the thread that waits for a connection look up; not every system lets a listener be shut down."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            # Where the queue is full the thread has no need to be woken.
            connection.setblocking(False)
            connection.connect(path)

    def _serve(self, listener: socket.socket) -> None:
        while not self._is_over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                self._is_over.wait(PAUSE)
                continue
            with connection:
                if self._is_over.is_set():
                    return
                try:
                    if _peer_user(connection) == os.getuid():
                        self._exchange(connection)
                except (OSError, ValueError):
                    # The other side was killed, or is none of ours; kustomize will say so.
                    continue

    def _exchange(self, connection: socket.socket) -> None:
        connection.settimeout(SILENCE)
        message = bytearray()
        while block := connection.recv(1 << 16):
            message += block
            if len(message) > REQUEST_LIMIT:
                return
        head, _, request = bytes(message).partition(b"\n")
        face, root, length = head.decode().split(" ")
        if len(request) != int(length):
            return
        status, text, output = self._answer(face, os.fsdecode(bytes.fromhex(root)), request)
        words = text.encode(errors="replace")
        connection.sendall(b"%d %d %d\n%s%s" % (status, len(words), len(output), words, output))


def _peer_user(connection: socket.socket) -> int:
    """Return the user id of the process at the other end (SO_PEERCRED of unix(7)).

    Where the system has no such thing, the mode of the directory alone keeps others out.
    """
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return os.getuid()
    credentials = connection.getsockopt(socket.SOL_SOCKET, option, struct.calcsize("3i"))
    user: int = struct.unpack("3i", credentials)[1]
    return user
