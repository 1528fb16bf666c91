"""A login at a real server, over the transport that runs use."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from support.login import TreeFiles, no_cluster
from support.vault_namespace import VaultNamespace
from vaultgen.document.model import Auth, VaultConfig
from vaultgen.json_text import parse_json
from vaultgen.vault.login import log_in
from vaultgen.vault.message import Request, Response, Session
from vaultgen.vault.pool import Pool
from vaultgen.vault.settings import Settings, read_settings

if TYPE_CHECKING:
    from vaultgen.ports import Cluster


def settings_for(where: VaultNamespace, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings that lead to a test's Vault namespace; ``environ`` wins."""
    base = {"VAULT_ADDR": where.address, "VAULT_NAMESPACE": where.name, "VAULT_MAX_RETRIES": "0"}
    return read_settings(VaultConfig(), base | dict(environ or {}))


def log_in_at(
    where: VaultNamespace,
    auth: Auth,
    environ: Mapping[str, str] | None = None,
    cluster: "Callable[[], Cluster] | None" = None,
) -> Session:
    """Log in by one method."""
    environ = environ or {}
    settings = settings_for(where, environ)
    pool = Pool(settings, TreeFiles())
    try:
        return log_in(VaultConfig(auth=(auth,)), settings, environ, pool, cluster or no_cluster, TreeFiles())
    finally:
        pool.close()


def read_with(where: VaultNamespace, session: Session, path: str) -> tuple[int, object]:
    """Return status and JSON of a read with a session's token."""
    pool = Pool(settings_for(where), TreeFiles())
    try:
        (answer,) = pool.send([Request("GET", path, token=session.token)])
    finally:
        pool.close()
    assert isinstance(answer, Response)
    return answer.status, parse_json(answer.body.reveal().decode())
