"""What a VaultArtifact's status says (kstatus): Ready, Reconciling, Stalled, each with a reason."""

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from vaultgen.controller.external_artifact import Publication
from vaultgen.controller.resolve import Resolved, Version
from vaultgen.controller.resource import VaultArtifact
from vaultgen.errors import Fault
from vaultgen.errors.catalogue import CATALOGUE
from vaultgen.errors.report import clean, hint, message, where

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vaultgen.errors.catalogue import Family

SUCCEEDED = "Succeeded"
RETRYING = "ProgressingWithRetry"

REASONS: "Mapping[Family, str]" = {
    "document": "Refused",
    "access": "AccessDenied",
    "data": "ValueMissing",
    "unavailable": "Unavailable",
    "internal": "InternalError",
}
"""Of Ready=False, by the family of its first fault; some codes have their own."""
OWN_REASONS = {
    "source-missing": "SourceMissing",
    "source-not-ready": "SourceNotReady",
    "source-not-fetched": "FetchFailed",
    "bad-archive": "FetchFailed",
    "artifact-not-stored": "StorageFailed",
    "artifact-taken": "ArtifactTaken",
    "cluster-unavailable": "ClusterUnavailable",
}
MESSAGE_LIMIT = 2000
VERSIONS_LIMIT = 256 << 10
"""Bytes of the versions as JSON; an object of more than some 1.5 MB is taken by no API server."""
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[-+][0-9]{2}:[0-9]{2})")


def reason_of(faults: Sequence[Fault]) -> str:
    """Return the reason of a failure."""
    code = faults[0].code
    return OWN_REASONS.get(code) or REASONS[CATALOGUE[code].family]


def is_stalled(faults: Sequence[Fault]) -> bool:
    """Return whether only a change of the object or of its source can help."""
    return any(CATALOGUE[fault.code].family == "document" for fault in faults)


def failure_text(faults: Sequence[Fault]) -> str:
    """Return faults as one paragraph: what, where, reference, what to do; never a value."""
    # Of thousands, no more are written than can be seen.
    return "\n".join(map(_line, faults[: MESSAGE_LIMIT // 20]))[:MESSAGE_LIMIT]


def success_text(publication: Publication) -> str:
    """Return what was published, and of what."""
    return clean(f"published {publication.revision} from {publication.source_revision}")


def succeeded(owner: VaultArtifact, publication: Publication, resolved: Resolved, now: str) -> Mapping[str, Any]:
    """Return the status after a success; ``now`` (RFC 3339) is used for what changes."""
    text = success_text(publication)
    if not resolved.secrets:
        text += "; nothing in it is from Vault: neither a generator at spec.path nor spec.secretGenerator"
    if resolved.ignored:
        text += f"; ignored, for spec.vault is what counts: vault in {', '.join(resolved.ignored)}"[:MESSAGE_LIMIT]
    ready = _condition(owner, "Ready", "True", SUCCEEDED, text, now)
    return {
        **_handled(owner),
        "artifact": dict(publication.artifact()),
        "sourceRevision": publication.source_revision,
        "versions": list(_versions(resolved.versions)),
        "conditions": [ready],
    }


def failed(owner: VaultArtifact, faults: Sequence[Fault], now: str) -> Mapping[str, Any]:
    """Return the status after a failure: what is published stays as it is."""
    text, reason = failure_text(faults), reason_of(faults)
    kind, why = ("Stalled", reason) if is_stalled(faults) else ("Reconciling", RETRYING)
    ready = _condition(owner, "Ready", "False", reason, text, now)
    return {**owner.status, **_handled(owner), "conditions": [ready, _condition(owner, kind, "True", why, text, now)]}


def _handled(owner: VaultArtifact) -> Mapping[str, Any]:
    requested = owner.requested_at
    handled = {"lastHandledReconcileAt": requested} if requested else {}
    return {"observedGeneration": owner.generation, **handled}


def _condition(owner: VaultArtifact, kind: str, status: str, reason: str, text: str, now: str) -> Mapping[str, Any]:
    earlier = owner.condition(kind)
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": text,
        "observedGeneration": owner.generation,
        "lastTransitionTime": earlier["lastTransitionTime"] if earlier.get("status") == status else now,
    }


def _versions(versions: Sequence[Version]) -> Iterator[Mapping[str, Any]]:
    """Yield as many as there is room for."""
    described = [_version(one) for one in versions]
    sizes = itertools.accumulate(len(json.dumps(one)) for one in described)
    yield from (one for one, size in zip(described, sizes, strict=True) if size <= VERSIONS_LIMIT)


def _version(one: Version) -> Mapping[str, Any]:
    namespace = {"namespace": one.vault_namespace} if one.vault_namespace else {}
    created = {"createdTime": one.created_time} if _is_time(one.created_time) else {}
    return {"path": one.path, **namespace, "version": one.version, **created}


def _is_time(text: str) -> bool:
    """Return whether a text is RFC 3339: with another one the API server takes nothing of the status."""
    try:
        return bool(_TIME.fullmatch(text) and datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))
    except ValueError:
        return False


def _line(fault: Fault) -> str:
    parts = [f"error[{fault.code}]: {message(fault)}", where(fault.place), fault.place.reference]
    advice = hint(fault)
    return "; ".join(part for part in (*parts, advice and f"hint: {advice}") if part)
