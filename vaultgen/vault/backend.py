"""The backend that reads from Vault or OpenBao: one login, one session, all reads at once."""

from vaultgen.errors import Fault, Refused
from vaultgen.vault.pool import Pool
from vaultgen.vault.reading import Reading
from vaultgen.vault.settings import Settings, read_settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from vaultgen.document.model import VaultConfig
    from vaultgen.ports import Answer, Cluster, Files, Miss, Read
    from vaultgen.vault.message import Request, Response, Session
    from vaultgen.vault.tls import Tls

REVOKE_SECONDS = 2.0
"""How long the end of a run may wait for the token to be revoked."""


def connect(
    config: "VaultConfig",
    environ: "Mapping[str, str]",
    files: "Files",
    *,
    cluster: "Callable[[], Cluster] | None" = None,
    log: "Callable[[str], None] | None" = None,
    per_connection: int = 1,
    tls: "Callable[[Settings, Files], Tls] | None" = None,
) -> "VaultBackend":
    """Return the backend for a document's ``vault:`` block and an environment; nothing is sent before the first read.

    ``files`` holds what the document names; ``cluster`` gives access to a cluster's credentials, by default to the
    one that the environment names; ``log``, ``per_connection`` and ``tls`` are those of ``Pool``. Raises ``Refused``:
    no-address, bad-address, bad-setting, credential-leaves-home.
    """
    settings = read_settings(config, environ)

    def log_in(pool: Pool) -> "Session":
        from vaultgen.vault.login import log_in

        return log_in(config, settings, environ, pool, cluster or (lambda: _cluster(environ, settings)), files)

    return VaultBackend(settings, Pool(settings, files, log, per_connection=per_connection, tls=tls), log_in)


def _cluster(environ: "Mapping[str, str]", settings: Settings) -> "Cluster":
    from vaultgen.cluster import KubernetesCluster

    return KubernetesCluster(environ, seconds=settings.timeout)


class VaultBackend:
    """The port ``Backend`` over one server and one credential."""

    def __init__(self, settings: Settings, pool: Pool, log_in: "Callable[[Pool], Session]") -> None:
        """``log_in`` is called at the first read that is not empty, and raises ``Refused`` where it fails."""
        self._settings = settings
        self._pool = pool
        self._log_in = log_in
        self._session: Session | None = None
        self._gave_leases = False

    @property
    def address(self) -> str:
        """The server's address, to be printed."""
        return self._settings.address.text

    @property
    def is_at_home(self) -> bool:
        """Whether the address is not the document's choice alone."""
        return self._settings.at_home

    @property
    def vault_namespace(self) -> str:
        """The session's Vault namespace, without slashes at its ends; empty for the root one."""
        return self._settings.vault_namespace

    def read_all(self, reads: "Sequence[Read]", /) -> "Mapping[Read, Answer | Miss]":
        """Log in unless that is done, and read every distinct path once, within the settings' timeout.

        Raises ``Refused`` with every fault: one that the server or the token is to blame for comes once and without
        a read, all others carry theirs.
        """
        if not reads:
            return {}
        self._pool.restart_clock()
        answers = Reading(reads, self._pool, self._logged_in(), self._settings).answers()
        self._gave_leases |= any(getattr(answer, "volatile", False) for answer in answers.values())
        return answers

    def ask(self, request: "Request", /) -> "tuple[Response, Session]":
        """Log in unless that is done, and send a request with the session's token.

        Raises ``Refused``: what logging in raises, and what fails on the way.
        """
        self._pool.restart_clock()
        session = self._logged_in()
        (response,) = self._pool.send([request._replace(token=session.token)])
        if isinstance(response, Fault):
            raise Refused([response])
        return response, session

    def close(self) -> None:
        """Revoke the token, if it was acquired here and nothing that was read would end with it; hang up.

        That is best effort: batch tokens cannot be revoked, and policies may forbid it.
        """
        session = self._session
        if session is not None and session.acquired and session.token is not None and not self._gave_leases:
            from vaultgen.vault.message import Request

            revoke = Request("POST", "auth/token/revoke-self", token=session.token)
            self._pool.send_last(revoke, REVOKE_SECONDS)
        self._session = None
        self._pool.close()

    def _logged_in(self) -> "Session":
        if self._session is None:
            self._session = self._log_in(self._pool)
        return self._session
