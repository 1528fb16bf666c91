"""Whatever is asked or answered: requests stay one request, answers stay within their bounds."""

from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from vaultgen.errors import Fault
from vaultgen.redacted import Redacted
from vaultgen.vault.address import Unusable, parse_address
from vaultgen.vault.message import Request, Response
from vaultgen.vault.redirect import redirected_target
from vaultgen.vault.settings import Settings
from vaultgen.vault.wire import BadAnswer, Reader, Writer, encode_path

SETTINGS = Settings(parse_address("http://vault.test:8200"))
UNRESERVED = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=:@/%")

bodies = st.binary(max_size=300)
tokens = st.text(st.characters(min_codepoint=9, max_codepoint=300), max_size=20)


@st.composite
def answers(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """Return an answer's bytes and its body, with a length or in chunks."""
    body = draw(bodies)
    if draw(st.booleans()):
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body), body
    sizes = draw(st.lists(st.integers(1, 50), max_size=20))
    content, rest = b"", body
    for size in sizes:
        piece, rest = rest[:size], rest[size:]
        content += b"%x\r\n%b\r\n" % (len(piece), piece) if piece else b""
    content += b"%x\r\n%b\r\n" % (len(rest), rest) if rest else b""
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + content + b"0\r\n\r\n", body


@given(answers(), st.lists(st.integers(1, 400), max_size=10))
def test_an_answer_does_not_depend_on_how_it_arrives(answer: tuple[bytes, bytes], cuts: list[int]) -> None:
    content, body = answer
    reader, complete = Reader(), False
    for cut in [*cuts, len(content)]:
        piece, content = content[:cut], content[cut:]
        if piece:
            assert not complete
            complete = reader.feed(memoryview(piece))
    assert complete
    assert reader.response().body == Redacted(body)


@given(st.lists(st.binary(min_size=1, max_size=100) | answers().map(lambda answer: answer[0]), max_size=6))
def test_any_bytes_are_an_answer_or_refused(pieces: list[bytes]) -> None:
    reader = Reader()
    code = ""
    try:
        for piece in pieces:
            reader.feed(memoryview(piece))
        reader.end()
    except BadAnswer as bad:
        code = bad.code
    assert code in ("", "answer-not-http", "answer-too-large")
    assert not reader.complete or 200 <= reader.status <= 999


@given(answers(), st.binary(min_size=1, max_size=20).filter(lambda extra: extra.strip(b"\r\n")))
def test_nothing_may_follow_an_answer(answer: tuple[bytes, bytes], extra: bytes) -> None:
    reader = Reader()
    try:
        reader.feed(memoryview(answer[0] + extra))
    except BadAnswer:
        return
    raise AssertionError("more than one answer was taken")


@given(st.text())
def test_an_encoded_path_is_the_path_again(path: str) -> None:
    encoded = encode_path(path.encode(errors="ignore").decode())
    assert unquote(encoded) == path.encode(errors="ignore").decode()
    assert set(encoded) <= UNRESERVED


@given(st.text(max_size=30), st.text(max_size=20), tokens, st.text(max_size=20))
def test_a_request_is_one_request_or_is_refused(path: str, query: str, token: str, namespace: str) -> None:
    writer = Writer(SETTINGS)
    request = Request("GET", path, query, None, namespace, Redacted(token))
    fault = writer.refusal(request)
    if fault is not None:
        assert fault.code in ("bad-setting", "bad-credential")
        return
    content = writer.request(request, writer.target(request))
    assert content.count(b"\r\n\r\n") == 1
    lines = content.decode("ascii").split("\r\n")
    assert not any("\n" in line or "\r" in line for line in lines)
    assert lines[0].count(" ") == 2
    assert len(lines) == 1 + 4 + bool(namespace) + 1 + 2
    assert f"X-Vault-Token: {token}" in lines


@given(st.text(max_size=40) | st.from_regex(r"(https?|unix)://[-a-z0-9.:@\[\]/?#%\\ ]{0,30}", fullmatch=True))
def test_an_address_is_refused_or_stays_what_it_is(text: str) -> None:
    try:
        address = parse_address(text)
    except Unusable:
        return
    assert parse_address(address.text) == address
    assert "@" not in address.authority


@given(
    st.text(max_size=60)
    | st.from_regex(r"(https?://(vault\.test|[a-z.@\\]{1,15})(:8200)?)?[/?#][^\n]{0,20}(/v1/x)?", fullmatch=True)
)
def test_a_redirect_leads_to_the_same_server_or_nowhere(location: str) -> None:
    response = Response(307, Redacted(b""), {"location": location})
    target = redirected_target(response, Request("GET", "x"), SETTINGS)
    if isinstance(target, Fault):
        assert target.code == "redirected"
    else:
        assert target.startswith("/")
        assert "?" not in target
        assert not target.startswith("//")
        assert " " not in target
        assert target.isascii()
        assert target.isprintable()
