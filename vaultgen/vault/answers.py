"""What Vault's answer to a read means: fields, nothing there, or a fault."""

from vaultgen.errors import Fault, Refused
from vaultgen.ports import Answer, Miss
from vaultgen.record import Record
from vaultgen.redacted import Redacted
from vaultgen.vault.message import json_body

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    from vaultgen.ports import Read
    from vaultgen.vault.message import Response

    Kind = Literal["guessed", "kv2", "kv1", "static", "dynamic"]

# What an engine says about a credential, not the credential: it changes while the value stays.
_BOOKKEEPING = frozenset(("ttl", "last_vault_rotation", "revocation_time", "revocation_time_rfc3339"))


class Target(Record):
    """Where a read goes, and what answers there."""

    path: str
    """API path."""
    kind: "Kind"
    """``guessed`` is KV v2 by the look of the path alone."""
    engine: str = "kv"
    """Type of the mount."""


class Unsure(Record):
    """The answer to a guess leaves open what is mounted there; the mounts must be listed."""


UNSURE = Unsure()


def meaning(read: "Read", target: Target, response: "Response", address: str) -> Answer | Miss | Fault | Unsure:
    """Return what an answer to a read means; ``Unsure`` only for a guessed target.

    Faults: permission-denied, unexpected-answer, dynamic-engine, bad-request, answer-not-json.
    """
    status = response.status
    if status == 403:
        return UNSURE if target.kind == "guessed" else _denied(read, target)
    if status == 405:
        return (
            UNSURE
            if target.kind == "guessed"
            else _unexpected(read, f"the engine {target.engine} answers no reads there")
        )
    if status not in (200, 404):
        return Fault("bad-request", facts={"address": address, "status": str(status)}, read=read)
    try:
        answer = json_body(response, address)
    except Refused as refused:
        return refused.faults[0]._replace(read=read)
    if not isinstance(answer, dict):
        return _unexpected(read, "it is no JSON object")
    if status == 404:
        return _absence(read, target, answer)
    data = answer.get("data")
    if target.kind in ("guessed", "kv2"):
        if _is_kv2(answer):
            return _kv2(read, answer["data"])
        return UNSURE if target.kind == "guessed" else _unexpected(read, "it lacks the metadata of KV v2")
    if not isinstance(data, dict):
        return _unexpected(read, "it holds no fields")
    if answer.get("lease_id") and target.kind != "dynamic" and not read.allow_dynamic:
        return Fault("dynamic-engine", facts={"path": read.path, "engine": target.engine}, read=read)
    fields = {
        name: Redacted(value) for name, value in data.items() if target.kind != "static" or name not in _BOOKKEEPING
    }
    return Answer(fields, None, target.kind == "dynamic" or bool(answer.get("lease_id")))


def _is_kv2(answer: "dict[str, Any]") -> bool:
    """Whether an answer is one of KV v2; no other engine gives both parts, and none of KV has a lease."""
    data = answer.get("data")
    if answer.get("lease_id") or not isinstance(data, dict) or "data" not in data:
        return False
    metadata = data.get("metadata")
    return isinstance(metadata, dict) and isinstance(metadata.get("created_time"), str)


def _kv2(read: "Read", data: "dict[str, Any]") -> Answer | Fault:
    version = _version(data["metadata"])
    if read.version is not None and version != read.version:
        return _unexpected(read, "it is another version than the one asked for")
    if not isinstance(data["data"], dict):
        return _unexpected(read, "it holds no fields")
    fields = {name: Redacted(value) for name, value in data["data"].items()}
    return Answer(fields, version, created_time=data["metadata"]["created_time"])


def _absence(read: "Read", target: Target, answer: "dict[str, Any]") -> Miss | Fault | Unsure:
    if target.kind in ("guessed", "kv2") and _is_kv2(answer):
        metadata = answer["data"]["metadata"]
        return Miss("destroyed" if metadata.get("destroyed") is True else "deleted", _version(metadata))
    if answer.get("errors") == []:
        return Miss("no_path") if read.version is None else Miss("no_version", read.version)
    if target.kind == "guessed":
        return UNSURE
    return _unexpected(read, f"the engine {target.engine} does not know such a path")


def _version(metadata: "dict[str, Any]") -> int | None:
    text = metadata.get("version")
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 19 else None


def _denied(read: "Read", target: Target) -> Fault:
    return Fault("permission-denied", facts={"path": read.path, "api_path": target.path}, read=read)


def _unexpected(read: "Read", why: str) -> Fault:
    return Fault("unexpected-answer", facts={"path": read.path, "why": why}, read=read)
