"""A server on loopback that answers by a script: for what a real Vault cannot be made to do on demand."""

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple


class Asked(NamedTuple):
    """A request as it arrived."""

    connection: int
    """0 for the first connection."""
    number: int
    """0 for the first request on its connection."""
    line: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def path(self) -> str:
        """The target on the request line."""
        return self.line.split(" ")[1]


class Reply(NamedTuple):
    """Bytes to send, and what to do then."""

    content: bytes
    then: Literal["keep", "close", "reset", "cut", "wait"] = "keep"
    """``cut`` closes without TLS's goodbye, ``close`` says it."""


Script = Callable[[Asked], Reply]
"""Called on the thread of its connection; it may wait."""


class ScriptedServer:
    """What the server saw. Start it with ``running_script``."""

    def __init__(self, script: Script, listener: socket.socket, context: ssl.SSLContext | None) -> None:
        self.script = script
        self.asked: list[Asked] = []
        self.connections = 0
        self.ended = threading.Event()
        """Set when the server stops; a script may wait for it."""
        self._open: dict[int, socket.socket] = {}
        self.port = 0 if listener.family == socket.AF_UNIX else int(listener.getsockname()[1])
        self._listener = listener
        self._context = context

    @property
    def address(self) -> str:
        """``http://127.0.0.1:PORT``, or https."""
        return f"http{'s' if self._context else ''}://127.0.0.1:{self.port}"

    @property
    def lines(self) -> list[str]:
        """The request lines so far."""
        return [asked.line for asked in self.asked]

    def accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                number = self.connections
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError), contextlib.closing(connection):
            speaking = self._context.wrap_socket(connection, server_side=True) if self._context else connection
            self._open[number] = speaking
            with contextlib.closing(speaking):
                self._converse(speaking, number)

    def demand_client_certificate(self, ca: Path, version: ssl.TLSVersion) -> None:
        """Refuse clients without a certificate of a CA, in this TLS version."""
        if self._context:
            self._context.verify_mode = ssl.CERT_REQUIRED
            self._context.load_verify_locations(ca)
            self._context.maximum_version = version

    def say(self, connection: int, content: bytes) -> None:
        """Send bytes that nobody asked for."""
        self._open[connection].sendall(content)

    def _converse(self, speaking: socket.socket, connection: int) -> None:
        number = 0
        while asked := _receive(speaking, connection, number):
            self.asked.append(asked)
            reply = self.script(asked)
            speaking.sendall(reply.content)
            if reply.then == "wait":
                self.ended.wait()
            if reply.then == "reset":
                speaking.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            if reply.then == "close" and isinstance(speaking, ssl.SSLSocket):
                speaking.unwrap()
            if reply.then != "keep":
                return
            number += 1


@contextlib.contextmanager
def running_script(
    script: Script, *, certificate: tuple[Path, Path] | None = None, unix: Path | None = None
) -> Iterator[ScriptedServer]:
    """Run a server for the length of a ``with`` block, over TLS if it has a certificate."""
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
    if unix:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(unix))
        listener.listen()
    else:
        listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    server = ScriptedServer(script, listener, context)
    with listener:
        thread = threading.Thread(target=server.accept, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.ended.set()
            # Wakes accept(), which closing the listener alone does not.
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def http(status: int, body: bytes | str = b"", *headers: str) -> bytes:
    """Return an HTTP/1.1 answer with a Content-Length."""
    content = body.encode() if isinstance(body, str) else body
    lines = (f"HTTP/1.1 {status} Because", f"Content-Length: {len(content)}", *headers, "", "")
    return "\r\n".join(lines).encode() + content


def _receive(speaking: socket.socket, connection: int, number: int) -> Asked | None:
    data = b""
    while b"\r\n\r\n" not in data:
        if not (more := speaking.recv(65536)):
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    line, *rest = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (text.partition(": ") for text in rest)}
    missing = int(headers.get("content-length", 0)) - len(body)
    while missing > 0 and (more := speaking.recv(missing)):
        body += more
        missing -= len(more)
    return Asked(connection, number, line, headers, body)
