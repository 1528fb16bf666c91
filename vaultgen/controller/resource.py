"""The resource VaultArtifact, as its owner wrote it: an object of the API server in, a specification out."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from vaultgen.document.flux_kustomization import parse_flux_kustomization
from vaultgen.document.model import (
    CredentialSource,
    Document,
    KubernetesAuth,
    SecretRef,
    ServiceAccountRef,
    TokenAuth,
    VaultConfig,
)
from vaultgen.errors import Place, Refused, refuse
from vaultgen.flux.manifests import LEAST_INTERVAL_SECONDS
from vaultgen.vault.address import Unusable
from vaultgen.vault.environment import duration

API_VERSION = "vaultgen.dev/v1alpha1"
KIND = "VaultArtifact"
PLURAL = "vaultartifacts"
FINALIZER = "finalizers.vaultgen.dev"
REQUESTED_AT = "reconcile.fluxcd.io/requestedAt"
SHARD_LABEL = "sharding.fluxcd.io/key"

DEFAULT_RETRY_SECONDS = 60.0
DEFAULT_TIMEOUT_SECONDS = 60.0
MOST_TIMEOUT_SECONDS = 600.0
"""So long a worker may be held at most, of which there are few."""


@dataclass(frozen=True)
class Name:
    """Which object of a kind."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True)
class SourceRef:
    """The source to take the tree from."""

    kind: str
    name: Name


@dataclass(frozen=True)
class VaultArtifact:
    """A VaultArtifact; what the API server checks by its schema is not checked again."""

    body: Mapping[str, Any]

    @cached_property
    def name(self) -> Name:
        """Namespace and name."""
        return Name(self.metadata["namespace"], self.metadata["name"])

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The object's metadata."""
        metadata: Mapping[str, Any] = self.body["metadata"]
        return metadata

    @property
    def spec(self) -> Mapping[str, Any]:
        """The object's specification."""
        spec: Mapping[str, Any] = self.body["spec"]
        return spec

    @property
    def status(self) -> Mapping[str, Any]:
        """What was last written about it."""
        return self.body.get("status") or {}

    @property
    def uid(self) -> str:
        """Tells it from an object of the same name before or after it."""
        return str(self.metadata["uid"])

    @property
    def generation(self) -> int:
        """Counts the changes of the specification."""
        return int(self.metadata.get("generation", 0))

    @property
    def is_deleted(self) -> bool:
        """Whether it waits for its finalizers."""
        return bool(self.metadata.get("deletionTimestamp"))

    @property
    def finalizers(self) -> list[str]:
        """Who has to agree to its deletion."""
        return list(self.metadata.get("finalizers") or ())

    @property
    def requested_at(self) -> str:
        """What asks for a reconcile now; each text is handled once."""
        return str((self.metadata.get("annotations") or {}).get(REQUESTED_AT, ""))

    def condition(self, kind: str) -> Mapping[str, Any]:
        """Return a condition of the status, or nothing where there is none."""
        conditions: list[Mapping[str, Any]] = self.status.get("conditions") or []
        return next((one for one in conditions if one.get("type") == kind), {})

    @property
    def is_suspended(self) -> bool:
        """Whether it is to be left as it is."""
        return bool(self.spec.get("suspend"))

    @cached_property
    def interval(self) -> float:
        """Seconds between two looks at Vault. Raises ``Refused``: bad-artifact."""
        # The API server refuses less, but not of an object that it had before it knew of that.
        return max(self._seconds("interval", 0), LEAST_INTERVAL_SECONDS)

    @cached_property
    def retry_interval(self) -> float:
        """Seconds that a failure is left alone at most. Raises ``Refused``: bad-artifact."""
        return max(self._seconds("retryInterval", min(self.interval, DEFAULT_RETRY_SECONDS)), LEAST_INTERVAL_SECONDS)

    @cached_property
    def timeout(self) -> float:
        """Seconds for the source, and for Vault. Raises ``Refused``: bad-artifact."""
        seconds = self._seconds("timeout", DEFAULT_TIMEOUT_SECONDS)
        if seconds > MOST_TIMEOUT_SECONDS:
            raise self._bad("timeout", f"it is longer than {MOST_TIMEOUT_SECONDS / 60:.0f}m")
        return seconds

    @property
    def source(self) -> SourceRef:
        """Where the tree comes from."""
        reference = self.spec["sourceRef"]
        namespace = reference.get("namespace") or self.name.namespace
        return SourceRef(reference["kind"], Name(namespace, reference["name"]))

    @property
    def path(self) -> str:
        """The directory whose generators are resolved."""
        return str(self.spec.get("path") or "./")

    @property
    def ignore(self) -> str:
        """What not to publish, in the syntax of gitignore."""
        return str(self.spec.get("ignore") or "")

    @property
    def recipients(self) -> tuple[str, ...]:
        """Who may decrypt: public halves of age keys."""
        return tuple(self.spec["encryption"]["age"]["recipients"])

    @property
    def place(self) -> Place:
        """Where its faults are."""
        return Place(document=f"{KIND} {self.name}")

    @cached_property
    def vault(self) -> VaultConfig:
        """How to reach Vault: a ServiceAccount or a Secret of its own namespace, and nothing of the controller's."""
        vault = self.spec["vault"]
        auth = vault["auth"]
        namespace = self.name.namespace
        if "token" in auth:
            reference = auth["token"]["secretRef"]
            secret = SecretRef(namespace, reference["name"], reference.get("key") or "token")
            method: TokenAuth | KubernetesAuth = TokenAuth(CredentialSource(secret_ref=secret))
        else:
            account = auth["kubernetes"]
            name = account["serviceAccountName"]
            method = KubernetesAuth(
                account.get("role") or f"{namespace}_{name}",
                account.get("mount") or "kubernetes",
                service_account_ref=ServiceAccountRef(namespace, name),
                audience=account.get("audience") or vault["address"],
            )
        return VaultConfig(vault["address"], vault.get("namespace") or "", auth=(method,))

    @cached_property
    def document(self) -> Document | None:
        """The document that ``spec.secretGenerator`` stands for; its faults are kept in it."""
        entries = self.spec.get("secretGenerator")
        if not entries:
            return None
        # Where the article had them; the same grammar, the same schema.
        kustomization = {"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization"}
        return parse_flux_kustomization({**kustomization, "spec": {"secretGenerator": entries}}, self.place)

    def _seconds(self, field: str, default: float) -> float:
        text = self.spec.get(field)
        if text is None:
            return default
        try:
            seconds = duration(str(text))
        except Unusable as unusable:
            raise self._bad(field, unusable.why) from None
        return max(seconds, 1.0)

    def _bad(self, field: str, why: str) -> Refused:
        return refuse("bad-artifact", self.place._replace(field=f"spec.{field}"), why=why)
