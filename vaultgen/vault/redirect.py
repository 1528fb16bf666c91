"""Redirects: followed to the same API path of the same server only, because a token goes along.

That is stricter than HashiCorp's and OpenBao's clients are (``api/client.go``), which follow one to any host and path.
A gateway in front of Vault may still put its own prefix before the path; a page to log in at is not Vault.
"""

from vaultgen.errors import Fault
from vaultgen.vault.address import DEFAULT_PORTS, Unusable, split_host
from vaultgen.vault.message import header_problem
from vaultgen.vault.retry import IDEMPOTENT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vaultgen.vault.message import Request, Response
    from vaultgen.vault.settings import Settings

REDIRECT_LIMIT = 3
REDIRECTS = frozenset((301, 302, 303, 307, 308))
_KEEP_METHOD = frozenset((307, 308))


def redirected_target(response: "Response", request: "Request", settings: "Settings") -> str | Fault:
    """Return the path and query to ask for instead, or the fault ``redirected``, which names no more than a host."""
    location = response.headers.get("location", "")
    scheme, separator, rest = location.partition("://")
    address = settings.address
    shown = address.text
    if separator:
        end = min((rest.find(mark) for mark in "/?#" if mark in rest), default=len(rest))
        userinfo, _, authority = rest[:end].rpartition("@")
        path = rest[end:]
        try:
            host, port = split_host(authority)
            default_port = DEFAULT_PORTS[scheme.lower()]
        except (Unusable, KeyError):
            return _elsewhere(settings, "a place that is no address")
        shown = f"{scheme.lower()}://{authority.lower()}"
        there = (scheme.lower(), host, port or default_port)
        if userinfo or there != (address.scheme, address.host, address.port):
            return _elsewhere(settings, shown)
    else:
        path = location
    path = path.partition("#")[0]
    usable = path.startswith("/") and not path.startswith("//") and not header_problem(path)
    dots = {".", ".."}.intersection(path.partition("?")[0].lower().replace("%2e", ".").split("/"))
    if not usable or " " in path or dots or not (request.method in IDEMPOTENT or response.status in _KEEP_METHOD):
        return _elsewhere(settings, shown)
    if not settings.follows_redirects:
        return _elsewhere(settings, f"{shown} while VAULT_DISABLE_REDIRECTS is set")
    if not _is_same(path, request):
        return _elsewhere(settings, "another path")
    return path


def _is_same(target: str, request: "Request") -> bool:
    """Whether a path and query are those of a request, whatever stands in front of them."""
    from urllib.parse import unquote

    path, _, query = target.partition("?")
    return query == request.query and unquote(path).endswith(f"/v1/{request.path}")


def without_token(fault: Fault, request: "Request") -> Fault:
    """Return a fault ``redirected`` that names no host in which the token of the request is said back."""
    token = request.token.reveal() if request.token else ""
    if token and token.lower() in fault.facts["target"]:
        return fault._replace(facts={**fault.facts, "target": "a host that is named like the token"})
    return fault


def _elsewhere(settings: "Settings", target: str) -> Fault:
    return Fault("redirected", facts={"address": settings.address.text, "target": target})
