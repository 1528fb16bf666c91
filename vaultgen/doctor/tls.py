"""Is the way to Vault private, and will its certificate last?"""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime

from vaultgen.doctor.certificate import Certificate, read_certificate
from vaultgen.doctor.connection import Greeting, greet
from vaultgen.doctor.verdict import Verdict, fail, failed, ok, skip, warn
from vaultgen.errors import Fault
from vaultgen.vault.settings import Settings, TlsSettings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vaultgen.doctor.examine import Log
    from vaultgen.ports import Files

NAME = "tls"


def check_tls(settings: Settings, greeting: Greeting, files: "Files", log: "Log") -> Iterator[Verdict]:
    """Look at how TLS went; where it failed, at what the server shows to anybody."""
    if settings.address.scheme == "unix":
        yield skip(NAME, "a unix socket needs none")
    elif settings.address.scheme == "http":
        yield _plain(settings)
    elif isinstance(greeting.response, Fault):
        (verdict,) = failed(NAME, [greeting.response])
        shown = _shown_to_anybody(settings, files, log)
        seen = f"{verdict.seen}; it is {_words(shown)}" if shown else verdict.seen
        yield fail(NAME, seen, verdict.advice, verdict.code)
    else:
        yield _lasting(settings, greeting)


def _plain(settings: Settings) -> Verdict:
    if _is_here(settings.address.host):
        return ok(NAME, "plain HTTP, on this machine alone")
    seen = "plain HTTP: whoever is in between can read the token and all values"
    return warn(NAME, seen, "let Vault speak TLS, and write https:// in the address")


def _is_here(host: str) -> bool:
    if host == "localhost" or host == "::1":
        return True
    try:
        return socket.inet_pton(socket.AF_INET, host)[0] == 127
    except OSError:
        return False


def _shown_to_anybody(settings: Settings, files: "Files", log: "Log") -> Certificate | None:
    """Return the certificate of a server that is not trusted; nothing private is sent."""
    tls = TlsSettings(server_name=settings.tls.server_name, skip_verify=True)
    return read_certificate(greet(settings._replace(tls=tls, headers=()), files, log).certificate)


def _lasting(settings: Settings, greeting: Greeting) -> Verdict:
    now = datetime.now(UTC)
    certificate = read_certificate(greeting.certificate)
    said = f"; it is {_words(certificate)}" if certificate else ""
    if settings.tls.skip_verify:
        seen = f"nothing is verified, so that whoever is in between can read the token and all values{said}"
        return warn(NAME, seen, "unset VAULT_SKIP_VERIFY, and give the CA in VAULT_CACERT")
    seen = f"trusted by {settings.tls.ca.source if settings.tls.ca else 'the CAs of this system'}{said}"
    if certificate is None:
        return ok(NAME, seen)
    if certificate.is_ending(now):
        return warn(NAME, seen, "have it renewed")
    for authority in map(read_certificate, greeting.authorities):
        if authority and authority.subject == certificate.issuer and authority.is_ending(now):
            return warn(NAME, f"{seen}; the CA's own is {_words(authority)}", "have the CA's certificate renewed")
    return ok(NAME, seen)


def _words(certificate: Certificate) -> str:
    left = (certificate.ends - datetime.now(UTC)).total_seconds()
    amount = f"{abs(left) / 86400:.0f} days" if abs(left) >= 2 * 86400 else f"{abs(left) / 3600:.0f} hours"
    lasting = f"valid for {amount} more" if left > 0 else f"expired {amount} ago"
    return f'issued by "{certificate.issuer}" for "{certificate.subject}", {lasting}'
