"""The pool against servers that do what a real Vault does only on a bad day."""

import contextlib
import errno
import itertools
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from support.scripted_server import Asked, Reply, Script, ScriptedServer, http, running_script
from vaultgen.errors import Fault
from vaultgen.errors.report import report
from vaultgen.redacted import Redacted
from vaultgen.vault import pool as pool_module
from vaultgen.vault import retry, route
from vaultgen.vault.address import parse_address
from vaultgen.vault.environment import RateLimit
from vaultgen.vault.message import Request, Response
from vaultgen.vault.pool import FEW_CONNECTIONS, LONG_QUEUE, MANY_CONNECTIONS, Pool
from vaultgen.vault.proxy import Proxy
from vaultgen.vault.settings import Settings
from vaultgen.vault.wire import Reader

READ = Request("GET", "secret/data/app", token=Redacted("s.canary"))
LOGIN = Request("POST", "auth/jwt/login", body=Redacted({"jwt": "canary"}))


class NoFiles:
    def read(self, path: str, /) -> bytes:
        raise AssertionError("no file is needed")


@pytest.fixture(autouse=True)
def _steady(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short pauses, and no server that counts as slow because this machine is busy."""
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(pool_module, "SLOW_SECONDS", 60.0)


class Clock:
    """The pool's clock, which a test can put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(pool_module, "time", made)
    return made


@contextlib.contextmanager
def pool_for(
    address: str, log: Callable[[str], None] | None = None, *, per_connection: int = 1, **settings: Any
) -> Iterator[Pool]:
    whole = Settings(parse_address(address), **{"timeout": 60.0, **settings})
    made = Pool(whole, NoFiles(), log, per_connection=per_connection)
    try:
        yield made
    finally:
        made.close()


def outcome(answer: Response | Fault) -> object:
    return answer.code if isinstance(answer, Fault) else (answer.status, answer.body.reveal())


def exchanged(script: Script, requests: Sequence[Request], **settings: Any) -> tuple[list[object], ScriptedServer]:
    """Return what came of the requests at a server with this script, and the server."""
    with running_script(script) as server, pool_for(server.address, **settings) as pool:
        return [outcome(answer) for answer in pool.send(requests)], server


def in_turn(*replies: Reply) -> Script:
    """Answer the first request with the first reply, and so on, whatever the connection."""
    left = iter(replies)
    return lambda asked: next(left)


OK = Reply(http(200, "{}"))


def numbered(count: int) -> list[Request]:
    return [Request("GET", f"secret/data/{number}") for number in range(count)]


def echo(asked: Asked) -> Reply:
    return Reply(http(200, asked.path))


def until_something_arrives(pool: Pool) -> None:
    """Wait for bytes, or for the end of a connection: what the server has sent may still be on its way."""
    assert select.select(list(pool._connections), [], [], 60)[0]


def refused_but(accepted: range) -> Callable[[socket.socket, tuple[str, int]], int]:
    """Return a ``connect_ex`` that connects only at its calls of these numbers."""
    calls = itertools.count()
    real = socket.socket.connect_ex
    return lambda self, endpoint: real(self, endpoint) if next(calls) in accepted else errno.ECONNREFUSED


def test_answers_come_in_the_order_of_the_requests() -> None:
    outcomes, server = exchanged(echo, numbered(50))
    assert outcomes == [(200, f"/v1/secret/data/{number}".encode()) for number in range(50)]
    assert len(server.asked) == 50


def test_a_single_read_is_one_request_on_one_connection() -> None:
    outcomes, server = exchanged(lambda asked: OK, [READ])
    assert outcomes == [(200, b"{}")]
    assert (server.connections, len(server.asked)) == (1, 1)


def test_connections_are_used_again() -> None:
    with running_script(echo) as server, pool_for(server.address) as pool:
        pool.send([READ])
        pool.send([READ])
        assert server.connections == 1


def test_few_connections_do_for_a_server_that_answers_at_once() -> None:
    _, server = exchanged(echo, numbered(LONG_QUEUE))
    assert server.connections <= FEW_CONNECTIONS


def test_a_long_queue_gets_many_connections_from_the_start() -> None:
    outcomes, server = exchanged(echo, numbered(3 * LONG_QUEUE))
    assert outcomes == [(200, f"/v1/secret/data/{number}".encode()) for number in range(3 * LONG_QUEUE)]
    assert server.connections == MANY_CONNECTIONS


@pytest.mark.parametrize(("requests", "connections"), [(1, 1), (10, 1), (11, 2), (25, 3), (60, 4)])
def test_where_nobody_waits_a_connection_is_made_for_many_requests(requests: int, connections: int) -> None:
    with running_script(lambda _: OK) as server, pool_for(server.address, per_connection=10) as pool:
        assert [outcome(answer) for answer in pool.send([READ] * requests)] == [(200, b"{}")] * requests
        assert server.connections <= connections


def test_many_connections_are_made_to_a_server_that_takes_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here nobody is answered before there are as many connections as there may be."""
    monkeypatch.setattr(pool_module, "SLOW_SECONDS", 0.0)
    enough = threading.Barrier(MANY_CONNECTIONS)

    def script(asked: Asked) -> Reply:
        if asked.number == 0:
            enough.wait(60)
        return OK

    outcomes, server = exchanged(script, numbered(100))
    assert outcomes == [(200, b"{}")] * 100
    assert server.connections == MANY_CONNECTIONS


def test_a_server_that_takes_few_connections_is_read_over_those(monkeypatch: pytest.MonkeyPatch) -> None:
    with running_script(echo) as server, pool_for(server.address, attempts=1) as pool:
        monkeypatch.setattr(socket.socket, "connect_ex", refused_but(range(1)))
        assert [outcome(answer) for answer in pool.send(numbered(20))][19] == (200, b"/v1/secret/data/19")
        assert server.connections == 1


# --- connections that end ---


def test_an_idle_connection_that_the_server_closed_is_no_failure() -> None:
    """Each connection answers once and is then closed without a word; that costs no attempt and no pause."""
    outcomes, server = exchanged(lambda asked: Reply(http(200, "{}"), "close"), [READ] * 20, attempts=1)
    assert outcomes == [(200, b"{}")] * 20
    assert len(server.asked) == 20


def test_a_server_that_says_close_is_taken_at_its_word() -> None:
    reply = Reply(http(200, "{}", "Connection: close"), "wait")
    outcomes, server = exchanged(lambda asked: reply, [READ] * 5)
    assert outcomes == [(200, b"{}")] * 5
    assert server.connections == 5


def test_an_answer_of_http_1_0_is_taken() -> None:
    outcomes, _ = exchanged(lambda asked: Reply(b"HTTP/1.0 200 OK\r\n\r\n{}", "close"), [READ] * 3)
    assert outcomes == [(200, b"{}")] * 3


def test_an_answer_in_chunks_is_taken() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"
    outcomes, server = exchanged(lambda asked: Reply(chunked), [READ] * 8)
    assert outcomes == [(200, b"{}")] * 8
    assert server.connections <= FEW_CONNECTIONS


@pytest.mark.parametrize("end", [Reply(b"", "close"), Reply(b"", "reset"), Reply(http(200, "{}")[:-1], "close")])
def test_a_read_whose_connection_breaks_is_sent_again(end: Reply) -> None:
    outcomes, server = exchanged(in_turn(end, end, OK), [READ])
    assert outcomes == [(200, b"{}")]
    assert len(server.asked) == 3


@pytest.mark.parametrize("end", [Reply(b"", "close"), Reply(b"", "reset"), Reply(http(200, "{}")[:-1], "close")])
def test_a_read_whose_connection_always_breaks_fails(end: Reply) -> None:
    outcomes, server = exchanged(lambda asked: end, [READ])
    assert outcomes == ["connection-failed"]
    assert len(server.asked) == 3


@pytest.mark.parametrize("end", [Reply(b"", "close"), Reply(http(200, "{}")[:-1], "close")])
def test_a_login_that_may_have_been_carried_out_is_not_sent_again(end: Reply) -> None:
    outcomes, server = exchanged(lambda asked: end, [LOGIN])
    assert outcomes == ["connection-failed"]
    assert len(server.asked) == 1


def test_a_login_is_not_sent_into_a_connection_that_may_be_dead() -> None:
    """The first connection ends after its answer; the login goes over a new one."""
    with running_script(in_turn(Reply(http(200, "{}"), "close"), OK)) as server, pool_for(server.address) as pool:
        pool.send([READ])
        until_something_arrives(pool)
        assert [outcome(answer) for answer in pool.send([LOGIN])] == [(200, b"{}")]
        assert [(asked.connection, asked.line.split(" ")[0]) for asked in server.asked] == [(0, "GET"), (1, "POST")]


def test_what_a_server_says_unasked_is_never_an_answer() -> None:
    """A second answer stands behind the first: whoever reads next must not get it."""
    double = http(200, "first") + http(200, "planted")
    outcomes, _ = exchanged(lambda asked: Reply(double), [READ, READ])
    assert outcomes == ["answer-not-http"] * 2


@pytest.mark.parametrize("request_", [READ, LOGIN])
def test_an_answer_that_comes_before_the_question_is_dropped_with_its_connection(request_: Request) -> None:
    with running_script(in_turn(OK, OK)) as server, pool_for(server.address) as pool:
        pool.send([READ])
        server.say(0, http(200, "planted"))
        until_something_arrives(pool)
        assert [outcome(answer) for answer in pool.send([request_])] == [(200, b"{}")]
        assert server.connections == 2


# --- attempts ---


@pytest.mark.parametrize("status", [412, 429, 500, 502, 503, 504])
def test_a_server_in_trouble_is_asked_again(status: int) -> None:
    outcomes, server = exchanged(in_turn(Reply(http(status)), Reply(http(status)), OK), [READ])
    assert outcomes == [(200, b"{}")]
    assert len(server.asked) == 3


@pytest.mark.parametrize(("status", "code"), [(412, "server-error"), (429, "rate-limited"), (500, "server-error")])
def test_attempts_have_an_end(status: int, code: str) -> None:
    with running_script(lambda asked: Reply(http(status))) as server, pool_for(server.address, attempts=4) as pool:
        (fault,) = pool.send([READ])
        assert isinstance(fault, Fault)
        assert (fault.code, fault.facts["attempts"]) == (code, "4")
        assert len(server.asked) == 4


@pytest.mark.parametrize("status", [200, 204, 400, 403, 404, 405, 413])
def test_an_answer_is_asked_for_once(status: int) -> None:
    outcomes, server = exchanged(lambda asked: Reply(http(status, b"" if status == 204 else b"x")), [READ])
    assert outcomes == [(status, b"" if status == 204 else b"x")]
    assert len(server.asked) == 1


def test_what_a_server_does_not_know_is_asked_for_once() -> None:
    outcomes, server = exchanged(lambda asked: Reply(http(501)), [READ])
    assert (outcomes, len(server.asked)) == (["server-error"], 1)


def test_a_sealed_server_fails_every_request_and_is_not_asked_for_each() -> None:
    reply = Reply(http(503, '{"errors":["Vault is sealed"]}'))
    outcomes, server = exchanged(lambda asked: reply, numbered(100))
    assert outcomes == ["sealed"] * 100
    assert len(server.asked) <= 3 * FEW_CONNECTIONS


def test_a_server_that_fails_at_everything_is_given_up() -> None:
    outcomes, server = exchanged(lambda asked: Reply(http(500)), numbered(100))
    assert set(outcomes) == {"server-error"}
    assert len(server.asked) < 300


def test_a_server_that_fails_at_one_path_answers_the_others() -> None:
    def script(asked: Asked) -> Reply:
        return Reply(http(500)) if asked.path.endswith("/7") else OK

    outcomes, server = exchanged(script, numbered(20))
    assert outcomes == [(200, b"{}")] * 7 + ["server-error"] + [(200, b"{}")] * 12
    assert sum(asked.path.endswith("/7") for asked in server.asked) == 3


def test_a_quota_is_waited_for_by_all_and_not_used_up_by_each() -> None:
    """Every tenth request is let through; nobody runs out of attempts, because all wait together."""
    counter = itertools.count(1)

    def script(asked: Asked) -> Reply:
        return Reply(http(429, "", "Retry-After: 0")) if next(counter) % 10 == 0 else OK

    outcomes, _ = exchanged(script, numbered(100))
    assert outcomes == [(200, b"{}")] * 100


def test_a_pause_that_outlasts_the_deadline_is_not_waited_for() -> None:
    outcomes, server = exchanged(lambda asked: Reply(http(429, "", "Retry-After: 3600")), [READ])
    assert (outcomes, len(server.asked)) == (["rate-limited"], 1)


def test_the_users_own_rate_limit_is_kept(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """The time that is to be waited is over at once here."""
    starts: list[bool] = []
    real = retry.Pace.start

    def start(self: retry.Pace, now: float) -> float:
        later = real(self, now)
        starts.append(not later)
        clock.ahead += max(0.0, later - now)
        return later and now

    monkeypatch.setattr(retry.Pace, "start", start)
    outcomes, _ = exchanged(echo, numbered(3), rate_limit=RateLimit(0.001, 1), timeout=1e6)
    assert len([one for one in outcomes if isinstance(one, tuple)]) == 3
    assert starts == [True, False, True, False, True]


# --- no connection at all ---


def test_two_pools_that_receive_at_the_same_time_never_take_each_others_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads do: here the other one receives between the arrival of an answer and its reading."""
    monkeypatch.setattr(Reader, "feed", _Interrupted(Reader.feed, lambda: tenant("other")))
    with running_script(lambda asked: Reply(http(200, asked.headers["x-vault-token"]))) as server:

        def tenant(token: str) -> object:
            with pool_for(server.address) as pool:
                (answer,) = pool.send([READ._replace(token=Redacted(token))])
                return outcome(answer)

        assert tenant("first") == (200, b"first")


class _Interrupted:
    """A method before whose first call something else happens."""

    def __init__(self, method: Callable[..., bool], happens: Callable[[], object]) -> None:
        self._method = method
        self._happens = iter([happens])

    def __get__(self, reader: Reader, _: type) -> Callable[[memoryview], bool]:
        def called(data: memoryview) -> bool:
            for happens in self._happens:
                happens()
            return self._method(reader, data)

        return called


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port that nobody listens at, and that nobody else can take meanwhile."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def test_nobody_listening_is_one_fault_for_all(deaf_port: int) -> None:
    address = f"http://127.0.0.1:{deaf_port}"
    with pool_for(address) as pool:
        assert pool.send(numbered(50)) == [Fault("connection-refused", facts={"address": address})] * 50


def test_a_server_that_comes_up_in_time_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    with running_script(echo) as server:
        monkeypatch.setattr(socket.socket, "connect_ex", refused_but(range(2, 99)))
        with pool_for(server.address) as pool:
            assert [outcome(answer) for answer in pool.send([READ])] == [(200, b"/v1/secret/data/app")]


def test_the_next_endpoint_is_tried_where_one_refuses(monkeypatch: pytest.MonkeyPatch, deaf_port: int) -> None:
    with running_script(echo) as server:
        there = [(socket.AF_INET, ("127.0.0.1", port)) for port in (deaf_port, server.port)]
        monkeypatch.setattr(route.Route, "_resolve", lambda *_: there)
        with pool_for("http://vault.test:8200", attempts=1) as pool:
            assert [outcome(answer) for answer in pool.send(numbered(8))][7] == (200, b"/v1/secret/data/7")


def test_the_next_endpoint_is_tried_where_one_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "ENDPOINT_SECONDS", 0.01)
    with running_script(echo) as server, socket.socket() as full:
        # A listener without room: its connections stay half open, as with a host that drops packets.
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        crowd = [socket.socket() for _ in range(3)]
        for one in crowd:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        there = [(socket.AF_INET, full.getsockname()), (socket.AF_INET, ("127.0.0.1", server.port))]
        monkeypatch.setattr(route.Route, "_resolve", lambda *_: there)
        with pool_for("http://vault.test:8200") as pool:
            assert [outcome(answer) for answer in pool.send([READ])] == [(200, b"/v1/secret/data/app")]
        for one in crowd:
            one.close()


