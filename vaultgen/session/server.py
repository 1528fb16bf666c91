"""The parent's side of a build: answers every function process of kustomize from one Vault session."""

import os
import shutil
import socket
import struct
import sys
import threading
from collections.abc import Callable
from types import TracebackType

from vaultgen.private_directory import new_private_directory
from vaultgen.session import client

REQUEST_LIMIT = 64 * 1024 * 1024
"""Bytes of one request: kpt hands over whole packages."""

Answer = Callable[[str, str, bytes], tuple[int, str, bytes]]
"""(face, root, request) → (status, text for standard error, standard output)."""


class BuildSession:
    """A private directory with a socket, an executable ``vaultgen`` and the legacy plugins, while a ``with`` lasts.

    The directory has mode 0700, only processes of this user are answered, and it goes away at the end: also when
    this process is killed, since a small process watches over it.
    """

    def __init__(self, answer: Answer) -> None:
        """``answer`` runs in a thread of its own, one request after the other; it must not raise."""
        self._answer = answer
        self.directory = ""
        self._listener: socket.socket | None = None
        self._thread: threading.Thread | None = None

    @property
    def bin(self) -> str:
        """Directory to put first on PATH: its ``vaultgen`` asks this session."""
        return os.path.join(self.directory, "bin")

    @property
    def plugin_home(self) -> str:
        """What KUSTOMIZE_PLUGIN_HOME must hold, for documents without a function annotation."""
        return os.path.join(self.directory, "plugin")

    def __enter__(self) -> "BuildSession":
        self.directory = new_private_directory()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        path = os.path.join(self.directory, "socket")
        self._listener.bind(path)
        self._listener.listen(16)
        self._write_executables(path)
        self._thread = threading.Thread(target=self._serve, args=(self._listener,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._listener is not None:
            # shutdown wakes the thread that waits in accept; close alone would not
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        if self._thread is not None:
            self._thread.join()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _write_executables(self, path: str) -> None:
        from shlex import join

        script = f'#!/bin/sh\nexec {join([sys.executable, "-I", "-S", client.__file__, path])} "$@"\n'
        places = [
            os.path.join(self.bin, "vaultgen"),
            os.path.join(self.plugin_home, "vaultgen.dev/v1alpha1/vaultsecretgenerator/VaultSecretGenerator"),
            os.path.join(self.plugin_home, "kustomize.toolkit.fluxcd.io/v1/kustomization/Kustomization"),
            os.path.join(self.plugin_home, "kustomize.toolkit.fluxcd.io/v1beta2/kustomization/Kustomization"),
        ]
        for place in places:
            os.makedirs(os.path.dirname(place), mode=0o700, exist_ok=True)
            with open(place, "w") as file:
                file.write(script)
            os.chmod(place, 0o700)

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    if _peer_user(connection) == os.getuid():
                        self._exchange(connection)
                except OSError:
                    # The other side was killed; kustomize will say so.
                    continue

    def _exchange(self, connection: socket.socket) -> None:
        message = bytearray()
        while block := connection.recv(1 << 16):
            message += block
            if len(message) > REQUEST_LIMIT:
                return
        face, _, rest = bytes(message).partition(b"\n")
        root, found, request = rest.partition(b"\n")
        if found:
            status, text, output = self._answer(face.decode(), os.fsdecode(bytes.fromhex(root.decode())), request)
            words = text.encode()
            connection.sendall(b"%d %d\n%s%s" % (status, len(words), words, output))


def _peer_user(connection: socket.socket) -> int:
    """Return the user id of the process at the other end (SO_PEERCRED of unix(7))."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    user: int = struct.unpack("3i", credentials)[1]
    return user
