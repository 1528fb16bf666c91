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
    question = Request("POST", CAPABILITIES_PATH, "", Redacted({"paths": list(paths)}), vault_namespace)
    response, _ = backend.ask(question)
    if response.status != 200:
        raise refuse("capabilities-hidden", status=str(response.status))
    answer = json_body(response, backend.address)
    data = answer.get("data") if isinstance(answer, dict) else None
    granted = data if isinstance(data, dict) else {}
    return {path: _names(granted.get(path)) for path in paths}


def _names(value: "Any") -> tuple[str, ...]:
    """Return capabilities; an answer that names none for a path denies it."""
    names = [name for name in value if isinstance(name, str) and name.isalpha()] if isinstance(value, list) else []
    return tuple(sorted(names)) or ("deny",)
