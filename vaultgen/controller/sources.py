"""What the cluster's source controllers have to offer: the artifacts of Flux's sources, as far as they are known."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, NamedTuple

from vaultgen.controller.api import Api
from vaultgen.controller.resource import KIND, Name, SourceRef, VaultArtifact
from vaultgen.errors import refuse

GROUP = "source.toolkit.fluxcd.io"
API = f"/apis/{GROUP}/v1"
EXTERNAL_ARTIFACT = "ExternalArtifact"
PLURALS = {
    "GitRepository": "gitrepositories",
    "OCIRepository": "ocirepositories",
    "Bucket": "buckets",
    EXTERNAL_ARTIFACT: "externalartifacts",
}

REVISION_LIMIT = 1000
"""Characters; it is said again in status, events and logs."""
TRUSTED_SECONDS = 600.0
"""How long what a watch said is taken for granted."""
LIST_SECONDS = 5.0
"""How long a list of all sources of a kind may take to be told; a longer one costs a question for each of its first."""


@dataclass(frozen=True)
class SourceArtifact:
    """A tree that a source controller serves."""

    url: str
    revision: str
    digest: str
    """``algorithm:hexadecimal``."""


def path_of(reference: SourceRef) -> str:
    """Return where the API server has a source."""
    return f"{API}/namespaces/{reference.name.namespace}/{PLURALS[reference.kind]}/{reference.name.name}"


class _Seen(NamedTuple):
    body: Mapping[str, Any]
    time: float


class Sources:
    """The sources that were seen by watching; one that was not seen yet is asked for."""

    def __init__(self, api: Api, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` returns seconds that only grow."""
        self._api = api
        self._clock = clock
        self._lock = Lock()
        self._seen: dict[SourceRef, _Seen] = {}
        self._trusted_since = dict.fromkeys(PLURALS, -math.inf)

    def note(self, reference: SourceRef, body: Mapping[str, Any] | None) -> bool:
        """Take what a watch says (None: the source is gone), and return whether its artifact is another now."""
        seen = None if body is None else _slim(body)
        with self._lock:
            before = self._seen.pop(reference, None)
            if seen is not None:
                self._seen[reference] = _Seen(seen, self._clock())
        return before is None or seen is None or before.body["status"] != seen["status"]

    def doubt(self) -> None:
        """Ask for everything that was seen before now once more: a watch was broken, and tells nothing of what went."""
        for kind in PLURALS:
            self._trusted_since[kind] = self._clock()

    def listed(self, kind: str) -> None:
        """Ask for what was seen of a kind before now once more, but for what is being listed.

        A watch begins with a list, and one that begins anew tells of what is there, but not of what went meanwhile.
        """
        self._trusted_since[kind] = max(self._trusted_since[kind], self._clock() - LIST_SECONDS)

    def body(self, reference: SourceRef) -> Mapping[str, Any] | None:
        """Return ``metadata``, ``spec.sourceRef`` and ``status.artifact`` of a source, or None where there is none.

        Raises ``Refused`` as ``Api.get`` does.
        """
        with self._lock:
            seen = self._seen.get(reference)
        if seen is not None and seen.time > max(self._trusted_since[reference.kind], self._clock() - TRUSTED_SECONDS):
            return seen.body
        # Only the API server knows that something is not there: a watch tells late.
        body = self._api.get(path_of(reference))
        self.note(reference, body)
        return body

    def artifact(self, owner: VaultArtifact, allow_other_namespaces: bool) -> SourceArtifact:
        """Return the artifact that a VaultArtifact is to be made of.

        Raises ``Refused``: source-elsewhere, own-source, source-missing, source-not-ready, source-not-fetched, and
        cluster-*.
        """
        reference = owner.source
        place = owner.place._replace(field="spec.sourceRef")
        what = f"{reference.kind} {reference.name}"
        if reference.name.namespace != owner.name.namespace and not allow_other_namespaces:
            raise refuse("source-elsewhere", place, source=what)
        if reference == SourceRef(EXTERNAL_ARTIFACT, owner.name):
            raise refuse("own-source", place)
        body = self.body(reference)
        if body is None or body["metadata"].get("deletionTimestamp"):
            raise refuse("source-missing", place, source=what)
        artifact = artifact_of(body)
        url, revision, digest = (artifact.get(field) for field in ("url", "revision", "digest"))
        if not (url and revision and digest):
            raise refuse("source-not-ready", place, source=what)
        if len(str(revision)) > REVISION_LIMIT:
            why = f"its revision is longer than {REVISION_LIMIT} characters"
            raise refuse("source-not-fetched", place, revision=f"{str(revision)[:60]}…", why=why)
        return SourceArtifact(str(url), str(revision), str(digest))


def artifact_of(source: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return ``status.artifact`` of a source; nothing where it, or the source, is not there."""
    artifact: Mapping[str, Any] = ((source or {}).get("status") or {}).get("artifact") or {}
    return artifact


def owner_of(external: Mapping[str, Any]) -> Name | None:
    """Return which VaultArtifact an ExternalArtifact says it is of."""
    reference = (external.get("spec") or {}).get("sourceRef") or {}
    if reference.get("kind") != KIND or not str(reference.get("apiVersion", "")).startswith("vaultgen.dev/"):
        return None
    namespace = reference.get("namespace") or external["metadata"]["namespace"]
    return Name(str(namespace), str(reference.get("name")))


def _slim(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Leave out what nobody asks for: there may be thousands."""
    metadata = {
        field: value
        for field, value in body["metadata"].items()
        if field in ("name", "namespace", "uid", "deletionTimestamp")
    }
    source = (body.get("spec") or {}).get("sourceRef")
    artifact = (body.get("status") or {}).get("artifact")
    return {"metadata": metadata, "spec": {"sourceRef": source}, "status": {"artifact": artifact}}
