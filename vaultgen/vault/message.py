"""What is said to Vault and what it answers, as data."""

from vaultgen.errors import refuse
from vaultgen.json_text import parse_json
from vaultgen.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Protocol

    from vaultgen.errors import Fault
    from vaultgen.redacted import Redacted

NO_HEADERS: "Mapping[str, str]" = {}


class Request(Record):
    """One request to Vault's HTTP API."""

    method: str
    """``GET``, ``POST``, ``PUT``, ``LIST``, …"""
    path: str
    """API path below ``/v1/``, not percent-encoded: ``secret/data/app``. The wire encodes it."""
    query: str = ""
    """Query text, encoded already: ``version=3``."""
    body: "Redacted | None" = None
    """A dict that JSON can hold, wrapped."""
    vault_namespace: str = ""
    """Vault namespace; empty means that of the settings."""
    token: "Redacted | None" = None
    """The Vault token (str, wrapped); None sends none."""
    headers: tuple[tuple[str, str], ...] = ()
    """Further headers that hold nothing secret."""


class Response(Record):
    """An answer that is neither a redirect nor a failure to retry: 200, 204, 400, 403, 404, 405 and the like."""

    status: int
    body: "Redacted"
    """The body (bytes, wrapped)."""
    headers: "Mapping[str, str]" = NO_HEADERS
    """Lower-case names; only content-type, date, location and retry-after are kept."""


class Session(Record):
    """The credential that reads are made with."""

    token: "Redacted | None"
    """None where an agent or proxy adds its own."""
    source: str
    """Where it came from, in public words: ``VAULT_TOKEN``, ``the kubernetes login``."""
    acquired: bool
    """True when vaultgen logged in itself, and so may revoke the token at the end."""


if TYPE_CHECKING:

    class Exchange(Protocol):
        """Whatever carries requests to Vault."""

        def send(self, requests: Sequence[Request], /) -> list[Response | Fault]:
            """Return an answer for each request, in their order; a transport failure is a ``Fault`` item."""
            ...


def json_body(response: Response, address: str) -> "Any":
    """Return the JSON value of a body; numbers are ``JsonNumber``. The caller wraps what is secret in it.

    ``address`` is what the fault names (``settings.address.text``). Raises ``Refused`` (answer-not-json).
    """
    try:
        return parse_json(response.body.reveal().decode())
    except (ValueError, RecursionError):
        raise refuse("answer-not-json", address=address) from None


def path_problem(path: str) -> str:
    """Return what makes an API path unusable, in public words; empty where nothing does.

    Dot segments and empty segments are resolved or dropped on the way, so that another path than the
    one that was checked would be asked for.
    """
    if not path:
        return "it is empty"
    for segment in path.split("/"):
        if not segment:
            return "it has an empty segment: a slash at an end, or two in a row"
        if segment in (".", ".."):
            return "it has a dot segment"
    return "" if path.isprintable() else "it has a character that cannot be printed"


def header_problem(text: str) -> str:
    """Return what keeps a text out of an HTTP header, in public words; empty where nothing does."""
    if not text:
        return "it is empty"
    if not text.isascii() or not text.isprintable():
        return "it has a line break or another character that no HTTP header may hold"
    return "it begins or ends with a space" if text != text.strip() else ""