def test_an_unknown_host_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(*_: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "canary")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with pool_for("http://vault.test") as pool:
        (fault,) = pool.send([READ])
    facts = {"address": "http://vault.test", "why": "the host's name is not known"}
    assert fault == Fault("connection-failed", facts=facts)


def test_a_name_server_that_fails_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def getaddrinfo(*question: object) -> object:
        asked.append(question)
        raise socket.gaierror(socket.EAI_AGAIN, "canary")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with pool_for("http://vault.test") as pool:
        (fault,) = pool.send([READ])
    assert isinstance(fault, Fault)
    assert fault.facts["why"] == "the name server failed"
    assert len(asked) == 3


def test_a_resolver_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: released.wait(20) and [])
    with pool_for("http://vault.test", timeout=0.05) as pool:
        assert [outcome(answer) for answer in pool.send([READ])] == ["timeout"]
    released.set()


# --- time ---


def test_a_silent_server_costs_the_timeout_and_one_fault() -> None:
    with running_script(lambda asked: Reply(b"", "wait")) as server, pool_for(server.address, timeout=0.05) as pool:
        expected = Fault("timeout", facts={"address": server.address, "seconds": "0.05"})
        assert pool.send(numbered(10)) == [expected] * 10


def test_an_answer_that_trickles_does_not_outlive_the_deadline() -> None:
    outcomes, _ = exchanged(lambda asked: Reply(http(200, "{}")[:30], "wait"), [READ], timeout=0.05)
    assert outcomes == ["timeout"]


