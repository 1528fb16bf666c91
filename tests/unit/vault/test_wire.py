"""HTTP on the wire: what is sent, and which answers are taken."""

from collections.abc import Iterable

import pytest

from vaultgen.redacted import Redacted
from vaultgen.vault.address import parse_address
from vaultgen.vault.message import Request, Response
from vaultgen.vault.proxy import Proxy
from vaultgen.vault.settings import Settings
from vaultgen.vault.wire import BODY_LIMIT, BadAnswer, Reader, Writer, encode_path

OK = b"HTTP/1.1 200 OK\r\n"


def sent(request: Request, settings: Settings) -> tuple[str, list[str], bytes]:
    """Return request line, header lines and body."""
    writer = Writer(settings)
    assert writer.refusal(request) is None
    head, _, body = writer.request(request, writer.target(request)).partition(b"\r\n\r\n")
    line, *headers = head.decode().split("\r\n")
    return line, headers, body


def settings(address: str = "http://vault.test:8200", **more: object) -> Settings:
    return Settings(parse_address(address), **more)  # type: ignore[arg-type]


def read(chunks: Iterable[bytes], *, end: bool = False) -> Response | None:
    """Return the answer in these chunks, or None where it is not complete."""
    reader = Reader()
    complete = False
    for chunk in chunks:
        complete = reader.feed(memoryview(chunk))
    if end:
        complete = reader.end()
    return reader.response() if complete else None


def body_of(*chunks: bytes, end: bool = False) -> bytes | None:
    response = read(chunks, end=end)
    return None if response is None else response.body.reveal()


def test_a_read_is_one_small_request() -> None:
    request = Request("GET", "secret/data/app", "version=3", None, "team/a", Redacted("s.token"))
    line, headers, body = sent(request, settings())
    assert line == "GET /v1/secret/data/app?version=3 HTTP/1.1"
    assert "Host: vault.test:8200" in headers
    assert "X-Vault-Request: true" in headers
    assert "X-Vault-Token: s.token" in headers
    assert "X-Vault-Namespace: team/a" in headers
    assert body == b""


def test_the_settings_namespace_and_headers_go_along() -> None:
    more = settings(vault_namespace="team", headers=(("X-Access", Redacted("open")),))
    assert {"X-Vault-Namespace: team", "X-Access: open"} <= set(sent(Request("GET", "a"), more)[1])
    other = Request("GET", "a", vault_namespace="other", headers=(("X-More", "1"),))
    assert {"X-Vault-Namespace: other", "X-More: 1"} <= set(sent(other, more)[1])


def test_without_a_token_no_token_header_is_sent() -> None:
    assert not any(header.startswith("X-Vault-Token") for header in sent(Request("GET", "a"), settings())[1])


def test_a_body_is_json_with_its_length() -> None:
    line, headers, body = sent(Request("POST", "auth/jwt/login", body=Redacted({"jwt": "ä"})), settings())
    assert line == "POST /v1/auth/jwt/login HTTP/1.1"
    assert body == b'{"jwt":"\\u00e4"}'
    assert {f"Content-Length: {len(body)}", "Content-Type: application/json"} <= set(headers)


def test_a_post_without_a_body_says_so() -> None:
    assert "Content-Length: 0" in sent(Request("POST", "auth/token/revoke-self"), settings())[1]


def test_a_path_of_the_address_comes_first() -> None:
    assert sent(Request("GET", "a"), settings("https://gate.test/vault"))[0] == "GET /vault/v1/a HTTP/1.1"


def test_a_proxy_for_plain_http_gets_the_whole_url() -> None:
    more = settings(proxy=Proxy("proxy.test", 3128, Redacted("Basic eA==")))
    line, headers, _ = sent(Request("GET", "a"), more)
    assert line == "GET http://vault.test:8200/v1/a HTTP/1.1"
    assert "Proxy-Authorization: Basic eA==" in headers
    assert "Host: vault.test:8200" in headers


def test_a_proxys_password_does_not_go_through_the_tunnel() -> None:
    more = settings("https://vault.test", proxy=Proxy("proxy.test", 3128, Redacted("Basic eA==")))
    line, headers, _ = sent(Request("GET", "a"), more)
    assert line == "GET /v1/a HTTP/1.1"
    assert not any("Proxy" in header for header in headers)


@pytest.mark.parametrize(
    ("path", "encoded"),
    [
        ("secret/data/a-b_c.d~e", "secret/data/a-b_c.d~e"),
        ("a b", "a%20b"),
        ("a%2Fb", "a%252Fb"),
        ("a?b#c", "a%3Fb%23c"),
        ("ä", "%C3%A4"),
        ("a+b@c:d", "a+b@c:d"),
        ('a"\\b', "a%22%5Cb"),
    ],
)
def test_a_path_is_encoded_once(path: str, encoded: str) -> None:
    assert encode_path(path) == encoded


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (Request("GET", "a/../b"), "bad-setting"),
        (Request("GET", "a//b"), "bad-setting"),
        (Request("GET", "a\r\nb"), "bad-setting"),
        (Request("GET", "a", "x=1 HTTP/1.1\r\nX: y"), "bad-setting"),
        (Request("GET\r\n", "a"), "bad-setting"),
        (Request("GET", "a", vault_namespace="a\r\nX: y"), "bad-setting"),
        (Request("GET", "a", vault_namespace="a/../b"), "bad-setting"),
        (Request("GET", "a", headers=(("X\r\nY", "z"),)), "bad-setting"),
        (Request("GET", "a", headers=(("X", "z\n"),)), "bad-setting"),
        (Request("GET", "a", token=Redacted("canary\n")), "bad-credential"),
        (Request("GET", "a", token=Redacted("canary\r\nX-Other: y")), "bad-credential"),
        (Request("GET", "a", token=Redacted("")), "bad-credential"),
    ],
)
def test_what_would_change_the_request_is_refused(request_: Request, code: str) -> None:
    fault = Writer(settings()).refusal(request_)
    assert fault is not None
    assert fault.code == code
    assert "canary" not in str(fault)


