"""What happened, told once: as Kubernetes events on both objects, and to notification-controller."""

import time
from collections.abc import Mapping
from typing import Any

import urllib3

from vaultgen.controller.api import Api, Conflict
from vaultgen.controller.external_artifact import Publication
from vaultgen.controller.notifications import Notifications
from vaultgen.controller.resource import API_VERSION, KIND, VaultArtifact
from vaultgen.controller.sources import EXTERNAL_ARTIFACT, GROUP
from vaultgen.errors import Refused

COMPONENT = "vaultgen"
SECONDS = 3.0
"""For the API server to take an event; what else a look has to write is worth more."""
EVENT_GROUP = "event.toolkit.fluxcd.io"
"""Annotations of an object in this group come with its notifications, as with those of Flux's own kinds."""
_MESSAGE_LIMIT = 1000


class Events:
    """Sends events; one that cannot be sent is not worth a failure."""

    def __init__(self, api: Api, address: str = "", pool: urllib3.PoolManager | None = None) -> None:
        """``address`` is the URL of notification-controller's event endpoint; empty for none."""
        self._api = api
        self._notifications = Notifications(address, pool or urllib3.PoolManager()) if address else None

    def close(self) -> None:
        """Wait for what is on its way to notification-controller, but not for long."""
        if self._notifications:
            self._notifications.close()

    def send(
        self,
        owner: VaultArtifact,
        external: Mapping[str, Any] | None,
        severity: str,
        reason: str,
        text: str,
        now: str,
        publication: Publication | None = None,
        since: str = "",
    ) -> None:
        """Tell of a VaultArtifact, and of its ExternalArtifact (``metadata`` of it at least) where there is one.

        ``severity`` is ``info`` or ``error``, ``now`` is RFC 3339 in UTC; ``publication`` is what the event is about.
        ``since`` is when it came to be as it is, if not now: what is said again of that time is no news.
        """
        objects = [_reference(API_VERSION, KIND, owner.metadata)]
        if external is not None:
            objects.append(_reference(f"{GROUP}/v1", EXTERNAL_ARTIFACT, external["metadata"]))
        for involved in objects:
            if not self._is_taken_by_cluster(involved, severity, reason, text, now):
                break
        if self._notifications:
            involved = objects[-1] if external is not None else _unpublished(owner)
            annotations = owner.metadata.get("annotations") or {}
            metadata = _metadata(annotations, publication, since or now)
            self._notifications.send(_notification(involved, severity, reason, text, now, metadata))

    def _is_taken_by_cluster(
        self, involved: Mapping[str, str], severity: str, reason: str, text: str, now: str
    ) -> bool:
        # Nanoseconds, as client-go does it: two things can happen to an object within a second.
        name = f"{involved['name'][:200]}.{time.time_ns():x}"
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": involved["namespace"]},
            "involvedObject": involved,
            "reason": reason,
            "message": text[:_MESSAGE_LIMIT],
            "type": "Warning" if severity == "error" else "Normal",
            "source": {"component": COMPONENT},
            "reportingComponent": COMPONENT,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
        try:
            self._api.create(f"/api/v1/namespaces/{involved['namespace']}/events", event, SECONDS)
        except (Refused, Conflict):
            return False
        return True


def _notification(
    involved: Mapping[str, str], severity: str, reason: str, text: str, now: str, metadata: Mapping[str, str]
) -> Mapping[str, Any]:
    """Return an event as notification-controller takes it."""
    return {
        "involvedObject": involved,
        "severity": severity,
        "timestamp": now,
        "message": text[:_MESSAGE_LIMIT],
        "reason": reason,
        "metadata": metadata,
        "reportingController": COMPONENT,
        "reportingInstance": COMPONENT,
    }


def _metadata(annotations: Mapping[str, Any], publication: Publication | None, since: str) -> Mapping[str, str]:
    # What was told within minutes is dropped unless the token is another: a second failure would go unheard.
    ours = {"token": since}
    if publication:
        ours |= {"revision": publication.revision, "originRevision": publication.source_revision}
    return {
        **{name: str(value) for name, value in annotations.items() if name.startswith(f"{EVENT_GROUP}/")},
        **{f"{GROUP}/{name}": value for name, value in ours.items()},
    }


def _unpublished(owner: VaultArtifact) -> Mapping[str, str]:
    """Return the ExternalArtifact that is not there yet: an Alert takes it by its name, and knows no VaultArtifact."""
    return _reference(f"{GROUP}/v1", EXTERNAL_ARTIFACT, {"namespace": owner.name.namespace, "name": owner.name.name})


def _reference(api_version: str, kind: str, metadata: Mapping[str, Any]) -> Mapping[str, str]:
    fields = {
        field: str(metadata[field]) for field in ("name", "namespace", "uid", "resourceVersion") if field in metadata
    }
    return {"apiVersion": api_version, "kind": kind, **fields}