def test_the_deadline_holds_for_all_requests_together(clock: Clock) -> None:
    """While the second answer trickles, the time of the run ends."""

    def script(asked: Asked) -> Reply:
        if asked.path.endswith("/slow"):
            clock.ahead += 100
            return Reply(b"HTTP", "wait")
        return OK

    slow = Request("GET", "secret/data/slow")
    with running_script(script) as server, pool_for(server.address) as pool:
        assert [outcome(pool.send([request])[0]) for request in (READ, slow, READ)] == [
            (200, b"{}"),
            "timeout",
            "timeout",
        ]
        assert len(server.asked) == 2
        pool.restart_clock()
        assert [outcome(answer) for answer in pool.send([READ])] == [(200, b"{}")]


def test_a_last_request_waits_briefly_and_fails_in_silence(clock: Clock) -> None:
    def script(asked: Asked) -> Reply:
        clock.ahead += 10
        return Reply(b"HTTP", "wait")

    with running_script(script) as server, pool_for(server.address, timeout=1000.0) as pool:
        pool.send_last(LOGIN, 9.0)
        assert len(server.asked) == 1


# --- answers that are none ---


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "answer-not-http"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "plain-http"),
        (http(400, "Client sent an HTTP request to an HTTPS server.\n"), "plain-http"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "answer-too-large"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000, "answer-too-large"),
        (http(307, "", "Location: http://elsewhere.test/v1/x"), "redirected"),
    ],
)
def test_what_is_no_answer_of_vault_is_asked_for_once(content: bytes, code: str) -> None:
    outcomes, server = exchanged(lambda asked: Reply(content, "close"), [READ])
    assert (outcomes, len(server.asked)) == ([code], 1)


