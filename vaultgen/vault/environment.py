"""Variables of the Vault and OpenBao command lines, and how their texts are read."""

from vaultgen.record import Record
from vaultgen.vault.address import Unusable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_TRUE = frozenset(("1", "t", "T", "true", "TRUE", "True"))
_FALSE = frozenset(("0", "f", "F", "false", "FALSE", "False"))
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_OWN_HEADERS = frozenset(("host", "connection", "content-length", "content-type", "transfer-encoding", "te", "upgrade"))


class Variable(Record):
    """A variable that is set, or one that is not (both texts empty)."""

    name: str
    value: str


UNSET = Variable("", "")


class RateLimit(Record):
    """At most ``burst`` requests at once, and ``rate`` a second in the long run."""

    rate: float
    burst: int


def find(environ: "Mapping[str, str]", name: str) -> Variable:
    """Return BAO_<name>, else VAULT_<name>; an empty one counts as unset, as for the command lines."""
    for variable in (f"BAO_{name}", f"VAULT_{name}"):
        if value := environ.get(variable):
            return Variable(variable, value)
    return UNSET


def boolean(text: str) -> bool:
    """Read a truth value as Go's strconv.ParseBool does. Raises Unusable."""
    if text not in _TRUE | _FALSE:
        raise Unusable("expected true or false")
    return text in _TRUE


def count(text: str) -> int:
    """Read a number of 0 or more. Raises Unusable."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Unusable("expected a whole number of 0 or more")
    return int(text)


def duration(text: str) -> float:
    """Read seconds (``90``) or a Go duration (``1m30s``, ``500ms``) as seconds. Raises Unusable."""
    import re

    if re.fullmatch(r"\d{1,9}", text, re.ASCII):
        return float(text)
    parts = re.findall(r"(\d{1,9}(?:\.\d{1,9})?)(ns|us|µs|ms|s|m|h|d)", text, re.ASCII)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise Unusable("expected seconds, or a duration such as 90s or 1m30s")
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def rate_limit(text: str) -> RateLimit:
    """Read ``RATE`` or ``RATE:BURST``, requests a second. Raises Unusable."""
    import re

    if not (parts := re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)(?::(\d{1,9}))?", text, re.ASCII)) or not float(parts[1]):
        raise Unusable("expected RATE or RATE:BURST, in requests a second and above 0")
    rate = float(parts[1])
    return RateLimit(rate, max(1, int(parts[2]) if parts[2] else int(rate)))


def headers(text: str) -> tuple[tuple[str, str], ...]:
    """Read a JSON object of header names and texts. Raises Unusable, which quotes nothing of it."""
    from vaultgen.json_text import parse_json
    from vaultgen.vault.message import header_problem

    try:
        value = parse_json(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or not all(type(item) is str for item in value.values()):
        raise Unusable("expected a JSON object whose values are text")
    for name, item in value.items():
        if not name or not name.replace("-", "").replace("_", "").isalnum() or not name.isascii():
            raise Unusable("a header name may hold letters, digits and dashes")
        if name.lower().startswith("x-vault-") or name.lower() in _OWN_HEADERS:
            raise Unusable("a header that is sent anyway cannot be set there")
        if problem := header_problem(item):
            raise Unusable(f"a header's text cannot be sent: {problem}")
    return tuple(value.items())
