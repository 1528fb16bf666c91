"""What a token may do, by asking Vault: nothing is read."""

from vaultgen.errors import refuse
from vaultgen.redacted import Redacted
from vaultgen.vault.message import Request, json_body
from vaultgen.vault.mounts import LISTING_PATH, Mount, parse_mounts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from vaultgen.vault.backend import VaultBackend

CAPABILITIES_PATH = "sys/capabilities-self"
_DENIED = ("deny",)


def visible_mounts(backend: "VaultBackend", vault_namespace: str) -> tuple[Mount, ...]:
    """Return the mounts that the session's token can see in a Vault namespace; empty means the session's own.

    Raises ``Refused``: token-invalid, namespace-unknown, bad-request, answer-not-json, and what ``ask`` raises.
    """
    response, session = backend.ask(Request("GET", LISTING_PATH, vault_namespace=vault_namespace))
    namespace = vault_namespace or backend.vault_namespace
    if (response.status == 404 and namespace) or (response.status == 403 and vault_namespace):
        raise refuse("namespace-unknown", namespace=namespace)
    if response.status == 403:
        raise refuse("token-invalid", source=session.source)
    if response.status != 200:
        raise refuse("bad-request", address=backend.address, status=str(response.status))
    return parse_mounts(json_body(response, backend.address))


def capabilities(
    backend: "VaultBackend", paths: "Sequence[str]", vault_namespace: str
) -> "Mapping[str, tuple[str, ...]]":
    """Return what the session's token may do at each API path of a Vault namespace, sorted: ``read``, ``update``, …

    ``deny`` stands alone, as ``root`` does. One request. Raises ``Refused``: capabilities-hidden, answer-not-json, and
    what ``ask`` raises.
    """
    response, _ = backend.ask(capabilities_request(paths, vault_namespace))
    if response.status != 200:
        raise refuse("capabilities-hidden", status=str(response.status))
    return granted(json_body(response, backend.address), paths) or dict.fromkeys(paths, _DENIED)


def capabilities_request(paths: "Sequence[str]", vault_namespace: str) -> Request:
    """Return the question what a token may do at API paths; the token is still to be put in."""
    return Request("POST", CAPABILITIES_PATH, "", Redacted({"paths": list(paths)}), vault_namespace)


def granted(answer: "Any", paths: "Sequence[str]") -> "Mapping[str, tuple[str, ...]] | None":
    """Return what the answer (JSON) to that question says of each path; None for one that says nothing at all."""
    data = answer.get("data") if isinstance(answer, dict) else None
    return {path: _names(data.get(path)) for path in paths} if isinstance(data, dict) else None


def _names(value: "Any") -> tuple[str, ...]:
    """Return capabilities; an answer that names none for a path denies it."""
    names = [name for name in value if isinstance(name, str) and name.isalpha()] if isinstance(value, list) else []
    return tuple(sorted(names)) or _DENIED
