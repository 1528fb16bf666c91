"""An OpenBao whose kubernetes method asks a real API server whose token it was shown."""

from collections.abc import Sequence
from typing import NamedTuple

from support.flux_cluster import Cluster
from support.vault_client import VaultClient
from support.vault_namespace import VaultNamespace

_REVIEWER_NAMESPACE = "vault"
_REVIEWER = """
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: vault-reviewer}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "system:auth-delegator"}
subjects: [{kind: ServiceAccount, name: reviewer, namespace: vault}]
"""


class ClusterVault(NamedTuple):
    """A Vault namespace with KV v2 at ``secret/`` and the method ``kubernetes``."""

    vault: VaultNamespace

    @property
    def address(self) -> str:
        """Which is the audience that tokens have to be for."""
        return self.vault.address

    def allow(self, namespace: str, service_account: str, paths: Sequence[str], role: str = "") -> str:
        """Let a ServiceAccount read KV v2 paths (``my-app/*``) and return its role."""
        role = role or f"{namespace}_{service_account}"
        rules = "".join(f'path "secret/data/{path}" {{ capabilities = ["read"] }}\n' for path in paths)
        self.vault.root.policy(role, rules)
        body = {
            "bound_service_account_names": [service_account],
            "bound_service_account_namespaces": [namespace],
            "audience": self.address,
            "token_policies": [role],
            "token_ttl": "1h",
        }
        self.vault.root.request("POST", f"auth/kubernetes/role/{role}", body)
        return role


def trust_cluster(vault: VaultClient, cluster: Cluster) -> None:
    """Enable the method ``kubernetes``, which asks the API server as a ServiceAccount that may review tokens."""
    cluster.client.create_namespace(_REVIEWER_NAMESPACE)
    cluster.client.create_service_account(_REVIEWER_NAMESPACE, "reviewer")
    cluster.client.apply(_REVIEWER)
    vault.enable_auth("kubernetes")
    config = {
        "kubernetes_host": cluster.address,
        "kubernetes_ca_cert": cluster.authority,
        "token_reviewer_jwt": cluster.client.new_token(_REVIEWER_NAMESPACE, "reviewer", seconds=86400),
        "disable_local_ca_jwt": True,
    }
    vault.request("POST", "auth/kubernetes/config", config)
