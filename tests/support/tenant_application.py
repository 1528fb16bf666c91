"""An application of a tenant: its values, its tree, its VaultArtifact, and what is served of it."""

import hashlib
import http.client
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pyrage

from support.application import grant
from support.application_files import config_map, generator, text
from support.artifact_server import ArtifactServer
from support.canaries import new_canary
from support.cluster_client import ClusterClient, Object, condition, is_failed, is_ready
from support.cluster_login import ClusterVault
from support.flux import decrypted_sources
from vaultgen.publish.archive import pack, unpack

NAME = "app"


class Served(NamedTuple):
    """What an ExternalArtifact leads to."""

    revision: str
    archive: bytes


class TenantApplication:
    """One in a namespace of its own; ``source`` and ``app`` are its ExternalArtifacts."""

    def __init__(
        self, client: ClusterClient, namespace: str, vault: ClusterVault, sources: ArtifactServer, address: str
    ) -> None:
        """``address`` is where the VaultArtifact asks Vault: that of a proxy, maybe."""
        self.client = client
        self.namespace = namespace
        self.vault = vault
        self.values: list[str] = []
        """All that ``rotate`` wrote, the newest last; none of it may stand anywhere."""
        self.kept = new_canary("kept")
        """A value that is never changed."""
        self._sources = sources
        self._address = address
        self._identity = pyrage.x25519.Identity.generate()
        vault.vault.root.write(f"{namespace}/two", {"x": self.kept})
        self.rotate()
        grant(client, namespace, "serviceaccounts/token", "create", "default")
        grant(client, namespace, "secrets", "get", "vault-auth")
        vault.allow(namespace, "default", [f"{namespace}/*"])

    # --- what is published from ---

    def rotate(self) -> str:
        """Write another value to Vault and return it."""
        self.values.append(new_canary("rotated"))
        self.vault.vault.root.write(f"{self.namespace}/one", {"x": self.values[-1]})
        return self.values[-1]

    def push(self, note: str = "") -> str:
        """Have the source offer its tree, with a file that is different for each ``note``; return the revision."""
        return self._sources.publish(self.client, self.namespace, "source", self.archive(note))

    def archive(self, note: str = "") -> bytes:
        """Return what ``push`` offers."""
        return pack(self._tree(note))

    def create(self, auth: Mapping[str, Any] | None = None, **spec: Any) -> None:
        """Make the VaultArtifact; it logs in as the ServiceAccount unless told otherwise."""
        account = {"kubernetes": {"serviceAccountName": "default", "audience": self.vault.address}}
        vault = {"address": self._address, "namespace": self.vault.vault.name, "auth": auth or account}
        own: Object = {
            "interval": "10s",
            "retryInterval": "10s",
            "timeout": "2s",
            "sourceRef": {"kind": "ExternalArtifact", "name": "source"},
            "path": "./apps",
            "vault": vault,
            "encryption": {"age": {"recipients": [str(self._identity.to_public())]}},
        }
        metadata = {"name": NAME, "namespace": self.namespace}
        kind = {"apiVersion": "vaultgen.dev/v1alpha1", "kind": "VaultArtifact"}
        self.client.apply({**kind, "metadata": metadata, "spec": own | spec})

    def delete(self) -> None:
        """Delete the VaultArtifact, and wait until it is gone."""
        self.client.delete("VaultArtifact", self.namespace, NAME)
        self.client.wait_until_gone("VaultArtifact", self.namespace, NAME)

    def store_token(self, token: str) -> None:
        """Put a Vault token where a VaultArtifact may name it."""
        metadata = {"name": "vault-auth", "namespace": self.namespace}
        self.client.apply({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"token": token}})

    def _tree(self, note: str) -> dict[str, bytes]:
        path = f"vault:secret/data/{self.namespace}"
        files = {"password": f"{path}/one?key=x", "other": f"{path}/two?key=x"}
        return {
            "apps/kustomization.yaml": text({"generators": ["secrets.yaml"], "resources": ["note.yaml"]}),
            "apps/secrets.yaml": generator({"name": NAME, "files": files}),
            "apps/note.yaml": config_map("note"),
            "apps/note.txt": note.encode(),
        }

    # --- what comes of it ---

    def wait_until_current(self, timeout: float = 180) -> Served:
        """Return what is served once it is ready with the newest values; fail if it never is."""

        def is_current(one: Object) -> bool:
            return is_ready(one) and self.newest <= self._values_in(self.served().archive)

        self.client.wait_for("VaultArtifact", self.namespace, NAME, is_current, timeout)
        return self.served()

    def wait_until_made_of(self, revision: str) -> None:
        """Return once what is served was made of a revision of the source; fail if it never is."""

        def is_made_of_it(one: Object) -> bool:
            return is_ready(one) and bool(one["status"]["sourceRevision"] == revision)

        self.client.wait_for("VaultArtifact", self.namespace, NAME, is_made_of_it)
        self.served()

    def look(self) -> None:
        """Have Vault looked at now, and wait until that has ended, either way."""
        self.client.reconcile("VaultArtifact", self.namespace, NAME)

    def wait_until_failed(self, reason: str, said: str = "", timeout: float = 180) -> str:
        """Return the message once it is not ready for this reason, and says so; fail if that never is."""

        def has_failed(one: Object) -> bool:
            return is_failed(one) and condition(one)["reason"] == reason and said in condition(one)["message"]

        found = self.client.wait_for("VaultArtifact", self.namespace, NAME, has_failed, timeout)
        return str(condition(found)["message"])

    @property
    def newest(self) -> set[str]:
        """The values that Vault holds."""
        return {self.values[-1], self.kept}

    @property
    def announced(self) -> Object:
        """What its ExternalArtifact offers."""
        found = self.client.get("ExternalArtifact", self.namespace, NAME)
        assert found
        artifact: Object = found["status"]["artifact"]
        return artifact

    def served(self) -> Served:
        """Fetch what its ExternalArtifact offers, as Flux does: bytes with that digest, or fail."""
        artifact = self.announced
        status, archive = get(artifact["url"])
        assert status == 200
        assert f"sha256:{hashlib.sha256(archive).hexdigest()}" == artifact["digest"]
        assert self.is_whole(archive)
        return Served(artifact["revision"], archive)

    def is_whole(self, archive: bytes) -> bool:
        """Return whether an archive is the whole tree with a value that once was in Vault."""
        found = self._values_in(archive)
        return (
            set(self._tree("")) < set(unpack(archive))
            and self.kept in found
            and any(one in found for one in self.values)
        )

    def _values_in(self, archive: bytes) -> set[str]:
        files = unpack(archive)
        decrypted = decrypted_sources(files, "apps", str(self._identity))
        return {content.decode() for path, content in decrypted.items() if content != files[path]}


def get(url: str) -> tuple[int, bytes]:
    """Return status and body of a GET."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    try:
        connection.request("GET", parts.path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
