"""HTTP/1.1 on the wire: requests to bytes, bytes to answers, within bounds."""

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from vaultgen import __version__
from vaultgen.errors import Fault
from vaultgen.redacted import Redacted
from vaultgen.vault.message import Response, header_problem, path_problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vaultgen.vault.message import Request
    from vaultgen.vault.settings import Settings

BODY_LIMIT = 16 << 20
"""Bytes of one answer's body. Chunk framing may add as much again."""
HEADER_LIMIT = 64 << 10
"""Bytes of one answer's header lines together."""
HEADER_COUNT = 100
INTERIM_LIMIT = 8
"""1xx answers before the real one."""

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/!$&'()*+,;=:@")
_KEPT = {name.encode(): name for name in ("content-type", "date", "location", "retry-after")}


def encode_path(path: str) -> str:
    """Return an API path with everything percent-encoded that RFC 3986 does not allow in one."""
    if _PLAIN.issuperset(path):
        return path
    return "".join(
        character if character in _PLAIN else "".join(f"%{byte:02X}" for byte in character.encode())
        for character in path
    )


class Writer:
    """Turns requests into bytes for one server."""

    def __init__(self, settings: "Settings") -> None:
        address = settings.address
        self._own_namespace = settings.vault_namespace
        # A proxy for plain HTTP wants the whole URL; anybody else the path alone.
        whole = settings.proxy is not None and address.scheme == "http"
        self.origin = f"{address.scheme}://{address.authority}" if whole else ""
        self._prefix = f"{address.path}/v1/"
        fixed = [
            f"Host: {address.authority if address.scheme != 'unix' else 'localhost'}",
            f"User-Agent: vaultgen/{__version__}",
            "Accept: application/json",
            "X-Vault-Request: true",
        ]
        fixed += [f"{name}: {text.reveal()}" for name, text in settings.headers]
        if whole and settings.proxy and settings.proxy.authorization:
            fixed.append(f"Proxy-Authorization: {settings.proxy.authorization.reveal()}")
        self._fixed = "\r\n".join(fixed)

    def target(self, request: "Request") -> str:
        """Return path and query as they go on the request line."""
        target = self._prefix + encode_path(request.path)
        return f"{target}?{request.query}" if request.query else target

    def refusal(self, request: "Request") -> Fault | None:
        """Return why a request must not be sent as it is, or None."""
        if problem := path_problem(request.path):
            return Fault("bad-setting", facts={"name": "the path of a request to Vault", "why": problem})
        if request.token is not None and (problem := header_problem(request.token.reveal())):
            return Fault("bad-credential", facts={"source": "this run", "why": problem})
        namespace = request.vault_namespace
        if namespace and (problem := path_problem(namespace) or header_problem(namespace)):
            return Fault("bad-setting", facts={"name": "the Vault namespace", "why": problem})
        texts = (request.method, request.query or "-", *(text for pair in request.headers for text in pair))
        for text in texts:
            if problem := header_problem(text):
                return Fault("bad-setting", facts={"name": "a header of a request to Vault", "why": problem})
        return None

    def request(self, request: "Request", target: str) -> bytes:
        """Return the bytes of a request that ``refusal`` let pass."""
        lines = [f"{request.method} {self.origin}{target} HTTP/1.1", self._fixed]
        if namespace := request.vault_namespace or self._own_namespace:
            lines.append(f"X-Vault-Namespace: {namespace}")
        if request.token is not None:
            lines.append(f"X-Vault-Token: {request.token.reveal()}")
        lines += [f"{name}: {text}" for name, text in request.headers]
        body = b""
        if request.body is not None:
            import json

            body = json.dumps(request.body.reveal(), separators=(",", ":")).encode()
            lines.append("Content-Type: application/json")
        if body or request.method not in ("GET", "LIST", "HEAD"):
            lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join([*lines, "", ""]).encode() + body


class BadAnswer(Exception):
    """An answer that is not taken; ``code`` is that of the fault."""

    def __init__(self, code: str, limit: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.limit = limit


class Reader:
    """Reads the answers of one connection, one at a time."""

    __slots__ = (
        "_body",
        "_bytes_in",
        "_count",
        "_headers",
        "_in_head",
        "_interim",
        "_parser",
        "_problem",
        "_sized",
        "body_size",
        "complete",
        "keep_alive",
        "started",
        "status",
    )

    def __init__(self) -> None:
        self._parser = HttpResponseParser(self)
        self.expect()

    def expect(self) -> None:
        """Make ready for the next answer."""
        self._body: list[bytes] = []
        self._headers: dict[str, str] = {}
        self._bytes_in = self.body_size = self._count = self._interim = 0
        self._in_head = True
        self._sized = False
        self._problem: BadAnswer | None = None
        self.started = self.complete = self.keep_alive = False
        self.status = 0

    def feed(self, data: "memoryview") -> bool:
        """Take bytes (at least one) and return whether the answer is complete.

        Raises BadAnswer: answer-not-http, answer-too-large.
        """
        if self.complete:
            # Nothing was asked for: whatever this is, it must not be taken for the next answer.
            raise BadAnswer("answer-not-http")
        self.started = True
        self._bytes_in += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            raise self._problem or BadAnswer("answer-not-http") from None
        if self._in_head and self._bytes_in > HEADER_LIMIT:
            raise BadAnswer("answer-too-large", HEADER_LIMIT)
        if self._bytes_in > HEADER_LIMIT + 2 * BODY_LIMIT:
            raise BadAnswer("answer-too-large", BODY_LIMIT)
        return self.complete

    def end(self) -> bool:
        """Note the end of the stream and return whether it completes the answer (one without a length)."""
        self.complete = self.complete or not (self._in_head or self._sized)
        return self.complete

    @property
    def has_head(self) -> bool:
        """Whether status and headers are known."""
        return not self._in_head

    def response(self) -> Response:
        """Return the complete answer."""
        body = self._body
        return Response(self.status, Redacted(body[0] if len(body) == 1 else b"".join(body)), self._headers)

    # --- what the parser calls; an exception here ends in feed() ---

    def on_message_begin(self) -> None:
        if self.complete:
            self._fail(BadAnswer("answer-not-http"))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count += 1
        if self._count > HEADER_COUNT:
            self._fail(BadAnswer("answer-not-http"))
        name = name.lower()
        if name in _KEPT and self._in_head:
            self._headers[_KEPT[name]] = value.decode("latin-1")
        elif name == b"content-length":
            self._sized = True
            if len(value) > 18 or int(value) > BODY_LIMIT:
                self._fail(BadAnswer("answer-too-large", BODY_LIMIT))
        elif name == b"transfer-encoding":
            self._sized = True
            if value.lower() != b"chunked":
                self._fail(BadAnswer("answer-not-http"))

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        if self.status >= 200:
            self._in_head = False
            self.keep_alive = self._parser.should_keep_alive()
        else:
            # 100, 103: the real answer follows, and nothing of this one belongs to it.
            self._interim += 1
            self._headers = {}
            self._sized = False
        if self._interim > INTERIM_LIMIT or self._parser.get_http_version() not in ("1.1", "1.0"):
            self._fail(BadAnswer("answer-not-http"))

    def on_body(self, data: bytes) -> None:
        self._body.append(data)
        self.body_size += len(data)
        if self.body_size > BODY_LIMIT:
            self._fail(BadAnswer("answer-too-large", BODY_LIMIT))

    def on_message_complete(self) -> None:
        self.complete = self.status >= 200

    def _fail(self, problem: BadAnswer) -> None:
        self._problem = problem
        raise problem
