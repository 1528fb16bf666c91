"""Servers with one fault each, which a real Vault cannot be made to show.

Wherever there is room, they say back what they were sent: in the body, in a header, in a redirect's target. So does
many a proxy with its debug page on.
"""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple


class Asked(NamedTuple):
    """One request, or the first bytes of something else."""

    head: str
    body: bytes

    @property
    def token(self) -> str:
        """The Vault token that came with it."""
        return self.header("X-Vault-Token")

    @property
    def echo(self) -> str:
        """All that was sent, on one line that JSON and a header can hold."""
        text = self.head + self.body.decode(errors="replace")
        return "".join(" " if ord(letter) < 32 or letter in '"\\' else letter for letter in text)

    def header(self, name: str) -> str:
        """The text of a header, or nothing."""
        lines = (line.partition(": ") for line in self.head.split("\r\n"))
        return next((value for found, _, value in lines if found.lower() == name.lower()), "")


Fault = Callable[[Asked], bytes | None]
"""Returns the bytes to answer with, after which the connection ends; None leaves the client waiting."""


def _http(asked: Asked, status: int, body: str, *headers: str, length: int | None = None) -> bytes:
    content = body.encode()
    size = len(content) if length is None else length
    lines = (f"HTTP/1.1 {status} Because", f"X-Debug: {asked.echo}", f"Content-Length: {size}", *headers, "", "")
    return "\r\n".join(lines).encode() + content


def _errors(status: int, *headers: str) -> Fault:
    return lambda asked: _http(asked, status, f'{{"errors":["bad: {asked.echo}"]}}', *headers)


def _redirects(asked: Asked) -> bytes:
    return _http(asked, 307, asked.echo, f"Location: https://elsewhere.example.com/{asked.token}?token={asked.token}")


def _redirects_with_userinfo(asked: Asked) -> bytes:
    return _http(asked, 302, asked.echo, f"Location: https://{asked.token}:x@elsewhere.example.com/")


FAULTS: dict[str, Fault] = {
    "redirects elsewhere": _redirects,
    "redirects with a user name": _redirects_with_userinfo,
    "redirects to the token": lambda asked: _http(asked, 308, "", f"Location: https://{asked.token}.example.com/"),
    "redirects to nothing": lambda asked: _http(asked, 301, "", f"Location: \t{asked.token}"),
    "answers 400": _errors(400),
    "answers 403": _errors(403),
    "answers 404": _errors(404),
    "answers 405": _errors(405),
    "answers 412": _errors(412),
    "answers 413": _errors(413),
    "answers 418": _errors(418),
    "answers 429": _errors(429, "Retry-After: 0"),
    "answers 500": _errors(500),
    "answers 501": _errors(501),
    "answers 502 with a page": lambda asked: _http(asked, 502, f"<html>{asked.echo}</html>"),
    "answers with a page": lambda asked: _http(asked, 200, f"<html>{asked.echo}</html>"),
    "answers with broken JSON": lambda asked: _http(asked, 200, f'{{"data": {{"data": "{asked.echo}'),
    "answers with a list": lambda asked: _http(asked, 200, f'["{asked.echo}"]'),
    "answers with other fields": lambda asked: _http(asked, 200, f'{{"data": {{"data": "{asked.echo}"}}}}'),
    "answers with nesting": lambda asked: _http(asked, 200, "[" * 100_000 + asked.echo),
    "answers with bytes": lambda asked: _http(asked, 200, asked.echo) + b"\xff\xfe",
    "breaks off": lambda asked: _http(asked, 200, asked.echo, length=100_000),
    "announces too much": lambda asked: _http(asked, 200, asked.echo, length=1 << 40),
    "sends too long a header": lambda asked: _http(asked, 200, "", f"X-Long: {asked.echo * 1000}"),
    "sends two lengths": lambda asked: _http(asked, 200, asked.echo, "Content-Length: 3"),
    "speaks something else": lambda asked: f"SSH-2.0-OpenSSH_9.2 {asked.echo}\r\n".encode(),
    "hangs up": lambda asked: b"",
    "says nothing": lambda asked: None,
    "demands a second factor": lambda asked: _http(
        asked,
        200,
        f'{{"auth": {{"client_token": "", "policies": null, "metadata": {{"echo": "{asked.echo}"}}, '
        '"mfa_requirement": {"mfa_request_id": "d0c9eec7-6921-8cc0-be62-202b289ef163", "mfa_constraints": {}}}}',
    ),
    "is a proxy that refuses": lambda asked: _http(asked, 407, asked.echo, "Proxy-Authenticate: Basic"),
}


class FaultyServer(NamedTuple):
    """One that is running."""

    port: int
    asked: threading.Event
    """Set once something was received."""


@contextlib.contextmanager
def running_faulty_server(fault: str, certificate: tuple[Path, Path] | None = None) -> Iterator[FaultyServer]:
    """Run a server on loopback with a fault of ``FAULTS``, over TLS if it has a certificate."""
    answer = FAULTS[fault]
    asked, ended = threading.Event(), threading.Event()
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)

    def serve(connection: socket.socket) -> None:
        # A client that gives up, in the handshake or later, is what the tests are about.
        with contextlib.suppress(OSError), contextlib.closing(connection):
            speaking = context.wrap_socket(connection, server_side=True) if context else connection
            with contextlib.closing(speaking):
                received = _receive(speaking)
                asked.set()
                if (content := answer(received)) is None:
                    ended.wait()
                else:
                    speaking.sendall(content)
                    speaking.shutdown(socket.SHUT_WR)
                    while speaking.recv(4096):
                        pass

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        try:
            yield FaultyServer(listener.getsockname()[1], asked)
        finally:
            ended.set()
            # Wakes accept(), which closing the listener alone does not.
            listener.shutdown(socket.SHUT_RDWR)


def _receive(connection: socket.socket) -> Asked:
    """Read a request with its body, or the first bytes that are none."""
    data = b""
    while b"\r\n\r\n" not in data:
        if not (more := connection.recv(65536)):
            break
        data += more
        if not data[:1].isalpha():
            break
    head, _, body = data.partition(b"\r\n\r\n")
    asked = Asked(head.decode("latin-1"), body)
    missing = int(asked.header("Content-Length") or 0) - len(body)
    while missing > 0 and (more := connection.recv(missing)):
        body += more
        missing -= len(more)
    return asked._replace(body=body)
