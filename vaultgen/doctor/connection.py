"""Does Vault answer?"""

import time
from collections.abc import Generator
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

    response: Response | None
    """The answer of sys/seal-status; None where TLS was not agreed on."""
    certificate: bytes
    """The server's certificate (DER); empty without TLS, or where it was not trusted."""
    received: float
    """When, in seconds since the epoch."""
    refusal: Fault | None = None
    """Why TLS was not agreed on."""


def check_connection(settings: Settings, files: "Files", log: "Log") -> Generator[Verdict, None, Greeting | None]:
    """Ask for the seal status, which any server answers; return what came back, None where nothing did.

    What is wrong with TLS is not told here.
    """
    started = time.monotonic()
    answer, certificate = greet(settings, files, log)
    if isinstance(answer, Fault) and answer.code not in TLS_CODES:
        yield from failed(NAME, [answer])
        return None
    through = f" through the proxy {settings.proxy.text}" if settings.proxy else ""
    if isinstance(answer, Fault):
        yield ok(NAME, f"something accepts connections{through}")
        return Greeting(None, b"", time.time(), answer)
    yield ok(NAME, f"an answer came within {(time.monotonic() - started) * 1000:.0f} ms{through}")
    return Greeting(answer, certificate, time.time())


def greet(settings: Settings, files: "Files", log: "Log") -> tuple[Response | Fault, bytes]:
    """Return the answer of sys/seal-status, asked for without a token, and the server's certificate (DER)."""
    # It is not asked for in a Vault namespace: some servers answer it in the root namespace only.
    pool = Pool(settings._replace(vault_namespace=""), files, log)
    try:
        (answer,) = pool.send([Request("GET", "sys/seal-status")])
        return answer, pool.certificate
    finally:
        pool.close()
