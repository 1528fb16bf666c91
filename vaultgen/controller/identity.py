"""Whose rights are used at Vault: those of the tenant's ServiceAccount or Secret, never the controller's own."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from vaultgen.cluster import secret_data, token_of, token_request
from vaultgen.controller.api import Api
from vaultgen.controller.resource import VaultArtifact
from vaultgen.errors import Refused, refuse
from vaultgen.redacted import Redacted
from vaultgen.vault.address import Unusable, parse_address
from vaultgen.vault.settings import ALLOWED_ADDRESSES


class TenantCluster:
    """The port ``Cluster``, for one namespace and nothing else."""

    def __init__(self, api: Api, namespace: str) -> None:
        self._api = api
        self._namespace = namespace

    def secret(self, namespace: str, name: str, /) -> Mapping[str, Redacted]:
        """Return a Secret's data. Raises ``Refused``: cluster-denied, cluster-not-found, cluster-unavailable."""
        what = f"Secret {namespace}/{name}"
        path = f"{self._path(namespace, what)}/secrets/{name}"
        with _in_words_of_a_role(what, f"to get {what}", "get for secrets"):
            found = self._api.get(path)
        if found is None:
            raise refuse("cluster-not-found", what=what)
        return secret_data(found, what)

    def service_account_token(self, namespace: str, name: str, audience: str, seconds: int, /) -> Redacted:
        """Return a token (str, wrapped) for an audience, by TokenRequest. Raises ``Refused`` as ``secret`` does."""
        what = f"ServiceAccount {namespace}/{name}"
        path = f"{self._path(namespace, what)}/serviceaccounts/{name}/token"
        with _in_words_of_a_role(what, f"to make a token of {what}", "create for serviceaccounts/token"):
            answer = self._api.create(path, token_request(audience, seconds))
        return token_of(answer, what)

    def _path(self, namespace: str, what: str) -> str:
        if namespace != self._namespace:
            raise refuse("cluster-denied", what=f"to use {what} for an object of another namespace")
        return f"/api/v1/namespaces/{namespace}"


@contextmanager
def _in_words_of_a_role(what: str, wish: str, right: str) -> Iterator[None]:
    """Let a no of the API server name the right that is missing: the tenant has to grant it."""
    try:
        yield
    except Refused as refused:
        code = refused.faults[0].code
        if code == "cluster-not-found":
            raise refuse(code, what=what) from None
        if code == "cluster-denied":
            raise refuse(code, what=wish, remark=f"check the name; the controller needs {right}:") from None
        raise


class Operator:
    """What the operator of the cluster decides about Vault: which addresses, and which CA they are trusted by."""

    def __init__(self, addresses: Sequence[str], ca_file: str = "") -> None:
        """Raises ``Refused`` (bad-address) for an address that is none."""
        self._addresses = addresses
        self._parsed = []
        for text in addresses:
            try:
                self._parsed.append(parse_address(text))
            except Unusable as unusable:
                raise refuse("bad-address", source="--vault-address", why=unusable.why) from None
        self._ca_file = ca_file

    def environ(self, artifact: VaultArtifact) -> Mapping[str, str]:
        """Return the whole environment that Vault is asked in for a VaultArtifact: nothing of the controller's own.

        Raises ``Refused``: address-not-allowed, bad-artifact.
        """
        place = artifact.place._replace(field="spec.vault.address")
        try:
            address = parse_address(artifact.vault.address)
        except Unusable as unusable:
            raise refuse("bad-artifact", place, why=unusable.why) from None
        if not any(one.allows(address) for one in self._parsed):
            raise refuse("address-not-allowed", place, address=address.text)
        environ = {ALLOWED_ADDRESSES: " ".join(self._addresses), "VAULT_CLIENT_TIMEOUT": f"{artifact.timeout:.3f}s"}
        if self._ca_file:
            environ["VAULT_CACERT"] = self._ca_file
        return environ
