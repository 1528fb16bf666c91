"""Requests over a few connections at once, on one thread.

One request is in flight on a connection: with pipelining, an intermediary that swaps answers would swap secrets.
"""

import time
from select import poll

from vaultgen.errors import Fault, Refused
from vaultgen.vault.batch import Batch, Job
from vaultgen.vault.connection import Connection
from vaultgen.vault.retry import IDEMPOTENT, OWN_FAULTS, Pace, pause, trouble
from vaultgen.vault.route import Lost, Route, timeout_fault
from vaultgen.vault.wire import Writer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vaultgen.ports import Files
    from vaultgen.vault.message import Request, Response
    from vaultgen.vault.settings import Settings
    from vaultgen.vault.tls import Tls

FEW_CONNECTIONS = 4
"""Best on loopback."""
MANY_CONNECTIONS = 32
"""Best where an answer takes its time."""
SLOW_SECONDS = 0.003
"""A first answer, or a TCP handshake, that takes longer calls for many connections."""
LONG_QUEUE = 128
"""So many requests keep a server busy, be it near: more than these call for many connections, too."""
GATHER_SECONDS = 0.0008
"""How long answers to a long queue gather: to wake up for each takes more of a processor than to read it."""
ENDPOINT_SECONDS = 1.0
"""How long one of several endpoints may stay silent before the next is tried."""

TOTAL_LIMIT = 64 << 20
"""Bytes of all answers together. Parsed, they take several times as much."""

_NEVER = float("inf")


