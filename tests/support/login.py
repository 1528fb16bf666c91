"""A login in a made-up outside, and what it refuses."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pytest

from support.fake_exchange import FakeExchange
from vaultgen.document.model import Auth, VaultConfig
from vaultgen.errors import Fault, Refused, refuse
from vaultgen.errors.report import report
from vaultgen.redacted import Redacted
from vaultgen.vault.address import parse_address
from vaultgen.vault.login import log_in
from vaultgen.vault.message import Session
from vaultgen.vault.settings import Settings

if TYPE_CHECKING:
    from vaultgen.ports import Cluster
    from vaultgen.vault.message import Exchange

SETTINGS = Settings(parse_address("https://vault.test:8200"))


class TreeFiles:
    """Files below a root, by path."""

    def __init__(self, contents: Mapping[str, bytes] | None = None) -> None:
        self._contents = contents or {}

    def read(self, path: str, /) -> bytes:
        """Return a file's bytes; a path that leads up is outside."""
        if path.startswith(".."):
            raise refuse("file-outside-root", path=path)
        if path not in self._contents:
            raise refuse("file-not-found", path=path)
        return self._contents[path]


class FakeCluster:
    """A cluster with Secrets and ServiceAccounts."""

    def __init__(
        self,
        secrets: Mapping[tuple[str, str], Mapping[str, bytes]] | None = None,
        tokens: Mapping[tuple[str, str], str] | None = None,
    ) -> None:
        self._secrets = secrets or {}
        self._tokens = tokens or {}
        self.asked: list[tuple[str | int, ...]] = []

    def secret(self, namespace: str, name: str, /) -> Mapping[str, Redacted]:
        """Return a Secret's data."""
        self.asked.append((namespace, name))
        if (namespace, name) not in self._secrets:
            raise refuse("cluster-not-found", what=f"Secret {namespace}/{name}")
        return {key: Redacted(value) for key, value in self._secrets[namespace, name].items()}

    def service_account_token(self, namespace: str, name: str, audience: str, seconds: int, /) -> Redacted:
        """Return a ServiceAccount's token."""
        self.asked.append((namespace, name, audience, seconds))
        return Redacted(self._tokens[namespace, name])


def no_cluster() -> "Cluster":
    """What a factory does where no cluster is configured."""
    raise refuse("cluster-unavailable", what="credentials", why="there is no kubeconfig, and this is no Pod")


def log_in_with(
    *auth: Auth,
    environ: Mapping[str, str] | None = None,
    settings: Settings = SETTINGS,
    exchange: "Exchange | None" = None,
    cluster: "Callable[[], Cluster]" = no_cluster,
    files: Mapping[str, bytes] | None = None,
) -> Session:
    """Log in by the methods of a document; nothing else is there unless given."""
    return log_in(
        VaultConfig(auth=auth), settings, environ or {}, exchange or FakeExchange(), cluster, TreeFiles(files)
    )


def refused(login: Callable[[], Session]) -> Fault:
    """Return the one fault of a login; its report may hold no canary, and no exception may be chained."""
    with pytest.raises(Refused) as caught:
        login()
    (fault,) = caught.value.faults
    assert "canary" not in report([fault])
    assert "canary" not in repr(fault)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return fault
