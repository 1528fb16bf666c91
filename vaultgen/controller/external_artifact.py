"""The ExternalArtifact by which Flux finds what is served (source.toolkit.fluxcd.io/v1, RFC-0012)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vaultgen.controller.api import Api, Conflict
from vaultgen.controller.resource import API_VERSION, KIND, SourceRef, VaultArtifact
from vaultgen.controller.sources import API, EXTERNAL_ARTIFACT, GROUP, Sources, artifact_of, owner_of, path_of
from vaultgen.errors import refuse

ORIGIN = "org.opencontainers.image.revision"
"""Shown by kustomize-controller as lastAppliedOriginRevision; commit statuses need it."""


@dataclass(frozen=True)
class Publication:
    """What is published of a VaultArtifact."""

    digest: str
    path: str
    url: str
    source_revision: str
    time: str
    """RFC 3339, UTC."""

    @property
    def revision(self) -> str:
        """What kustomize-controller compares."""
        return f"latest@{self.digest}"

    def artifact(self) -> Mapping[str, Any]:
        """Return it as ``status.artifact``, without the size: that tells the lengths of values."""
        return {
            "url": self.url,
            "path": self.path,
            "revision": self.revision,
            "digest": self.digest,
            "lastUpdateTime": self.time,
        }


def is_announced(publication: Publication, sources: Sources, owner: VaultArtifact) -> bool:
    """Return whether the ExternalArtifact says what is published. Raises ``Refused``: cluster-*."""
    body = sources.body(SourceRef(EXTERNAL_ARTIFACT, owner.name))
    artifact = artifact_of(body)
    return bool(
        body
        and owner_of(body) == owner.name
        and all(artifact.get(field) == value for field, value in publication.artifact().items())
        and (artifact.get("metadata") or {}).get(ORIGIN) == publication.source_revision
    )


def announce(api: Api, owner: VaultArtifact, publication: Publication) -> Mapping[str, Any]:
    """Create or renew the ExternalArtifact of a VaultArtifact, then its status; return the object.

    Raises ``Refused``: artifact-taken where one of this name belongs to something else, and cluster-*.
    """
    path = path_of(SourceRef(EXTERNAL_ARTIFACT, owner.name))
    body = _body(owner)
    found = api.get(path)
    if found is None:
        try:
            found = api.create(f"{API}/namespaces/{owner.name.namespace}/externalartifacts", body)
        except Conflict:
            raise refuse("artifact-taken", owner.place, name=str(owner.name), why="it was made meanwhile") from None
    _check_owner(found, owner)
    try:
        # With the uid, so that no other object that took its place meanwhile is written to.
        uid = {"uid": found["metadata"]["uid"]}
        if _differs(found, body):
            api.apply(path, {**body, "metadata": {**body["metadata"], **uid}})
        status = {
            "artifact": {**publication.artifact(), "metadata": {ORIGIN: publication.source_revision}},
            "conditions": [
                {
                    "type": "Ready",
                    "status": "True",
                    "reason": "Succeeded",
                    "message": f"stored artifact for revision {publication.source_revision}"[:1024],
                    "observedGeneration": found["metadata"].get("generation", 1),
                    "lastTransitionTime": publication.time,
                }
            ],
        }
        identity = {"name": owner.name.name, "namespace": owner.name.namespace, **uid}
        head = {"apiVersion": body["apiVersion"], "kind": body["kind"], "metadata": identity}
        return api.apply(f"{path}/status", {**head, "status": status})
    except Conflict:
        raise refuse("artifact-taken", owner.place, name=str(owner.name), why="it was replaced meanwhile") from None


def withdraw(api: Api, owner: VaultArtifact) -> None:
    """Delete the ExternalArtifact of a VaultArtifact; one that is not its own stays. Raises ``Refused``: cluster-*."""
    path = path_of(SourceRef(EXTERNAL_ARTIFACT, owner.name))
    found = api.get(path)
    if found is not None and owner_of(found) == owner.name:
        api.delete(path, found["metadata"]["uid"])


def _check_owner(found: Mapping[str, Any], owner: VaultArtifact) -> None:
    if owner_of(found) != owner.name:
        reference = (found.get("spec") or {}).get("sourceRef") or {}
        why = f"it is of {reference.get('kind') or 'nobody'} {reference.get('name') or ''}".strip()[:200]
        raise refuse("artifact-taken", owner.place, name=str(owner.name), why=why)


def _body(owner: VaultArtifact) -> Mapping[str, Any]:
    name, namespace = owner.name.name, owner.name.namespace
    labels = {"app.kubernetes.io/managed-by": "vaultgen"}
    reference = {"apiVersion": API_VERSION, "kind": KIND, "name": name, "uid": owner.uid, "controller": True}
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": EXTERNAL_ARTIFACT,
        "metadata": {"name": name, "namespace": namespace, "labels": labels, "ownerReferences": [reference]},
        "spec": {"sourceRef": {"apiVersion": API_VERSION, "kind": KIND, "name": name, "namespace": namespace}},
    }


def _differs(found: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Whether an object was left by an earlier VaultArtifact of the same name, or was edited."""
    owners = [one.get("uid") for one in found["metadata"].get("ownerReferences") or ()]
    return owners != [body["metadata"]["ownerReferences"][0]["uid"]] or found.get("spec") != body["spec"]
