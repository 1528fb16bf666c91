"""A cluster with many VaultArtifacts: a real API server, a real Vault that asks it who somebody is, and one source."""

import contextlib
import hashlib
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pyrage

from support.artifact_server import ArtifactServer, running_artifact_server
from support.cluster_client import condition
from support.cluster_login import trust_cluster
from support.deployed import built
from support.flux_cluster import FLUX_NAMESPACE, Cluster, running_cluster
from support.flux_parts import flux_parts
from support.openbao import OpenBao, running_openbao
from vaultgen.flux.manifests import Application, manifests
from vaultgen.publish.archive import pack

PER_NAMESPACE = 100
REFERENCES = 5
ROTATED = 10
"""One object in so many gets new values."""

_SOURCE = "fleet"
_READER = "reader"
_DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: %(app)s}
spec:
  selector: {matchLabels: {app: %(app)s}}
  template:
    metadata: {labels: {app: %(app)s}}
    spec:
      containers:
      - name: app
        image: registry.example.com/%(app)s:1.0
        envFrom: [{secretRef: {name: %(app)s}}]
"""
_KUSTOMIZATION = "resources: [deployment.yaml]\ngenerators: [secrets.yaml]\n"
_GENERATOR = """\
apiVersion: vaultgen.dev/v1alpha1
kind: VaultSecretGenerator
metadata: {name: %(app)s}
secretGenerator:
- name: %(app)s
  files:
"""


class Fleet:
    """What the controller has to look after. Start it with ``running_fleet``."""

    def __init__(self, cluster: Cluster, vault: OpenBao, artifacts: ArtifactServer, count: int) -> None:
        self.cluster = cluster
        self.vault = vault
        self._artifacts = artifacts
        self._count = count
        self._root = vault.client()

    @property
    def address(self) -> str:
        """Vault's, over TLS."""
        return self.vault.https_address

    @property
    def authority(self) -> Path:
        """Its CA."""
        assert self.vault.certificates
        return self.vault.certificates.ca

    def set_up(self, interval: str) -> None:
        """Make everything but the controller: secrets, roles, the source, and an object for each application."""
        definitions = [path.read_text() for path in sorted(self.cluster.parts.crds[0].glob("*.yaml"))]
        self.cluster.client.install_crds(*definitions)
        trust_cluster(self._root, self.cluster)
        for number in range(self._count):
            self._write_secrets(number, 1)
        self._artifacts.publish(self.cluster.client, FLUX_NAMESPACE, _SOURCE, pack(self._tree()))
        recipient = str(pyrage.x25519.Identity.generate().to_public())
        for first in range(0, self._count, PER_NAMESPACE):
            self._allow(_namespace(first))
            for number in range(first, min(first + PER_NAMESPACE, self._count)):
                for one in manifests(self._application(number, interval), recipient):
                    if one["kind"] == "VaultArtifact":
                        one["spec"]["sourceRef"]["namespace"] = FLUX_NAMESPACE
                        self.cluster.client.apply(one)
                    elif number == first and one["kind"] != "Kustomization":
                        self.cluster.client.apply(one)

    def ready_since(self) -> float | None:
        """Return the Unix time (whole seconds) at which the last object became ready; None while one is not."""
        found = [condition(one) for one in self._objects()]
        if any(ready["status"] != "True" for ready in found):
            return None
        return max(_unix_time(ready["lastTransitionTime"]) for ready in found)

    def rotate(self) -> dict[str, float]:
        """Write new values for a part of the objects; return when that was, by the name of the object."""
        written: dict[str, float] = {}
        for number in range(0, self._count, ROTATED):
            self._write_secrets(number, 2)
            written[_app(number)] = time.time()
        return written

    def staleness(self, written: Mapping[str, float]) -> list[float] | None:
        """Return how long (seconds) each rotated object took to publish its new values; None while one has not."""
        taken: list[float] = []
        for one in self._objects():
            status, name = one["status"], one["metadata"]["name"]
            if {seen["version"] for seen in status["versions"]} != {2 if name in written else 1}:
                return None
            if name in written:
                taken.append(_unix_time(status["artifact"]["lastUpdateTime"]) + 1 - written[name])
        return taken

    def _objects(self) -> list[dict[str, Any]]:
        return self.cluster.client.all_of("VaultArtifact")

    def _write_secrets(self, number: int, version: int) -> None:
        for path in _paths(number):
            value = hashlib.sha256(f"{path} {version}".encode()).hexdigest()
            assert self._root.write(path, {"value": value}) == version

    def _allow(self, namespace: str) -> None:
        self.cluster.client.create_namespace(namespace)
        role = f"{namespace}_{_READER}"
        self._root.policy(role, f'path "secret/data/{namespace}/*" {{ capabilities = ["read"] }}')
        body = {
            "bound_service_account_names": [_READER],
            "bound_service_account_namespaces": [namespace],
            "audience": self.address,
            "token_policies": [role],
            "token_ttl": "10m",
        }
        self._root.request("POST", f"auth/kubernetes/role/{role}", body)

    def _application(self, number: int, interval: str) -> Application:
        return Application(
            name=_app(number),
            namespace=_namespace(number),
            path=f"./{_directory(number)}",
            source_kind="ExternalArtifact",
            source_name=_SOURCE,
            vault_address=self.address,
            vault_namespace="",
            service_account=_READER,
            target_namespace="",
            interval=interval,
        )

    def _tree(self) -> dict[str, bytes]:
        files: dict[str, str] = {}
        for number in range(self._count):
            app = {"app": _app(number)}
            lines = [f"    key-{path[-1]}: vault:secret/data/{path}?key=value\n" for path in _paths(number)]
            files[f"{_directory(number)}/kustomization.yaml"] = _KUSTOMIZATION
            files[f"{_directory(number)}/deployment.yaml"] = _DEPLOYMENT % app
            files[f"{_directory(number)}/secrets.yaml"] = _GENERATOR % app + "".join(lines)
        return {path: text.encode() for path, text in files.items()}


@contextlib.contextmanager
def running_fleet(count: int, interval: str, logs: Path) -> Iterator[Fleet]:
    """Run all that the controller works with, for ``count`` objects; ``logs`` is a directory that exists.

    Raises NoGo where there is no API server and none can be built.
    """
    with (
        running_cluster(flux_parts(), logs) as cluster,
        running_openbao(tls=True) as vault,
        running_artifact_server() as artifacts,
    ):
        definitions = [one for one in built() if one["kind"] == "CustomResourceDefinition"]
        cluster.client.install_crds(*definitions)
        fleet = Fleet(cluster, vault, artifacts, count)
        fleet.set_up(interval)
        yield fleet


def _app(number: int) -> str:
    return f"app-{number:04}"


def _namespace(number: int) -> str:
    return f"team-{number // PER_NAMESPACE}"


def _directory(number: int) -> str:
    return f"clusters/bench/apps/{_app(number)}"


def _paths(number: int) -> list[str]:
    return [f"{_namespace(number)}/{_app(number)}/secret-{key}" for key in range(REFERENCES)]


def _unix_time(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