def test_a_refusal_counts_although_the_connection_is_reset_behind_it() -> None:
    """So does Go's TLS port with plain HTTP, whose body it leaves unread; what is no refusal may be cut off."""
    head = b"HTTP/1.0 %d A\r\n\r\n"

    def script(asked: Asked) -> Reply:
        return Reply(head % 400 + b"Client sent an HTTP request to an HTTPS server.\n", "reset")

    assert exchanged(script, [READ])[0] == ["plain-http"]
    assert exchanged(lambda asked: Reply(head % 200 + b"{}", "reset"), [READ])[0] == ["connection-failed"]


def test_a_redirect_on_the_same_server_is_followed_with_the_token() -> None:
    script = in_turn(Reply(http(307, "", "Location: /gateway/v1/secret/data/app")), OK)
    outcomes, server = exchanged(script, [READ])
    assert outcomes == [(200, b"{}")]
    assert server.lines[1] == "GET /gateway/v1/secret/data/app HTTP/1.1"
    assert server.asked[1].headers["x-vault-token"] == "s.canary"


def test_redirects_have_an_end() -> None:
    outcomes, server = exchanged(lambda asked: Reply(http(307, "", "Location: /v1/secret/data/app")), [READ])
    assert outcomes == ["redirected"]
    assert len(server.asked) == 4


