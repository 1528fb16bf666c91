"""An application from Git to the cluster: GitRepository, VaultArtifact and Kustomization, all of the name ``app``."""

from collections.abc import Mapping
from typing import Any

from support.cluster_client import ClusterClient, Object, condition, is_failed, is_ready
from support.cluster_login import ClusterVault
from support.git_server import GitServer
from support.publication import Applied

Files = Mapping[str, bytes]


class Application(Applied):
    """One in a namespace, whose ServiceAccount ``app`` may read ``app/*`` in a Vault namespace."""

    def __init__(self, client: ClusterClient, git: GitServer, vault: ClusterVault, namespace: str) -> None:
        super().__init__(client, namespace)
        self.vault = vault
        self.login: Object = {"kubernetes": {"serviceAccountName": "app"}}
        """``spec.vault.auth``."""
        self._repository = git.repository(namespace)
        client.create_service_account(namespace, "app")
        grant(client, namespace, "serviceaccounts/token", "create", "app")
        vault.allow(namespace, "app", ["app", "app/*"])

    def use_token(self, token: str) -> None:
        """Log in with a token that lies in a Secret ``vault-auth``, as the article does."""
        metadata = {"namespace": self.namespace, "name": "vault-auth"}
        data = {"token": token}
        self.client.apply({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data})
        grant(self.client, self.namespace, "secrets", "get", "vault-auth")
        self.login = {"token": {"secretRef": {"name": "vault-auth"}}}

    def write(self, path: str = "app", **fields: object) -> int:
        """Write to Vault, and return the new version."""
        return self.vault.vault.root.write(path, fields)

    def push(self, files: Files) -> str:
        """Commit a tree, let Flux look at once, as a webhook does, and return the revision once Flux has it."""
        commit = self._repository.push(files)
        self.client.apply(
            {
                "apiVersion": "source.toolkit.fluxcd.io/v1",
                "kind": "GitRepository",
                "metadata": {"namespace": self.namespace, "name": "app"},
                "spec": {"interval": "1h", "url": self._repository.url, "ref": {"branch": "main"}},
            }
        )
        self.client.reconcile("GitRepository", self.namespace, "app")
        # The first reconcile may do no more than to put a finalizer on it.
        revision = f"main@sha1:{commit}"

        def has_it(one: Object) -> bool:
            return bool(one.get("status", {}).get("artifact", {}).get("revision") == revision)

        self.client.wait_for("GitRepository", self.namespace, "app", has_it)
        return revision

    def artifact(self, name: str = "app", labels: Mapping[str, str] | None = None, **spec: Any) -> Object:
        """Make the VaultArtifact or one beside it, or change it; ``spec`` is laid over its own. Raises ApiRefused."""
        vault = {"address": self.vault.address, "namespace": self.vault.vault.name, "auth": self.login}
        own = {
            "interval": "1h",
            "retryInterval": "10s",
            "sourceRef": {"kind": "GitRepository", "name": "app"},
            "path": "./top",
            "vault": vault,
            "encryption": {"age": {"recipients": [self.recipient]}},
        }
        metadata = {"namespace": self.namespace, "name": name, "labels": dict(labels or {})}
        head = {"apiVersion": "vaultgen.dev/v1alpha1", "kind": "VaultArtifact", "metadata": metadata}
        (applied,) = self.client.apply({**head, "spec": own | spec})
        return applied

    def deploy(self, files: Files, **spec: Any) -> str:
        """Push a tree, make all objects, wait until it is applied, and return what ``push`` does."""
        revision = self.push(files)
        self.artifact(**spec)
        self.kustomize()
        self.wait_until_published(revision)
        return revision

    def published(self, name: str = "app") -> Object:
        """Return the VaultArtifact, or one beside it, once it is ready."""
        return self.client.wait_for("VaultArtifact", self.namespace, name, is_ready)

    def wait_until_published(self, revision: str) -> None:
        """Return once a revision of the source is published, and applied."""

        def is_done(one: Object) -> bool:
            return is_ready(one) and bool(one["status"]["sourceRevision"] == revision)

        found = self.client.wait_for("VaultArtifact", self.namespace, "app", is_done)
        self.wait_until_applied(found["status"]["artifact"]["revision"])

    def refusal(self, expected: str) -> str:
        """Return reason and message of the VaultArtifact once it is not ready and they begin so."""

        def is_so(one: Object) -> bool:
            return is_failed(one) and _said(one).startswith(expected)

        return _said(self.client.wait_for("VaultArtifact", self.namespace, "app", is_so))

    def look(self) -> Object:
        """Ask for a look at Vault now, and return the VaultArtifact after it."""
        return self.client.reconcile("VaultArtifact", self.namespace, "app")

    def external(self) -> Object | None:
        """Return the ExternalArtifact, or None where there is none."""
        return self.client.get("ExternalArtifact", self.namespace, "app")

    def used(self) -> list[str]:
        """Return the names of the Secrets that the Deployment refers to."""
        return [name for one in self.applied() if one["kind"] == "Deployment" for name in one["uses"]]

    def abandon(self) -> None:
        """Leave nothing behind that would be looked at."""
        for kind in ("Kustomization", "VaultArtifact", "GitRepository"):
            for one in self.client.all_of(kind, self.namespace):
                self.client.delete(kind, self.namespace, one["metadata"]["name"])


def grant(client: ClusterClient, namespace: str, resource: str, verb: str, name: str) -> None:
    """Let the controller do one thing to the object of a name, as a tenant does it."""
    role = {"namespace": namespace, "name": f"vaultgen-{verb}-{name}"}
    api = "rbac.authorization.k8s.io"
    rule = {"apiGroups": [""], "resources": [resource], "resourceNames": [name], "verbs": [verb]}
    client.apply(
        {"apiVersion": f"{api}/v1", "kind": "Role", "metadata": role, "rules": [rule]},
        {
            "apiVersion": f"{api}/v1",
            "kind": "RoleBinding",
            "metadata": role,
            "roleRef": {"apiGroup": api, "kind": "Role", "name": role["name"]},
            "subjects": [{"kind": "ServiceAccount", "name": "vaultgen", "namespace": "flux-system"}],
        },
    )


def _said(one: Object) -> str:
    ready = condition(one)
    return f"{ready['reason']}: {ready['message']}"
