"""Which answers are worth another attempt, when to make it, and what to say after the last."""

import os

from vaultgen.errors import Fault
from vaultgen.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vaultgen.vault.environment import RateLimit
    from vaultgen.vault.message import Response
    from vaultgen.vault.settings import Settings

FIRST_PAUSE = 0.5
"""Seconds before the second attempt; each further pause is twice as long, give or take a half."""
LONGEST_PAUSE = 8.0

IDEMPOTENT = frozenset(("GET", "HEAD", "LIST"))
"""Methods that may be sent again although they may have been carried out."""

OWN_FAULTS = frozenset(("server-error", "rate-limited", "answer-too-large", "answer-not-http", "redirected"))
"""Faults that may be one request's alone, where others are answered; any other is the server's."""

# How Go's and nginx's TLS ports answer plain HTTP.
_PLAIN_HTTP = (b"Client sent an HTTP request to an HTTPS server", b"The plain HTTP request was sent to HTTPS port")


class Trouble(Record):
    """An answer that is none."""

    fault: Fault
    again: bool = False
    """Whether another attempt may do better."""
    concerns_all: bool = False
    """Whether other requests had better wait, too."""


def trouble(response: "Response", method: str, settings: "Settings", attempt: int) -> Trouble | None:
    """Return what is wrong with an answer, or None for one that the caller is to read.

    Retried are 412, 429 and 5xx but 501, as the vault command line does; for other methods than those of IDEMPOTENT
    only those by which a server says that it has done nothing: 412, 429 and 503.
    """
    status, body = response.status, response.body.reveal()
    facts = {"address": settings.address.text, "status": str(status), "attempts": str(attempt)}
    if status == 400 and any(text in body for text in _PLAIN_HTTP):
        return Trouble(Fault("plain-http", facts=facts))
    if status == 407 and settings.proxy:
        why = "it wants other credentials (407)"
        return Trouble(Fault("proxy-failed", facts={**facts, "proxy": settings.proxy.text, "why": why}))
    if status == 412:
        return Trouble(Fault("server-error", facts=facts), again=True)
    if status == 429:
        return Trouble(Fault("rate-limited", facts=facts), again=True, concerns_all=True)
    if status < 500:
        return None
    if status == 501:
        return Trouble(Fault("server-error", facts=facts))
    if status == 503:
        return Trouble(Fault("sealed" if b"sealed" in body else "server-error", facts=facts), True, True)
    return Trouble(Fault("server-error", facts=facts), again=method in IDEMPOTENT)


def pause(attempt: int, response: "Response | None" = None) -> float:
    """Return the seconds to wait after a failed attempt (1 for the first): Retry-After, else jittered backoff."""
    backoff = min(LONGEST_PAUSE, FIRST_PAUSE * float(1 << min(attempt - 1, 16))) * (0.5 + os.urandom(1)[0] / 255)
    asked = response.headers.get("retry-after", "") if response else ""
    return max(backoff, _seconds(asked)) if asked else backoff


def _seconds(text: str) -> float:
    """Read Retry-After: seconds, or a date (RFC 9110, 10.2.3); 0 for anything else."""
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    import time
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return 0.0


class Pace:
    """When the next request may start: pauses that a server asked for, and the user's own rate limit."""

    def __init__(self, limit: "RateLimit | None") -> None:
        self.paused_until = 0.0
        self._limit = limit
        self._tokens = float(limit.burst) if limit else 0.0
        self._filled_at = 0.0

    def pause(self, until: float) -> None:
        """Let nothing start before ``until``."""
        self.paused_until = max(self.paused_until, until)

    def start(self, now: float) -> float:
        """Return 0 and count a start, or the time at which to ask again."""
        if now < self.paused_until:
            return self.paused_until
        if self._limit is None:
            return 0.0
        if self._filled_at:
            self._tokens = min(self._limit.burst, self._tokens + (now - self._filled_at) * self._limit.rate)
        self._filled_at = now
        if self._tokens < 1:
            return now + (1 - self._tokens) / self._limit.rate
        self._tokens -= 1
        return 0.0