def test_a_large_body_comes_through_whole() -> None:
    body = bytes(range(256)) * 8192
    outcomes, _ = exchanged(lambda asked: Reply(http(200, body)), [READ])
    assert outcomes == [(200, body)]


def test_a_large_request_is_sent_whole() -> None:
    request = Request("POST", "auth/jwt/login", body=Redacted({"jwt": "x" * 5_000_000}))
    outcomes, server = exchanged(lambda asked: OK, [request])
    assert outcomes == [(200, b"{}")]
    assert len(server.asked[0].body) == 5_000_010


def test_a_request_that_must_not_be_sent_is_refused_and_the_others_are_sent() -> None:
    requests = [Request("GET", "a/../b"), READ, Request("GET", "a", token=Redacted("canary\n"))]
    outcomes, server = exchanged(lambda asked: OK, requests)
    assert outcomes == ["bad-setting", (200, b"{}"), "bad-credential"]
    assert len(server.asked) == 1


def test_nothing_to_send_is_nothing_sent() -> None:
    outcomes, server = exchanged(lambda asked: OK, [])
    assert (outcomes, server.connections) == ([], 0)


# --- ways there ---


def test_a_unix_socket_is_an_address(socket_directory: Path) -> None:
    path = socket_directory / "bao.sock"
    with running_script(echo, unix=path) as server, pool_for(f"unix://{path}") as pool:
        assert [outcome(answer) for answer in pool.send(numbered(3))][2] == (200, b"/v1/secret/data/2")
        assert server.asked[0].headers["host"] == "localhost"


