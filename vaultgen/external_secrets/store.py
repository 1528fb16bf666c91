"""SecretStores and ClusterSecretStores: where secrets are, and the ``vault:`` block that reads them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vaultgen.external_secrets.auth import read_auth
from vaultgen.importing import reasons
from vaultgen.importing.resource import Ambiguous, Listed, Node, Resource, nearest
from vaultgen.importing.source import NotCarried, plain_path

STORES = ("SecretStore", "ClusterSecretStore")

UNKNOWN_MOUNT = "MOUNT"
"""Stands in a path for the mount that only a store knows which is not there."""


@dataclass
class Store:
    """What a store says of the secrets that it is named for."""

    vault: Mapping[str, Any] = field(default_factory=dict)
    """The ``vault:`` block; empty where the store is not there."""
    origin: str = ""
    """Its name."""
    mount: str | None = None
    kv_v1: bool = False
    read_in: str = ""
    """The Vault namespace of the secrets, where it is not that of the login."""
    absent: Node | None = None
    """The reference to it, where it is not there."""

    def path_of(self, key: str) -> str:
        """Return the API path of a key, as the operator puts it together. Raises NotCarried."""
        if self.absent:
            return _guessed(key, self.absent)
        data = [] if self.kv_v1 else ["data"]
        if self.mount is None:
            if self.kv_v1 or "/data/" in key:
                return plain_path(key)
            first, _, rest = key.partition("/")
            return plain_path(first, *data, rest)
        within = key.removeprefix(f"{self.mount}/")
        if within != key and not self.kv_v1:
            within = within.removeprefix("data/")
        return plain_path(self.mount, *data, within)


def _guessed(key: str, absent: Node) -> str:
    """Return a key that is a whole API path; else a logical path, which fits either version of KV.

    ``absent`` is the reference to the store, of which this is noted or listed. Raises NotCarried.
    """
    missing = f"{absent.text('kind', 'SecretStore')} {absent.text('name')} is not among the files"
    if "/data/" in key:
        path = plain_path(key)
        absent.note("name", f"{missing}: address and login are those of the environment")
        return path
    path = plain_path(UNKNOWN_MOUNT, key)
    by = "its spec.provider.vault.path"
    why = f"{missing}, and names the mount: give it, too, or replace {UNKNOWN_MOUNT} in the document by {by}"
    absent.leave("name", why)
    return path


class Stores:
    """The stores among the resources."""

    def __init__(self, resources: Sequence[Resource]) -> None:
        self._stores = [one for one in resources if one.group == "external-secrets.io" and one.kind in STORES]
        self._known: dict[tuple[int, str], Store] = {}

    def of(self, reference: Node, namespace: str) -> Store:
        """Return the store that a reference names, for an ExternalSecret of this namespace. Raises Listed."""
        kind, name = reference.text("kind", "SecretStore"), reference.text("name")
        if not name:
            raise reference.unable("", "no store is named")
        named = [one for one in self._stores if (one.kind, one.name) == (kind, name)]
        try:
            resource = nearest(named, "" if kind == "ClusterSecretStore" else namespace)
        except Ambiguous:
            raise reference.unable("name", reasons.SEVERAL) from None
        if resource is None:
            return Store(absent=reference)
        # A ClusterSecretStore takes Secrets of the namespace that it is used in.
        key = (id(resource), namespace)
        if key not in self._known:
            self._known[key] = _read(resource, namespace or resource.namespace)
        store = self._known[key]
        if isinstance(store, Unusable):
            raise reference.unable("name", store.why)
        return store


@dataclass
class Unusable(Store):
    """A store that is not one of Vault, or that cannot be read."""

    why: str = ""


def _read(resource: Resource, namespace: str) -> Store:
    try:
        spec = resource.root.mapping("spec")
        provider = spec.mapping("provider")
        if "vault" not in provider:
            provider.seen()
            return Unusable(why=f"{resource.label} is not one of Vault")
        vault = provider.mapping("vault")
        version = vault.text("version", "v2")
        if version not in ("v1", "v2"):
            raise vault.unable("version", "v1 or v2 is expected here")
        mount = vault.text("path").strip("/") if "path" in vault else None
        if mount:
            mount = plain_path(mount)
        _pass_over(spec, vault)
        block, read_in = _block(vault, resource.kind == "ClusterSecretStore", namespace)
    except NotCarried as reason:
        resource.leave(("spec", "provider", "vault", "path"), str(reason))
        return Unusable(why=f"{resource.label} cannot be read")
    except Listed:
        return Unusable(why=f"{resource.label} cannot be read")
    resource.finish()
    return Store(block, resource.name, mount, version == "v1", read_in)


def _pass_over(spec: Node, vault: Node) -> None:
    """Note what an operator needs and a build does not."""
    spec.note("controller", "it says which operator the store is for")
    spec.note("conditions", reasons.WHO_MAY)
    spec.note("retrySettings", "reads are tried again as VAULT_MAX_RETRIES says")
    spec.note("refreshInterval", "a store is not looked at again")
    vault.note("readYourWrites", "vaultgen writes nothing")
    vault.note("forwardInconsistent", "vaultgen writes nothing")
    vault.note("checkAndSet", "vaultgen writes nothing")


def _block(vault: Node, cluster_wide: bool, namespace: str) -> tuple[dict[str, Any], str]:
    """Return the ``vault:`` block, and the Vault namespace to read in where that is another. Raises Listed."""
    address = vault.text("server")
    vault.note("server", reasons.HOME)
    own = vault.text("namespace").strip("/")
    auth = vault.mapping("auth")
    login = auth.text("namespace").strip("/")
    if login and not own:
        raise auth.unable("namespace", "a login in one Vault namespace, and reads in the root one")
    vault.leave("caBundle", reasons.BY_FILE)
    vault.leave("caProvider", reasons.BY_FILE)
    vault.leave("headers", reasons.NO_HEADERS)
    tls = vault.mapping("tls")
    tls.leave("certSecretRef", reasons.BY_FILE)
    tls.leave("keySecretRef", reasons.BY_FILE)
    block: dict[str, Any] = {"address": address} if address else {}
    if login or own:
        block["namespace"] = login or own
    if method := read_auth(auth, cluster_wide, namespace):
        block["auth"] = method
    return block, own if login and login != own else ""
