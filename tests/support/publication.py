"""An application that stock Flux applies from an ExternalArtifact, and what a build of its source comes to."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyrage
import yaml

from support.artifact_server import ArtifactServer
from support.cluster_client import ClusterClient, Object, condition, data_of, is_failed, is_ready
from support.kustomize import kustomize_build
from support.published import published_archive
from support.trees import write_tree
from vaultgen.document.model import Document

KINDS = ("Secret", "ConfigMap", "Deployment")
"""What these applications are made of."""
NO_SUBSTITUTION = "kustomize.toolkit.fluxcd.io/substitute"

_AGE = "sops-age"
_OWN = ("kustomize.toolkit.fluxcd.io/name", "kustomize.toolkit.fluxcd.io/namespace")


class Applied:
    """What an ExternalArtifact in a namespace comes to: a Kustomization, both of the name ``app``, and its age key."""

    def __init__(self, client: ClusterClient, namespace: str) -> None:
        self.client = client
        self.namespace = namespace
        self._identity = pyrage.x25519.Identity.generate()
        self.put_key(str(self._identity))

    @property
    def recipient(self) -> str:
        """The public half of the key."""
        return str(self._identity.to_public())

    def put_key(self, identity: str) -> None:
        """Store the private key that the Kustomization names."""
        metadata = {"namespace": self.namespace, "name": _AGE}
        keys = {"test.agekey": identity}
        self.client.apply({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": keys})

    def kustomize(self, path: str = "top", *, decryption: bool = True, **spec: Any) -> None:
        """Make the Kustomization; ``spec`` is laid over its own."""
        own: Object = {
            "interval": "1h",
            "retryInterval": "1s",
            "prune": True,
            "path": f"./{path}",
            "targetNamespace": self.namespace,
            "sourceRef": {"kind": "ExternalArtifact", "name": "app"},
        }
        if decryption:
            own["decryption"] = {"provider": "sops", "secretRef": {"name": _AGE}}
        self.client.apply(
            {
                "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
                "kind": "Kustomization",
                "metadata": {"namespace": self.namespace, "name": "app"},
                "spec": own | spec,
            }
        )

    def takes(self, one: Object) -> bool:
        """Return whether the API server would apply an object in this namespace."""
        return self.client.takes({**one, "metadata": {**one["metadata"], "namespace": self.namespace}})

    def wait_until_applied(self, revision: str) -> None:
        """Return once the revision is applied; fail if it cannot be."""

        def is_done(one: Object) -> bool:
            return is_ready(one) and bool(one.get("status", {}).get("lastAppliedRevision") == revision)

        self.client.wait_for("Kustomization", self.namespace, "app", is_done, timeout=600)

    def failure(self) -> str:
        """Return why the Kustomization fails, as soon as it does."""
        found = self.client.wait_for("Kustomization", self.namespace, "app", is_failed)
        return str(condition(found)["message"])

    def applied(self) -> list[Object]:
        """Return what the Kustomization applied, as ``essences`` does."""
        label = {"kustomize.toolkit.fluxcd.io/name": "app"}.items()
        found = [one | {"kind": kind} for kind in KINDS for one in self.client.all_of(kind, self.namespace)]
        return essences(one for one in found if label <= one["metadata"].get("labels", {}).items())

    def secrets(self) -> dict[str, dict[str, bytes]]:
        """Return the data of the Secrets that the Kustomization applied."""
        return {one["metadata"]["name"]: one["data"] for one in self.applied() if one["kind"] == "Secret"}


class Publication(Applied):
    """One whose ExternalArtifact is made by hand."""

    def __init__(self, client: ClusterClient, artifacts: ArtifactServer, namespace: str) -> None:
        super().__init__(client, namespace)
        self.environment: Mapping[str, str] = {}
        """Leads to the Vault, if trees read from one."""
        self._artifacts = artifacts

    def publish(self, files: Mapping[str, bytes], path: str = "top", added: Document | None = None) -> str:
        """Publish a tree and return the revision."""
        archive = published_archive(files, path, self.environment, [self.recipient], added)
        return self._artifacts.publish(self.client, self.namespace, "app", archive)


def built(directory: Path, files: Mapping[str, bytes], path: str, environment: Mapping[str, str]) -> list[Object]:
    """Return the objects that the source builds to with the exec function."""
    done = kustomize_build(write_tree(directory, files) / path, environment)
    assert done.status == 0, done.stderr.decode()
    return list(yaml.safe_load_all(done.stdout))


def essences(objects: Iterable[Object]) -> list[Object]:
    """Return what of objects does not come from the API server, Flux, or a published tree's annotation; sorted."""
    return sorted(map(_essence, objects), key=lambda one: (one["kind"], one["metadata"]["name"]))


def _essence(one: Object) -> Object:
    metadata = {"name": one["metadata"]["name"]}
    for field in ("labels", "annotations"):
        pairs = one["metadata"].get(field) or {}
        if kept := {key: value for key, value in pairs.items() if key not in (*_OWN, NO_SUBSTITUTION)}:
            metadata[field] = kept
    content = {field: one[field] for field in ("type", "immutable") if one.get(field) is not None}
    if one["kind"] == "Deployment":
        content["uses"] = _used(one)
    else:
        content["data"] = data_of(one) if one["kind"] == "Secret" else one.get("data") or {}
    return {"kind": one["kind"], "metadata": metadata, **content}


def _used(deployment: Object) -> list[str]:
    """Return the names of the Secrets and ConfigMaps that a Deployment refers to."""
    pod = deployment["spec"]["template"]["spec"]
    names = [one["secret"]["secretName"] for one in pod.get("volumes") or [] if "secret" in one]
    for container in pod["containers"]:
        names += [one["secretRef"]["name"] for one in container.get("envFrom") or []]
        for variable in container.get("env") or []:
            names.append(variable["valueFrom"]["secretKeyRef"]["name"])
    return names