@pytest.mark.parametrize(
    ("path", "code"), [("/nowhere/bao.sock", "connection-refused"), ("/" + "x" * 200, "connection-failed")]
)
def test_a_unix_socket_that_is_not_there_is_told(path: str, code: str) -> None:
    with pool_for(f"unix://{path}") as pool:
        assert [outcome(answer) for answer in pool.send([READ])] == [code]


def test_a_proxy_for_plain_http_is_asked_with_the_whole_url() -> None:
    with running_script(echo) as server:
        proxy = Proxy("127.0.0.1", server.port, Redacted("Basic eA=="))
        with pool_for("http://vault.test:8200", proxy=proxy) as pool:
            (answer,) = pool.send([READ])
    assert outcome(answer) == (200, b"http://vault.test:8200/v1/secret/data/app")
    assert server.asked[0].headers["proxy-authorization"] == "Basic eA=="


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Reply(http(407)), "it wants other credentials (407)"),
        (Reply(http(403)), "it answered 403"),
        (Reply(http(502)), "it answered 502"),
        (Reply(b"HTTP/1.1 200 OK\r\n\r\nplanted"), "it sent something of its own"),
        (Reply(b"SSH-2.0\r\n"), "its answer is not valid HTTP"),
        (Reply(b"", "close"), "it closed the connection"),
    ],
)
def test_a_proxy_that_makes_no_tunnel_is_named(reply: Reply, why: str) -> None:
    with running_script(lambda asked: reply) as server:
        proxy = Proxy("127.0.0.1", server.port, Redacted("Basic canary"))
        with pool_for("https://vault.test", proxy=proxy) as pool:
            (fault,) = pool.send([READ])
        assert server.asked[0].line == "CONNECT vault.test:443 HTTP/1.1"
        assert "x-vault-token" not in server.asked[0].headers
    facts = {"proxy": f"http://127.0.0.1:{server.port}", "address": "https://vault.test", "why": why}
    assert fault == Fault("proxy-failed", facts=facts)


def test_a_proxy_that_is_not_there_is_named(deaf_port: int) -> None:
    proxy = Proxy("127.0.0.1", deaf_port)
    with pool_for("http://vault.test", proxy=proxy) as pool:
        (fault,) = pool.send([READ])
    facts = {"proxy": proxy.text, "address": "http://vault.test", "why": "nothing accepts connections there"}
    assert fault == Fault("proxy-failed", facts=facts)


# --- the log ---


def test_the_log_has_a_line_an_attempt_and_no_secret() -> None:
    lines: list[str] = []
    versioned = Request("GET", "secret/data/app", "version=3", None, "team", Redacted("s.canary"))
    script = in_turn(Reply(http(500, "canary")), OK, Reply(b"", "close"))
    with running_script(script) as server, pool_for(server.address, lines.append) as pool:
        pool.send([versioned])
        pool.send([LOGIN])
    assert [line.split(", ")[0] for line in lines] == [
        "GET secret/data/app?version=3 in namespace team: 500",
        "GET secret/data/app?version=3 in namespace team: 200",
        "POST auth/jwt/login: connection-failed",
    ]
    assert [line.split(", ")[2] for line in lines] == ["attempt 1", "attempt 2", "attempt 1"]
    assert not any("canary" in line for line in lines)


def test_answers_that_come_to_too_much_together_are_not_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each may be as large as an answer can be; a run that reads for many must not end for that."""
    monkeypatch.setattr(pool_module, "TOTAL_LIMIT", 2500)
    body = "x" * 1000
    assert exchanged(lambda asked: Reply(http(200, body)), [READ] * 2)[0] == [(200, body.encode())] * 2
    with running_script(lambda asked: Reply(http(200, body))) as server, pool_for(server.address) as pool:
        last = pool.send([READ] * 9)[-1]
        assert isinstance(last, Fault)
        assert report([last]).startswith(
            f"error[answers-too-large]: the answers from {server.address} come to more than 2500 bytes\n"
        )
