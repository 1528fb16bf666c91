"""What happened, told once: as Kubernetes events on both objects, and to notification-controller."""

import json
import time
from collections.abc import Mapping
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError

from vaultgen.controller.api import Api, Conflict
from vaultgen.controller.external_artifact import Publication
from vaultgen.controller.resource import API_VERSION, KIND, VaultArtifact
from vaultgen.controller.sources import EXTERNAL_ARTIFACT, GROUP
from vaultgen.errors import Refused

COMPONENT = "vaultgen"
TIMEOUT_SECONDS = 5.0
_MESSAGE_LIMIT = 1000


class Events:
    """Sends events; one that cannot be sent is not worth a failure."""

    def __init__(self, api: Api, address: str = "", pool: urllib3.PoolManager | None = None) -> None:
        """``address`` is the URL of notification-controller's event endpoint; empty for none."""
        self._api = api
        self._address = address
        self._pool = pool or urllib3.PoolManager()

    def send(
        self,
        owner: VaultArtifact,
        external: Mapping[str, Any] | None,
        severity: str,
        reason: str,
        text: str,
        now: str,
        publication: Publication | None = None,
    ) -> None:
        """Tell of a VaultArtifact, and of its ExternalArtifact (``metadata`` of it at least) where there is one.

        ``severity`` is ``info`` or ``error``, ``now`` is RFC 3339 in UTC; ``publication`` is what the event is about.
        """
        objects = [_reference(API_VERSION, KIND, owner.metadata)]
        if external is not None:
            objects.append(_reference(f"{GROUP}/v1", EXTERNAL_ARTIFACT, external["metadata"]))
        for involved in objects:
            self._send_to_cluster(involved, severity, reason, text, now)
        if self._address:
            # Alerts know sources by Flux's own kinds only.
            self._notify(objects[-1], severity, reason, text, now, publication)

    def _send_to_cluster(self, involved: Mapping[str, str], severity: str, reason: str, text: str, now: str) -> None:
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
            self._api.create(f"/api/v1/namespaces/{involved['namespace']}/events", event)
        except (Refused, Conflict):
            return

    def _notify(
        self,
        involved: Mapping[str, str],
        severity: str,
        reason: str,
        text: str,
        now: str,
        publication: Publication | None,
    ) -> None:
        # Names of notification-controller's API, of which it takes those in the group of the object.
        revisions = (
            {"revision": publication.revision, "originRevision": publication.source_revision} if publication else {}
        )
        event = {
            "involvedObject": involved,
            "severity": severity,
            "timestamp": now,
            "message": text[:_MESSAGE_LIMIT],
            "reason": reason,
            "metadata": {f"{GROUP}/{name}": revision for name, revision in revisions.items()},
            "reportingController": COMPONENT,
            "reportingInstance": COMPONENT,
        }
        headers = {"Content-Type": "application/json"}
        try:
            self._pool.request(
                "POST",
                self._address,
                body=json.dumps(event),
                headers=headers,
                timeout=TIMEOUT_SECONDS,
                retries=False,
                redirect=False,
            )
        except (HTTPError, ValueError):
            return


def _reference(api_version: str, kind: str, metadata: Mapping[str, Any]) -> Mapping[str, str]:
    fields = {
        field: str(metadata[field]) for field in ("name", "namespace", "uid", "resourceVersion") if field in metadata
    }
    return {"apiVersion": api_version, "kind": kind, **fields}