class Pool:
    """An ``Exchange`` over keep-alive connections to one server."""

    def __init__(
        self,
        settings: "Settings",
        files: "Files",
        log: "Callable[[str], None] | None" = None,
        *,
        per_connection: int = 1,
        tls: "Callable[[Settings, Files], Tls] | None" = None,
    ) -> None:
        """Prepare; nothing is connected before the first request.

        ``files`` holds the certificates that a document names. ``log`` gets a line an attempt: method, API path,
        status, duration; never a value or a token. So many requests as ``per_connection`` are worth a connection: more
        than one where nobody waits. ``tls`` returns the TLS side of connections; without it, it is made anew.
        """
        self._settings = settings
        self._files = files
        self._per_connection = per_connection
        self._make_tls = tls
        self._log = log
        self._writer = Writer(settings)
        self._pace = Pace(settings.rate_limit)
        self._poll = poll()
        self._connections: dict[int, Connection] = {}
        self._idle: list[int] = []
        self._opening: set[int] = set()
        self._route: Route | None = None
        self._deadline = 0.0
        self._received = 0
        self._attempts = settings.attempts
        self._failed_dials = 0
        self._limit = FEW_CONNECTIONS
        self._grow_at = _NEVER
        self._knows_latency = False
        self._gathers = False
        self._batch = Batch((), self._writer)

    def restart_clock(self) -> None:
        """Begin a new run: from now on, all requests together may take ``settings.timeout`` seconds."""
        self._deadline = time.monotonic() + self._settings.timeout

    def send(self, requests: "Sequence[Request]", /) -> "list[Response | Fault]":
        """Return an answer for each request, in their order; what failed on the way is a ``Fault`` item."""
        if not self._deadline:
            self.restart_clock()
        self._batch = batch = Batch(requests, self._writer)
        self._grow_at = _NEVER
        self._gathers = len(batch.queue) > LONG_QUEUE
        if self._gathers and self._limit == FEW_CONNECTIONS:
            self._limit = MANY_CONNECTIONS
        try:
            while batch.left:
                now = time.monotonic()
                if now >= self._deadline:
                    self._give_up(timeout_fault(self._settings))
                    break
                wake = batch.wake(now)
                self._open_connections(now)
                wake = min(wake, self._start_jobs(now))
                if batch.left:
                    self._wait(now, wake)
        finally:
            self._abandon()
        return batch.results()

    def send_last(self, request: "Request", seconds: float) -> None:
        """Send a request whose answer matters little: one attempt, within a few seconds, failures ignored."""
        soon = time.monotonic() + seconds
        # Also after a timeout, or while a quota is waited for: a token that is left behind lives on for its whole time.
        self._deadline = soon
        self._pace.paused_until = 0
        self._attempts = 1
        self.send([request])

    @property
    def tls(self) -> "Tls | None":
        """The TLS side of the connections; None without TLS, and before the first request."""
        return self._route.tls if self._route else None

    def close(self) -> None:
        """Close all connections."""
        for descriptor in list(self._connections):
            self._drop(descriptor)

    # --- connections ---

    def _open_connections(self, now: float) -> None:
        """Open what the queue needs, within the limit."""
        busy = len(self._connections) - len(self._opening) - len(self._idle)
        useful = -(-(len(self._batch.queue) + busy) // self._per_connection)
        wanted = min(self._limit, useful) - len(self._connections)
        if wanted <= 0 or now < self._pace.paused_until:
            return
        try:
            if self._route is None:
                self._route = Route(self._settings, self._files, self._deadline, self._make_tls)
                now = time.monotonic()
            if not self._knows_latency and len(self._batch.queue) > self._limit:
                self._grow_at = min(self._grow_at, now + SLOW_SECONDS)
            for _ in range(wanted):
                self._watch(Connection(self._route, now))
        except Lost as lost:
            self._dial_failed(lost, now)
        except Refused as refused:
            self._give_up(refused.faults[0])

    def _watch(self, connection: Connection) -> None:
        descriptor = connection.descriptor
        self._connections[descriptor] = connection
        self._poll.register(descriptor, connection.wants)
        connection.polled = connection.wants
        if connection.is_open:
            self._idle.append(descriptor)
        else:
            self._opening.add(descriptor)

    def _drop(self, descriptor: int) -> None:
        self._poll.unregister(descriptor)
        self._connections.pop(descriptor).close()
        self._opening.discard(descriptor)
        if descriptor in self._idle:
            self._idle.remove(descriptor)

    def _dial_failed(self, lost: Lost, now: float) -> None:
        """A connection could not be made: do with the others, or wait and try again where there are none."""
        if self._connections:
            self._limit = len(self._connections)
            self._knows_latency = True
            return
        self._limit = FEW_CONNECTIONS
        self._failed_dials += 1
        until = now + pause(self._failed_dials)
        if not lost.again or self._failed_dials >= self._attempts or until >= self._deadline:
            self._give_up(lost.fault)
        else:
            self._pace.pause(until)

    # --- the loop ---

    def _start_jobs(self, now: float) -> float:
        """Send queued requests over idle connections; return when to look again if only time is missing."""
        queue = self._batch.queue
        while queue and self._idle:
            descriptor = self._idle[-1]
            connection = self._connections[descriptor]
            if connection.served and not connection.is_quiet():
                # It was closed, or holds bytes that would be taken for the next answer.
                self._drop(descriptor)
                self._open_connections(now)
                continue
            if later := self._pace.start(now):
                return later
            self._idle.pop()
            job = queue.popleft()
            if not self._knows_latency and self._grow_at == _NEVER and queue:
                self._grow_at = now + SLOW_SECONDS
            connection.begin(job, self._writer.request(job.request, job.target), now)
            self._rewatch(descriptor, connection)
        return _NEVER

    def _wait(self, now: float, wake: float) -> None:
        """Wait for an event, or for the time at which something is due, and handle it."""
        until = min(self._deadline, wake, self._grow_at)
        if now < self._pace.paused_until and self._batch.queue:
            until = min(until, self._pace.paused_until)
        for descriptor in self._opening:
            connection = self._connections[descriptor]
            if connection.has_alternative:
                until = min(until, connection.since + ENDPOINT_SECONDS)
        if self._gathers and len(self._batch.queue) > MANY_CONNECTIONS:
            time.sleep(GATHER_SECONDS)
        events = self._poll.poll(max(0.0, until - now) * 1000)
        now = time.monotonic()
        for descriptor, _ in events:
            if descriptor in self._connections:
                self._handle(descriptor, self._connections[descriptor], now)
        for descriptor in [*self._opening]:
            connection = self._connections[descriptor]
            if connection.has_alternative and now >= connection.since + ENDPOINT_SECONDS:
                self._advance(descriptor, connection, now, silent=True)
        if now >= self._grow_at:
            self._limit = MANY_CONNECTIONS
            self._knows_latency = True
            self._grow_at = _NEVER

    def _handle(self, descriptor: int, connection: Connection, now: float) -> None:
        job = connection.job
        if job is not None:
            try:
                if connection.proceed():
                    self._answered(descriptor, connection, job, now)
                else:
                    self._rewatch(descriptor, connection)
            except Lost as lost:
                self._drop(descriptor)
                self._lost(connection, job, lost, now)
        elif descriptor in self._opening:
            self._advance(descriptor, connection, now)
        elif not connection.is_quiet():
            self._drop(descriptor)

    def _advance(self, descriptor: int, connection: Connection, now: float, *, silent: bool = False) -> None:
        """Go on with a connection that is not open yet; its socket may change."""
        self._poll.unregister(descriptor)
        self._opening.discard(descriptor)
        del self._connections[descriptor]
        try:
            if silent:
                connection.try_alternative(now)
            else:
                connection.advance()
            self._watch(connection)
        except Lost as lost:
            connection.close()
            self._dial_failed(lost, now)
        except Refused as refused:
            connection.close()
            self._give_up(refused.faults[0])
        else:
            if connection.is_open:
                self._failed_dials = 0
            if not connection.is_dialling and not self._knows_latency:
                self._grow_at = _NEVER

    def _rewatch(self, descriptor: int, connection: Connection) -> None:
        if connection.polled != connection.wants:
            self._poll.modify(descriptor, connection.wants)
            connection.polled = connection.wants

    # --- what became of a request ---

    def _answered(self, descriptor: int, connection: Connection, job: Job, now: float) -> None:
        response = connection.reader.response()
        self._received += connection.reader.body_size
        if connection.is_reusable:
            self._idle.append(descriptor)
        else:
            self._drop(descriptor)
        if self._grow_at != _NEVER:
            self._knows_latency = True
            self._grow_at = _NEVER
        if self._log:
            self._note(job, str(response.status), now - connection.since)
        if self._received > TOTAL_LIMIT:
            facts = {"address": self._settings.address.text, "limit": str(TOTAL_LIMIT)}
            self._give_up(Fault("answers-too-large", facts=facts))
        elif 300 <= response.status < 400:
            self._redirected(job, response)
        elif response.status >= 400 and (found := trouble(response, job.request.method, self._settings, job.attempt)):
            until = now + pause(job.attempt, response)
            if found.concerns_all:
                self._pace.pause(until)
            self._again(job, found.fault, found.again, until)
        else:
            self._batch.answered += 1
            self._batch.settle(job.index, response)

    def _lost(self, connection: Connection, job: Job, lost: Lost, now: float) -> None:
        if self._log:
            self._note(job, lost.fault.code, now - connection.since)
        again = lost.again and (job.request.method in IDEMPOTENT or not connection.has_sent)
        if again and connection.served and not connection.reader.started:
            # The server had closed an idle connection: that is no failure.
            self._batch.queue.appendleft(job)
        else:
            self._again(job, lost.fault, again, now + pause(job.attempt))

    def _again(self, job: Job, fault: Fault, again: bool, until: float) -> None:
        """Let a job start again at a time, if that is of use and in time; else it has failed."""
        if again and job.attempt < self._attempts and until < self._deadline:
            job.attempt += 1
            self._batch.delay(job, until)
        else:
            self._fail(job, fault)

    def _redirected(self, job: Job, response: "Response") -> None:
        from vaultgen.vault.redirect import REDIRECT_LIMIT, redirected_target, without_token

        target = redirected_target(response, job.request, self._settings)
        if isinstance(target, Fault):
            self._fail(job, without_token(target, job.request))
        elif job.redirects == REDIRECT_LIMIT:
            address = self._settings.address.text
            self._fail(job, Fault("redirected", facts={"address": address, "target": "itself, again and again"}))
        else:
            job.redirects += 1
            job.target = target
            self._batch.queue.appendleft(job)

    def _fail(self, job: Job, fault: Fault) -> None:
        """Note a failure: of this request where others were answered, else of the server and so of all."""
        if fault.code in OWN_FAULTS and self._batch.answered:
            self._batch.settle(job.index, fault)
        else:
            self._give_up(fault)

    def _give_up(self, fault: Fault) -> None:
        self._batch.settle_all(fault)
        self._abandon()

    def _abandon(self) -> None:
        """Close the connections whose answers nobody waits for any more."""
        for descriptor in [number for number, connection in self._connections.items() if connection.job is not None]:
            self._drop(descriptor)

    def _note(self, job: Job, outcome: str, seconds: float) -> None:
        """Log an attempt."""
        request = job.request
        query = f"?{request.query}" if request.query.startswith("version=") else ""
        where = f" in namespace {request.vault_namespace}" if request.vault_namespace else ""
        # What stands behind login/ is a user's name.
        path, login, _ = request.path.partition("/login/" if request.path.startswith("auth/") else "\0")
        shown = f"{path}{login}…" if login else path
        line = f"{request.method} {shown}{query}{where}: {outcome}, {seconds * 1000:.1f} ms, attempt {job.attempt}"
        if self._log:
            self._log(line)
