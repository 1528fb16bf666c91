"""Which credential would a build use, and is it let in?"""

from collections.abc import Generator, Mapping

from vaultgen.doctor.verdict import Verdict, failed, ok, skip
from vaultgen.document.model import (
    AppRoleAuth,
    Auth,
    CertAuth,
    JwtAuth,
    LoginAuth,
    TokenAuth,
    UserpassAuth,
    VaultConfig,
)
from vaultgen.errors import Refused
from vaultgen.vault.login import log_in
from vaultgen.vault.login.credential import Outside, describe
from vaultgen.vault.login.methods import first_present
from vaultgen.vault.message import Session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vaultgen.ports import Cluster, Files
    from vaultgen.vault.message import Exchange
    from vaultgen.vault.settings import Settings

NAME = "login"


def check_login(
    config: VaultConfig,
    settings: "Settings",
    environ: Mapping[str, str],
    exchange: "Exchange",
    files: "Files",
) -> Generator[Verdict, None, Session | None]:
    """Log in as a build would, and return the session; a wrapped secret id is left alone, as it opens only once."""

    def cluster() -> "Cluster":
        from vaultgen.cluster import KubernetesCluster

        return KubernetesCluster(environ, seconds=settings.timeout)

    method = None
    try:
        if not any(environ.get(name, "").strip() for name in ("BAO_TOKEN", "VAULT_TOKEN")):
            outside = Outside(settings, environ, exchange, cluster, files)
            number = first_present(config.auth, outside, [])
            method = None if number is None else config.auth[number]
        if isinstance(method, AppRoleAuth) and method.secret_id and method.secret_id.wrapped:
            yield skip(NAME, f"{words(method)}: its secret id is wrapped, and to try it would use it up")
            return None
        session = log_in(config, settings, environ, exchange, cluster, files)
    except Refused as refused:
        yield from failed(NAME, refused.faults)
        return None
    if method:
        yield ok(NAME, words(method))
    else:
        yield ok(NAME, f"with the token from {session.source}" if session.token else "an agent adds its own token")
    return session


def words(auth: Auth) -> str:
    """Return what a method logs in with, in public words."""
    if isinstance(auth, TokenAuth):
        return f"with the token from {describe(auth.source)}"
    if isinstance(auth, LoginAuth):
        return f"{auth.method} at auth/{auth.mount}"
    if isinstance(auth, CertAuth):
        return _at("cert", auth.mount, auth.name)
    if isinstance(auth, UserpassAuth):
        return f"userpass at auth/{auth.mount} as {auth.username}"
    if isinstance(auth, AppRoleAuth):
        return _at("appRole", auth.mount, "")
    if isinstance(auth, JwtAuth):
        return f"{_at('jwt', auth.mount, auth.role)}, with {describe(auth.token)}"
    account = auth.service_account_ref
    return _at("kubernetes", auth.mount, auth.role) + (
        f", as ServiceAccount {account.namespace}/{account.name}" if account else ""
    )


def _at(method: str, mount: str, role: str) -> str:
    return f"{method} at auth/{mount}" + (f" with role {role}" if role else "")