def test_an_answer_is_the_same_in_whatever_pieces_it_comes() -> None:
    whole = OK + b"Content-Length: 4\r\nX: y\r\n\r\nbody"
    assert body_of(whole) == b"body"
    assert body_of(*(bytes([byte]) for byte in whole)) == b"body"


def test_only_the_needed_headers_are_kept() -> None:
    date = b"Tue, 24 Nov 2026 09:31:02 GMT"
    response = read([OK + b"RETRY-After: 3\r\nDate: " + date + b"\r\nSet-Cookie: canary\r\nContent-Length: 0\r\n\r\n"])
    assert response is not None
    assert response.headers == {"retry-after": "3", "date": date.decode()}


def test_chunks_are_put_together() -> None:
    assert body_of(OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n", b"2;x=y\r\ndy\r\n0\r\n\r\n") == b"body"


def test_headers_after_the_chunks_change_nothing() -> None:
    response = read([OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\nLocation: /x\r\n\r\n"])
    assert response is not None
    assert response.headers == {}


def test_an_answer_without_length_ends_with_the_stream() -> None:
    assert body_of(b"HTTP/1.0 200 OK\r\n\r\nbody") is None
    assert body_of(b"HTTP/1.0 200 OK\r\n\r\nbody", end=True) == b"body"


@pytest.mark.parametrize(
    "cut",
    [
        b"HTTP/1.1 200 OK\r\nContent-Len",
        OK + b"Content-Length: 5\r\n\r\nbody",
        OK + b"Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
)
def test_an_answer_that_breaks_off_is_none(cut: bytes) -> None:
    assert body_of(cut, end=True) is None


def test_interim_answers_are_passed_over_with_their_headers() -> None:
    response = read([b"HTTP/1.1 103 Early Hints\r\nLocation: /x\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nab"])
    assert response is not None
    assert (response.status, response.headers) == (200, {})


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_some_answers_have_no_body(status: bytes) -> None:
    assert body_of(b"HTTP/1.1 " + status + b"\r\n\r\n") == b""


@pytest.mark.parametrize(
    ("head", "kept"),
    [
        (OK + b"Content-Length: 0\r\n\r\n", True),
        (OK + b"Connection: close\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", True),
    ],
)
def test_a_connection_is_kept_only_if_the_server_agrees(head: bytes, kept: bool) -> None:
    reader = Reader()
    assert reader.feed(memoryview(head))
    assert reader.keep_alive is kept


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x15\x03\x01\x00\x02\x02\x46",
        b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/0.9 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 20,
        OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nab",
        OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
        OK + b"Content-Length: +2\r\n\r\nab",
        OK + b"Content-Length: -2\r\n\r\nab",
        OK + b"Content-Length : 2\r\n\r\nab",
        OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: gzip\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        OK + b"X: a\x00b\r\nContent-Length: 0\r\n\r\n",
        OK + b"X: a\r\n folded\r\nContent-Length: 0\r\n\r\n",
        OK + b"a: b\r\n" * 101 + b"\r\n",
    ],
)
def test_what_is_no_strict_http_is_refused(answer: bytes) -> None:
    with pytest.raises(BadAnswer) as raised:
        read([answer])
    assert raised.value.code == "answer-not-http"


@pytest.mark.parametrize("extra", [b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"x"])
def test_bytes_that_nobody_asked_for_are_never_taken_for_the_next_answer(extra: bytes) -> None:
    whole = OK + b"Content-Length: 0\r\n\r\n"
    for chunks in ([whole + extra], [whole, extra]):
        with pytest.raises(BadAnswer) as raised:
            read(chunks)
        assert raised.value.code == "answer-not-http"


def test_a_body_that_is_announced_too_large_is_not_read() -> None:
    with pytest.raises(BadAnswer) as raised:
        read([OK + f"Content-Length: {BODY_LIMIT + 1}\r\n\r\n".encode()])
    assert (raised.value.code, raised.value.limit) == ("answer-too-large", BODY_LIMIT)


@pytest.mark.parametrize("head", [b"HTTP/1.0 200 OK\r\n\r\n", OK + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFF\r\n"])
def test_a_body_that_grows_too_large_is_dropped(head: bytes) -> None:
    with pytest.raises(BadAnswer) as raised:
        read([head, *[bytes(1 << 20)] * 17])
    assert raised.value.code == "answer-too-large"


def test_small_chunks_cannot_hide_their_size() -> None:
    with pytest.raises(BadAnswer) as raised:
        read([OK + b"Transfer-Encoding: chunked\r\n\r\n", *[b"1;" + b"x" * 60_000 + b"\r\na\r\n"] * 600])
    assert raised.value.code in ("answer-too-large", "answer-not-http")


def test_endless_headers_are_dropped() -> None:
    with pytest.raises(BadAnswer) as raised:
        read([OK + b"X: ", *[b"x" * 60_000] * 3])
    assert raised.value.code == "answer-too-large"
