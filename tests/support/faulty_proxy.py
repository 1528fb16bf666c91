"""A TCP proxy on loopback before a real server, with a fault that is set and taken away while it runs."""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from typing import Literal, get_args

from support.ports import free_ports

Fault = Literal[
    "refuses connections",
    "resets connections",
    "never answers",
    "drips answers",
    "cuts answers",
    "cuts answers to reads",
]
FAULTS: tuple[Fault, ...] = get_args(Fault)

_CHUNK = 65536
_READ = b"/data/"
"""Stands in the path of each read of KV v2, and of nothing else."""
_DRIP_SECONDS = 0.1
"""An answer has several hundred bytes."""
_RESET = struct.pack("ii", 1, 0)


class FaultyProxy:
    """One that is running. Start it with ``running_faulty_proxy``."""

    def __init__(self, port: int) -> None:
        self._server = port
        self.asked = 0
        """How many requests came."""
        self._fault: Fault | None = None
        # One that is still free when it listens there again.
        self._listener = socket.create_server(("127.0.0.1", free_ports(1)[0]), backlog=128)
        self.port = int(self._listener.getsockname()[1])
        self._ended = threading.Event()
        self._open: set[socket.socket] = set()
        self._start()

    @property
    def address(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return f"http://127.0.0.1:{self.port}"

    @contextlib.contextmanager
    def fault(self, fault: Fault) -> Iterator[None]:
        """Have a fault for the length of a ``with`` block, from now on, on connections that are open as well."""
        self._fault = fault
        if fault == "refuses connections":
            self._stop()
        try:
            yield
        finally:
            self._fault = None
            if fault == "refuses connections":
                self._listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
                self._start()
            self._drop_connections()

    def end(self) -> None:
        """Stop listening and drop all connections."""
        self._ended.set()
        self._stop()

    def _start(self) -> None:
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _stop(self) -> None:
        # Wakes accept(), which closing the listener alone does not.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._drop_connections()

    def _drop_connections(self) -> None:
        for connection in tuple(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.closing(connection):
            if self._fault == "resets connections":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                return
            self._open.add(connection)
            try:
                with socket.create_connection(("127.0.0.1", self._server)) as server:
                    self._converse(connection, server)
            finally:
                self._open.discard(connection)

    def _converse(self, client: socket.socket, server: socket.socket) -> None:
        """Take a request after the other; each is small, and answered before the next is sent."""
        while request := client.recv(_CHUNK):
            self.asked += 1
            server.sendall(request)
            is_read = _READ in request.partition(b"\r\n")[0]
            answer = server.recv(_CHUNK)
            if self._fault == "never answers":
                self._ended.wait()
            while self._fault == "drips answers" and len(answer) > 1:
                client.sendall(answer[:1])
                answer = answer[1:]
                self._ended.wait(_DRIP_SECONDS)
            if self._fault == "resets connections":
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                return
            if self._fault == "cuts answers" or (self._fault == "cuts answers to reads" and is_read):
                client.sendall(answer[: len(answer) - 10])
                return
            client.sendall(answer)


@contextlib.contextmanager
def running_faulty_proxy(port: int) -> Iterator[FaultyProxy]:
    """Run a proxy before a port of loopback for the length of a ``with`` block."""
    proxy = FaultyProxy(port)
    try:
        yield proxy
    finally:
        proxy.end()
