"""Over loopback, with a client that sends paths just as they are written."""

import asyncio
import contextlib
import http.client
import os
import select
import socket
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.client import IncompleteRead
from io import BufferedReader, FileIO
from pathlib import Path
from typing import NamedTuple

import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry, Counter

from vaultgen.controller import serve
from vaultgen.controller.serve import serving
from vaultgen.controller.store import Store, Stored
from vaultgen.errors import Refused
from vaultgen.errors.report import report

LARGE = os.urandom(1 << 20) * 16


class Answer(NamedTuple):
    status: int
    content: bytes
    headers: dict[str, str]


@contextlib.contextmanager
def running(*faces: tuple[web.Application, str]) -> Iterator[list[str]]:
    """Serve on a thread; the addresses are those that came to be."""
    ready, bound = threading.Event(), list[str]()

    async def serve_until(loop_ready: Callable[[asyncio.AbstractEventLoop, asyncio.Event], None]) -> None:
        ended = asyncio.Event()
        async with serving(faces) as addresses:
            bound.extend(addresses)
            loop_ready(asyncio.get_running_loop(), ended)
            await ended.wait()

    control: list[Callable[[], object]] = []

    def loop_ready(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
        control.append(lambda: loop.call_soon_threadsafe(ended.set))
        ready.set()

    thread = threading.Thread(target=lambda: asyncio.run(serve_until(loop_ready)))
    thread.start()
    assert ready.wait(60)
    try:
        yield bound
    finally:
        control[0]()
        thread.join()


def ask(address: str, path: str, method: str = "GET") -> Answer:
    connection = http.client.HTTPConnection(address, timeout=60)
    with contextlib.closing(connection):
        connection.putrequest(method, path, skip_accept_encoding=True)
        connection.endheaders()
        answer = connection.getresponse()
        return Answer(answer.status, answer.read(), {name.lower(): text for name, text in answer.getheaders()})


class Served(NamedTuple):
    """A store that is served."""

    address: str
    directory: Path
    store: Store
    damaged: list[tuple[str, str]]

    def put(self, packed: bytes) -> Stored:
        return self.store.put("apps", "web", packed)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    store, damaged = Store(tmp_path), list[tuple[str, str]]()
    application = serve.artifacts(store, lambda namespace, name: damaged.append((namespace, name)))
    with running((application, "127.0.0.1:0")) as (address,):
        yield Served(address, tmp_path, store, damaged)


# --- artifacts ---


def test_an_artifact_is_served_at_its_path(served: Served) -> None:
    answer = ask(served.address, f"/{served.put(b'packed').path}")
    assert (answer.status, answer.content) == (200, b"packed")
    assert answer.headers["content-type"] == "application/gzip"
    assert answer.headers["content-length"] == "6"


def test_a_large_one_comes_whole(served: Served) -> None:
    assert ask(served.address, f"/{served.put(LARGE).path}").content == LARGE


def test_head_tells_the_size_alone(served: Served) -> None:
    answer = ask(served.address, f"/{served.put(b'packed').path}", "HEAD")
    assert (answer.status, answer.content, answer.headers["content-length"]) == (200, b"", "6")


def test_no_connection_is_kept_that_an_end_would_wait_for(served: Served) -> None:
    for path in (f"/{served.put(b'packed').path}", "/"):
        assert ask(served.address, path).headers["connection"] == "close"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"])
def test_nothing_can_be_done_but_reading(method: str, served: Served) -> None:
    stored = served.put(b"packed")
    answer = ask(served.address, f"/{stored.path}", method)
    assert (answer.status, answer.headers["allow"]) == (405, "GET,HEAD")
    assert served.store.holds(stored.path, stored.digest)


@pytest.mark.parametrize(
    "change",
    [
        lambda path: "/",
        lambda path: "/externalartifact",
        lambda path: "/externalartifact/apps/web/",
        lambda path: path.rpartition("/")[0],
        lambda path: f"/{path}",
        lambda path: f"{path}/",
        lambda path: f"{path}?a=b",
        lambda path: path.replace("/web/", "/other/"),
        lambda path: path.replace("/apps/", "/apps/../apps/"),
        lambda path: path.replace("/apps/", "/apps/%2e%2e/apps/"),
        lambda path: path.replace("/apps/", "/apps%2F"),
        lambda path: path.replace("/apps/", "//apps/"),
        lambda path: path.replace("web", "%77eb"),
        lambda path: path.replace("externalartifact", "%2e"),
        lambda path: "/externalartifact/../secret",
        lambda path: "/externalartifact/..%2f..%2fsecret",
        lambda path: "/../secret",
        lambda path: "/secret",
        lambda path: "//secret",
        lambda path: "/%00",
        lambda path: "/metrics",
    ],
)
def test_everything_else_is_not_there(change: Callable[[str], str], served: Served) -> None:
    """No listing, no other spelling, no file of another kind."""
    (served.directory / "secret").write_bytes(b"canary")
    (served.directory / "externalartifact").mkdir()
    (served.directory / "externalartifact/secret").write_bytes(b"canary")
    answer = ask(served.address, change(f"/{served.put(b'packed').path}"))
    assert (answer.status, answer.content) == (404, b"404: Not Found")
    assert served.damaged == []


def test_a_damaged_artifact_is_not_served_and_told_of_once(served: Served) -> None:
    stored = served.put(b"packed")
    (served.directory / stored.path).write_bytes(b"PACKED!")
    assert [ask(served.address, f"/{stored.path}").status for _ in range(3)] == [404] * 3
    assert served.damaged == [("apps", "web")]
    served.put(b"packed")
    assert ask(served.address, f"/{stored.path}").content == b"packed"


def test_one_that_is_cut_off_while_it_is_sent_ends_the_connection(
    tmp_path: Path,
) -> None:
    """Who fetches it learns at once, and does not wait for bytes that do not come."""

    class CutOff(BufferedReader):
        def read(self, size: int | None = -1, /) -> bytes:
            os.truncate(self.fileno(), 3)
            return super().read(size)

    class Cutting(Store):
        def open(self, path: str) -> BufferedReader | None:
            return CutOff(FileIO(tmp_path / path, "r+"))

    stored = Store(tmp_path).put("apps", "web", b"packed")
    application = serve.artifacts(Cutting(tmp_path), lambda *name: None)
    with running((application, "127.0.0.1:0")) as (address,), pytest.raises((IncompleteRead, ConnectionError)):
        ask(address, f"/{stored.path}")


def test_who_goes_away_in_the_middle_does_no_harm(served: Served) -> None:
    stored = served.put(LARGE)
    host, _, port = served.address.partition(":")
    for _ in range(3):
        with socket.create_connection((host, int(port))) as one:
            one.sendall(f"GET /{stored.path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            assert one.recv(8).startswith(b"HTTP/1.1")
    assert ask(served.address, f"/{stored.path}").content == LARGE


def test_what_is_dropped_while_it_is_sent_comes_whole(served: Served) -> None:
    stored = served.put(LARGE)
    host, _, port = served.address.partition(":")
    with socket.create_connection((host, int(port))) as one:
        one.sendall(f"GET /{stored.path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        received = one.recv(1)
        served.store.forget("apps", "web")
        received += b"".join(iter(lambda: one.recv(1 << 16), b""))
    assert received.endswith(LARGE)


# --- metrics, health ---


def test_metrics_are_told_in_the_text_format() -> None:
    registry = CollectorRegistry()
    Counter("made", "Made.", registry=registry).inc()
    with running((serve.metrics(registry), "127.0.0.1:0")) as (address,):
        answer = ask(address, "/metrics")
        assert answer.status == 200
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert b"\nmade_total 1.0\n" in answer.content
        assert [ask(address, path).status for path in ("/", "/metrics/", "/healthz")] == [404] * 3


def test_health_is_what_the_checks_say() -> None:
    answers = {"/healthz": True, "/readyz": False}
    checks = {path: partial(answers.__getitem__, path) for path in answers}
    with running((serve.health(checks), "127.0.0.1:0")) as (address,):
        assert [ask(address, path).status for path in ("/healthz", "/readyz", "/")] == [200, 503, 404]
        answers.update({"/healthz": False, "/readyz": True})
        assert [ask(address, path).status for path in ("/healthz", "/readyz")] == [503, 200]


# --- addresses ---


def test_several_are_served_at_once() -> None:
    health = serve.health({"/healthz": lambda: True})
    with running((health, "127.0.0.1:0"), (serve.metrics(CollectorRegistry()), "localhost:0")) as addresses:
        assert [ask(address, "/healthz").status for address in addresses] == [200, 404]
        assert [address.partition(":")[0] for address in addresses] == ["127.0.0.1", "localhost"]


def test_an_address_without_a_host_is_all_of_them() -> None:
    with running((serve.health({"/healthz": lambda: True}), ":0")) as (address,):
        assert address.startswith(":")
        # IPv6 has another port where any will do.
        assert ask(f"127.0.0.1{address}", "/healthz").status == 200


def is_ipv6_there() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.mark.skipif(not is_ipv6_there(), reason="there is no IPv6 here")
def test_an_address_of_ipv6_stands_in_brackets() -> None:
    with running((serve.health({"/healthz": lambda: True}), "[::1]:0")) as (address,):
        assert address.startswith("[::1]:")
        assert ask(address, "/healthz").status == 200


def refusal(address: str) -> str:
    async def serve_once() -> None:
        async with serving([(web.Application(), "127.0.0.1:0"), (web.Application(), address)]):
            raise AssertionError

    with pytest.raises(Refused) as caught:
        asyncio.run(serve_once())
    return report(caught.value.faults)


@pytest.mark.parametrize(
    "address",
    ["", ":", "8080", "localhost", "localhost:http", ":65536", ":-1", "::1:80", "[a]:80", "[]:80", "[::1:80", ":٣"],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    assert "write HOST:PORT or :PORT" in refusal(address)


def test_an_address_that_is_taken_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert refusal(address) == (
            f"error[cannot-listen]: {address} cannot be listened on: something listens there already\n"
            "  hint: name another address, or end what listens there\n"
        )


def test_an_address_of_another_host_is_refused() -> None:
    assert "cannot be listened on: this host has no such address" in refusal("192.0.2.1:0")


# --- who only connects ---


def silent(address: str) -> socket.socket:
    """Connect, and ask for nothing."""
    host, _, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=60)


def is_hung_up_on(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def test_more_connections_than_there_is_room_for_are_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any Pod of the cluster may reach the metrics; memory and descriptors are those of all that runs here."""
    monkeypatch.setattr(serve, "CONNECTIONS", 2)
    health = serve.health({"/healthz": lambda: True})
    metrics = serve.metrics(CollectorRegistry())
    with (
        running((metrics, "127.0.0.1:0"), (health, "127.0.0.1:0")) as (crowded, other),
        contextlib.ExitStack() as stack,
    ):
        # Some more may come at once, before the first are counted.
        connections = [stack.enter_context(silent(crowded)) for _ in range(300)]
        assert select.select(connections, [], [], 60)[0]
        assert ask(other, "/healthz").status == 200


def test_who_asks_for_nothing_is_hung_up_on_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "CONNECTIONS", 1)
    monkeypatch.setattr(serve, "CONNECTION_SECONDS", 0.05)
    with running((serve.metrics(CollectorRegistry()), "127.0.0.1:0")) as (address,):
        with silent(address) as connection:
            assert is_hung_up_on(connection)
        monkeypatch.setattr(serve, "CONNECTION_SECONDS", 60)
        assert ask(address, "/metrics").status == 200


def test_a_text_of_metrics_is_written_once_for_all_who_ask_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[CollectorRegistry] = []

    def write(registry: CollectorRegistry) -> bytes:
        written.append(registry)
        return b"text"

    monkeypatch.setattr(serve, "generate_latest", write)
    monkeypatch.setattr(serve, "METRICS_SECONDS", 60)
    with running((serve.metrics(CollectorRegistry()), "127.0.0.1:0")) as (address,):
        assert {ask(address, "/metrics").content for _ in range(3)} == {b"text"}
    assert len(written) == 1
