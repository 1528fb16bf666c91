"""Does Vault answer?"""

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from vaultgen.doctor.verdict import Verdict, failed, ok
from vaultgen.errors import Fault
from vaultgen.vault.message import Request, Response
from vaultgen.vault.pool import Pool
from vaultgen.vault.settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vaultgen.doctor.examine import Log
    from vaultgen.ports import Files

NAME = "connection"
TLS_CODES = frozenset({"tls-untrusted", "tls-hostname", "tls-failed"})


@dataclass(frozen=True)
class Greeting:
    """What came back from the first question, which needs no token."""

    response: Response | Fault
    """The answer of sys/seal-status; a fault of TLS_CODES where TLS was not agreed on."""
    certificate: bytes
    """The server's certificate (DER); empty without TLS, or where it was not trusted."""
    authorities: Sequence[bytes]
    """The CAs that are trusted (DER), as far as they were needed."""
    received: float
    """When, in seconds since the epoch."""


def check_connection(settings: Settings, files: "Files", log: "Log") -> Generator[Verdict, None, Greeting | None]:
    """Ask for the seal status, which any server answers; return what came back, None where nothing did.

    What is wrong with TLS is not told here.
    """
    started = time.monotonic()
    greeting = greet(settings, files, log)
    answer = greeting.response
    through = f" through the proxy {settings.proxy.text}" if settings.proxy else ""
    if not isinstance(answer, Fault):
        yield ok(NAME, f"an answer came within {(time.monotonic() - started) * 1000:.0f} ms{through}")
        return greeting
    if answer.code in TLS_CODES:
        yield ok(NAME, f"something accepts connections{through}")
        return greeting
    yield from failed(NAME, [answer])
    return None


def greet(settings: Settings, files: "Files", log: "Log") -> Greeting:
    """Ask for sys/seal-status, without a token."""
    # It is not asked for in a Vault namespace: some servers answer it in the root namespace only.
    pool = Pool(settings._replace(vault_namespace=""), files, log)
    try:
        (answer,) = pool.send([Request("GET", "sys/seal-status")])
        certificate, authorities = (pool.tls.certificate, pool.tls.authorities()) if pool.tls else (b"", [])
        return Greeting(answer, certificate, authorities, time.time())
    finally:
        pool.close()
