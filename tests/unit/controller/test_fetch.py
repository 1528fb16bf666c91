"""A source's artifact over HTTP, from servers that do what no source controller would."""

import contextlib
import hashlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import NoReturn

import pytest

from vaultgen.controller.fetch import SIZE_LIMIT, fetch
from vaultgen.controller.sources import SourceArtifact
from vaultgen.errors import Refused
from vaultgen.errors.report import message

Serve = Callable[[Callable[[socket.socket], None]], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a server that hands each connection to a function, and return its URL."""
    listeners: list[socket.socket] = []

    def start(answer: Callable[[socket.socket], None]) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def run() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection, contextlib.suppress(OSError):
                    connection.recv(65536)
                    answer(connection)

        threading.Thread(target=run, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/x"

    yield start
    for listener in listeners:
        listener.close()


def why(url: str, digest: str = f"sha256:{'0' * 64}", seconds: float = 60) -> str:
    """Fetch in vain; return what is said about it."""
    with pytest.raises(Refused) as refused:
        fetch(SourceArtifact(url, "main@1", digest), seconds)
    return message(refused.value.faults[0])


def test_a_name_is_looked_up(serve: Serve) -> None:
    url = serve(lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"))
    digest = f"sha256:{hashlib.sha256(b'a').hexdigest()}"
    url = url.replace("127.0.0.1", "localhost")
    assert fetch(SourceArtifact(url, "main@1", digest), 60) == b"a"


@pytest.mark.parametrize("error", [socket.gaierror(socket.EAI_NONAME, "canary"), UnicodeError("canary")])
def test_a_name_that_is_none_is_said_without_the_systems_words(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def getaddrinfo(*_: object) -> NoReturn:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    assert why("http://source.invalid/x").endswith("no answer came")


def test_a_name_server_that_is_silent_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked one time after the other, in turn for each search domain, longer than any look may take."""
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: released.wait() and [])
    try:
        assert why("http://source.invalid/x", seconds=0.2).endswith("it did not come in time")
    finally:
        released.set()


def test_bytes_with_the_digest_are_returned_as_they_came(serve: Serve) -> None:
    content = b"\x1f\x8b" + bytes(1000)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(content)
    url = serve(lambda connection: connection.sendall(head + content))
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert fetch(SourceArtifact(url, "main@1", digest), 60) == content


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"HTTP/1.1 200 OK\r\nX-Slow: ", b""],
    ids=["body", "head", "before the head"],
)
def test_a_byte_at_a_time_does_not_make_the_time_longer(serve: Serve, head: bytes) -> None:
    """One of a few threads would be taken for as long as the server likes."""
    ended = threading.Event()

    def trickle(connection: socket.socket) -> None:
        connection.sendall(head)
        for _ in range(200):
            if not ended.wait(0.05):
                connection.sendall(b"x" if head else b"")

    said = why(serve(trickle), seconds=0.5)
    ended.set()
    assert "did not come in time" in said


def test_more_than_the_limit_is_not_kept(serve: Serve) -> None:
    def flood(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(bytes(1 << 20))

    assert f"larger than {SIZE_LIMIT >> 20} MiB" in why(serve(flood), seconds=60)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "answered with 302"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", "cut off"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", "another digest"),
        (b"nonsense\r\n\r\n", "no answer came"),
        (b"", "no answer came"),
    ],
)
def test_what_is_no_artifact_is_said(serve: Serve, answer: bytes, said: str) -> None:
    assert said in why(serve(lambda connection: connection.sendall(answer)))


@pytest.mark.parametrize(
    ("url", "digest", "said"),
    [
        ("file:///etc/passwd", "sha256:0", "neither http nor https"),
        ("http://", "sha256:0", "no answer came"),
        ("http://127.0.0.1:99999/", "sha256:0", "no answer came"),
        ("http://127.0.0.1:1/", "md5:0", "algorithm"),
        ("http://127.0.0.1:1/", "", "algorithm"),
    ],
)
def test_what_no_source_controller_writes_is_not_asked_for(url: str, digest: str, said: str) -> None:
    assert said in why(url, digest)


def test_a_digest_that_is_no_text_of_ascii_is_another(serve: Serve) -> None:
    url = serve(lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"))
    assert "another digest" in why(url, "sha256:ü")
