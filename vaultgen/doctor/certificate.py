"""What a person asks of a certificate, out of its DER form (RFC 5280, 4.1): whose, by whom, until when."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_NAMES = (b"\x55\x04\x03", b"\x55\x04\x0a")
"""Object identifiers of commonName and organizationName, in the order of preference."""
_EXPLICIT_VERSION, _UTC_TIME, _BMP_STRING = 0xA0, 0x17, 0x1E


@dataclass(frozen=True)
class Certificate:
    """A few fields of a certificate. Its texts are whatever its maker wrote: clean them before they are printed."""

    subject: str
    """Common name, else organization; may be empty."""
    issuer: str
    begins: datetime
    ends: datetime

    def is_ending(self, now: datetime) -> bool:
        """Whether it should have been renewed: a third of its time or two weeks are left, whichever is less."""
        return self.ends - now < min(timedelta(days=14), (self.ends - self.begins) / 3)


def read_certificate(der: bytes) -> Certificate | None:
    """Return the fields of a certificate that OpenSSL has parsed already; None where they are not to be found."""
    try:
        (_, certificate), *_ = _parts(der)
        (_, signed), *_ = _parts(certificate)
        parts = list(_parts(signed))
        if parts[0][0] == _EXPLICIT_VERSION:
            del parts[0]
        _, _, (_, issuer), (_, validity), (_, subject), *_ = parts
        begins, ends = (_time(tag, content) for tag, content in _parts(validity))
        return Certificate(_name(subject), _name(issuer), begins, ends)
    except (IndexError, ValueError):
        return None


def _parts(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and content of each element."""
    at = 0
    while at < len(content):
        tag, length = content[at], content[at + 1]
        at += 2
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(content[at : at + size], "big")
            at += size
        yield tag, content[at : at + length]
        at += length


def _name(content: bytes) -> str:
    found: dict[bytes, str] = {}
    for _, relative in _parts(content):
        for _, attribute in _parts(relative):
            (_, kind), (tag, text) = _parts(attribute)
            found[kind] = text.decode("utf-16-be" if tag == _BMP_STRING else "utf-8", "replace")
    return next((found[kind] for kind in _NAMES if kind in found), "")


def _time(tag: int, content: bytes) -> datetime:
    text = content.decode("ascii")
    if tag == _UTC_TIME:
        text = ("19" if text >= "5" else "20") + text
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
