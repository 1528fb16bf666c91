"""The manifests for one path: what lets the controller resolve it, and what lets Flux apply that."""

from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]

CONTROLLER = "vaultgen"
CONTROLLER_NAMESPACE = "flux-system"
"""The ServiceAccount that the controller runs as, as deploy/ makes it."""
LEAST_INTERVAL_SECONDS = 10.0
"""Between two looks at Vault: behind an interval is a login and reads, which Flux's own sources have none of."""
SOURCE_KINDS = ("GitRepository", "OCIRepository", "Bucket", "ExternalArtifact")


@dataclass(frozen=True)
class Application:
    """What is to be applied, and from where."""

    name: str
    """Of everything that is made for it."""
    namespace: str
    """Of everything that is made for it; the application itself may be in another."""
    path: str
    """Its directory in the source: ``./apps/my-app``."""
    source_kind: str
    source_name: str
    vault_address: str
    vault_namespace: str
    service_account: str
    """Who reads from Vault."""
    target_namespace: str
    """Where its objects go; empty to leave that to their manifests."""
    interval: str

    @property
    def key_name(self) -> str:
        """Name of the Secret with the private half of the age key."""
        return f"{self.name}-age"

    @property
    def role(self) -> str:
        """Role of Vault's auth method that the ServiceAccount logs in with, as the controller chooses it."""
        return f"{self.namespace}_{self.service_account}"


def manifests(application: Application, recipient: str) -> list[Object]:
    """Return the objects, in the order in which they are applied; ``recipient`` is the public half of the age key."""
    return [
        _object(application, "v1", "ServiceAccount", application.service_account),
        *_right_to_tokens(application),
        _vault_artifact(application, recipient),
        _kustomization(application),
    ]


def _right_to_tokens(application: Application) -> list[Object]:
    """Let the controller act as the ServiceAccount, and as no other."""
    group = "rbac.authorization.k8s.io"
    name = f"vaultgen-{application.name}"
    rule = {
        "apiGroups": [""],
        "resources": ["serviceaccounts/token"],
        "resourceNames": [application.service_account],
        "verbs": ["create"],
    }
    return [
        {**_object(application, f"{group}/v1", "Role", name), "rules": [rule]},
        {
            **_object(application, f"{group}/v1", "RoleBinding", name),
            "roleRef": {"apiGroup": group, "kind": "Role", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": CONTROLLER, "namespace": CONTROLLER_NAMESPACE}],
        },
    ]


def _vault_artifact(application: Application, recipient: str) -> Object:
    namespace = {"namespace": application.vault_namespace} if application.vault_namespace else {}
    spec = {
        "interval": application.interval,
        "sourceRef": {"kind": application.source_kind, "name": application.source_name},
        "path": application.path,
        "vault": {
            "address": application.vault_address,
            **namespace,
            "auth": {"kubernetes": {"serviceAccountName": application.service_account}},
        },
        "encryption": {"age": {"recipients": [recipient]}},
    }
    return {**_object(application, "vaultgen.dev/v1alpha1", "VaultArtifact", application.name), "spec": spec}


def _kustomization(application: Application) -> Object:
    target = {"targetNamespace": application.target_namespace} if application.target_namespace else {}
    spec = {
        "interval": application.interval,
        "path": application.path,
        "prune": True,
        "sourceRef": {"kind": "ExternalArtifact", "name": application.name},
        **target,
        "decryption": {"provider": "sops", "secretRef": {"name": application.key_name}},
    }
    return {**_object(application, "kustomize.toolkit.fluxcd.io/v1", "Kustomization", application.name), "spec": spec}


def _object(application: Application, api_version: str, kind: str, name: str) -> Object:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": application.namespace}}
