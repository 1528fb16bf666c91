"""One connection to Vault, without ever blocking: dialled, tunnelled, encrypted, then one request at a time."""

import socket
from errno import EACCES, ECONNREFUSED, EINPROGRESS, EISCONN, ENOENT, ETIMEDOUT, errorcode
from select import POLLIN, POLLOUT

from vaultgen.errors import Fault
from vaultgen.vault.route import Lost
from vaultgen.vault.wire import BadAnswer, Reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vaultgen.vault.batch import Job
    from vaultgen.vault.route import Route

_TLS_ALERT = b"\x15\x03"
"""How a TLS server's answer to plain HTTP begins, where it does not answer in HTTP."""


class Connection:
    """A socket and what it is waiting for."""

    __slots__ = (
        "_endpoint",
        "_route",
        "_socket",
        "_stage",
        "_tried",
        "_unsent",
        "has_sent",
        "job",
        "polled",
        "reader",
        "served",
        "since",
        "wants",
    )

    def __init__(self, route: "Route", now: float) -> None:
        """Start to dial. Raises Lost where that fails at once."""
        self.reader = Reader()
        self.job: Job | None = None
        """What is being answered; None while idle or not open yet."""
        self.served = 0
        """Answers received so far."""
        self.has_sent = False
        """Whether a byte of the job's request may have reached the server."""
        self.since = now
        """When the current endpoint was dialled, or the current request was sent."""
        self.wants = POLLOUT
        """Events to poll for."""
        self.polled = 0
        """Events that are polled for."""
        self._route = route
        self._unsent = b""
        self._endpoint = route.preferred
        self._tried = 0
        self._dial()

    @property
    def descriptor(self) -> int:
        """The socket's number; another endpoint may have another."""
        return self._socket.fileno()

    @property
    def is_open(self) -> bool:
        """Whether requests can be sent."""
        return self._stage == "open"

    @property
    def is_dialling(self) -> bool:
        """Whether there is no TCP connection yet."""
        return self._stage == "dialling"

    @property
    def has_alternative(self) -> bool:
        """Whether it is still dialling, and another endpoint is left to try."""
        return self._stage == "dialling" and self._tried < len(self._route.endpoints)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    # --- until it is open ---

    def advance(self) -> bool:
        """Go on after an event; return whether the connection is open now. Raises Lost."""
        if self._stage == "dialling":
            if code := self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                self._dial_next(code)
            else:
                self._connected()
        elif self._stage == "tunnelling":
            self._tunnel()
        else:
            self._encrypt()
        return self._stage == "open"

    def try_alternative(self, now: float) -> None:
        """Give the silent endpoint up and dial the next. Raises Lost."""
        self.since = now
        self._dial_next(ETIMEDOUT)

    def _dial(self) -> None:
        family, endpoint = self._route.endpoints[self._endpoint]
        self._tried += 1
        self._stage = "dialling"
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        try:
            if family != socket.AF_UNIX:
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            code = self._socket.connect_ex(endpoint)
        except OSError:
            # connect_ex raises only for a path that does not fit into a socket address.
            self._socket.close()
            raise self._route.failure("the path of the socket is too long", again=False) from None
        if code in (0, EISCONN):
            self._connected()
        elif code != EINPROGRESS:
            self._dial_next(code)

    def _dial_next(self, code: int) -> None:
        self._socket.close()
        if self._tried < len(self._route.endpoints):
            self._endpoint = (self._endpoint + 1) % len(self._route.endpoints)
            self._dial()
            return
        settings = self._route.settings
        if code in (ECONNREFUSED, ENOENT) and settings.proxy is None:
            raise Lost(Fault("connection-refused", facts={"address": settings.address.text}), again=True)
        words = {EACCES: "permission denied", ECONNREFUSED: "nothing accepts connections there", ETIMEDOUT: "no reply"}
        raise self._route.failure(words.get(code, errorcode.get(code, "it failed")), again=code != EACCES)

    def _connected(self) -> None:
        self._route.preferred = self._endpoint
        if self._route.tunnel:
            self._stage = "tunnelling"
            self._write(self._route.tunnel)
        else:
            self._secure()

    def _tunnel(self) -> None:
        if self._unsent:
            self._flush()
        while (count := self._receive()) > 0:
            try:
                self.reader.feed(self._route.buffer[:count])
            except BadAnswer:
                raise self._route.failure("its answer is not valid HTTP", again=False) from None
            if self.reader.has_head:
                self._tunnelled()
                return
        if count == 0:
            raise self._route.failure("it closed the connection")

    def _tunnelled(self) -> None:
        status = self.reader.status
        if status == 407:
            raise self._route.failure("it wants other credentials (407)", again=False)
        if status != 200:
            raise self._route.failure(f"it answered {status}", again=status in (502, 503, 504))
        if self.reader.body_size:
            # The server waits for us to speak first, so these bytes are not its own.
            raise self._route.failure("it sent something of its own", again=False)
        self.reader = Reader()
        self._secure()

    def _secure(self) -> None:
        self._stage = "encrypting"
        if self._route.tls is not None:
            self._socket = self._route.tls.wrap(self._socket)
        self._encrypt()

    def _encrypt(self) -> None:
        tls = self._route.tls
        if tls is not None and (waiting := tls.handshake(self._socket)):
            self.wants = POLLIN if waiting == "read" else POLLOUT
        else:
            self._stage = "open"
            self.wants = POLLIN

    # --- one request, one answer ---

    def begin(self, job: "Job", data: bytes, now: float) -> None:
        """Send a request over an open, idle connection. Raises Lost."""
        self.job = job
        self.since = now
        self.has_sent = False
        self.reader.expect()
        self._write(data)

    def proceed(self) -> bool:
        """Go on after an event; return whether the answer is complete, in ``reader``. Raises Lost."""
        if self._unsent:
            self._flush()
        tls = self._route.tls
        while True:
            count = self._receive()
            if count < 0:
                return False
            if count == 0:
                if self.reader.end():
                    break
                raise self._closed()
            if self._feed(count):
                break
            if count < len(self._route.buffer) and tls is None:
                return False
        self.job = None
        self.served += 1
        if tls is not None:
            tls.remember(self._socket)
        return True

    @property
    def is_reusable(self) -> bool:
        """Whether another request may follow the answer that ``reader`` holds."""
        return self.reader.keep_alive and not self._unsent

    def is_quiet(self) -> bool:
        """Whether an idle connection is still there, and nobody speaks out of turn on it."""
        try:
            return self._receive() < 0
        except Lost:
            return False

    def _feed(self, count: int) -> bool:
        try:
            return self.reader.feed(self._route.buffer[:count])
        except BadAnswer as bad:
            facts = {"address": self._route.settings.address.text, "limit": str(bad.limit)}
            is_alert = self._route.tls is None and self._route.buffer[:2] == _TLS_ALERT
            raise Lost(Fault("plain-http" if is_alert else bad.code, facts=facts), again=False) from None

    # --- bytes ---

    def _write(self, data: bytes) -> None:
        self._unsent = data
        self._flush()

    def _flush(self) -> None:
        try:
            count = self._socket.send(self._unsent)
        except BlockingIOError:
            count = 0
        except OSError as error:
            tls = self._route.tls
            if tls is None or not tls.must_wait(error):
                # The server may have answered before it closed; reading tells.
                self._unsent = b""
                self.wants = POLLIN
                return
            count = 0
        self.has_sent |= count > 0
        self._unsent = self._unsent[count:]
        self.wants = POLLIN | POLLOUT if self._unsent else POLLIN

    def _receive(self) -> int:
        """Fill the buffer; return how far, 0 at the end of the stream, -1 where nothing is there yet. Raises Lost."""
        try:
            return self._socket.recv_into(self._route.buffer)
        except BlockingIOError:
            return -1
        except OSError as error:
            tls = self._route.tls
            if tls is not None:
                if waiting := tls.must_wait(error):
                    if waiting == "write":
                        self.wants |= POLLOUT
                    return -1
                if fault := tls.fault(error):
                    raise Lost(fault, again=False) from None
        if self.reader.status == 400:
            # Who refuses a request unread, as a TLS port does plain HTTP, resets the connection behind its answer.
            return 0
        raise self._closed()

    def _closed(self) -> Lost:
        where = "in the middle of an answer" if self.reader.started else "without an answer"
        return self._route.failure(f"it was closed {where}")
