"""The login: which credential a run uses, and how a token comes of it; a file a method.

A run with a token in its environment imports ``credential`` and nothing else of this package.
"""

from vaultgen.errors import refuse
from vaultgen.vault.login.credential import Outside, file_text, usable_token
from vaultgen.vault.message import Session
from vaultgen.vault.settings import require_home

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vaultgen.document.model import VaultConfig
    from vaultgen.ports import Cluster, Files
    from vaultgen.vault.message import Exchange
    from vaultgen.vault.settings import Settings


def log_in(
    config: "VaultConfig",
    settings: "Settings",
    environ: "Mapping[str, str]",
    exchange: "Exchange",
    cluster: "Callable[[], Cluster]",
    files: "Files",
) -> Session:
    """Return the session that reads are made with.

    BAO_TOKEN or VAULT_TOKEN wins; else the first method of the document whose credential is present, and if that
    fails, the login fails; else ``~/.vault-token``; else an agent adds its own token. ``cluster`` is called only for
    a credential that lies in one, and raises Refused where no cluster is configured, which counts as absent.

    Raises Refused: no-credential, bad-credential, credential-leaves-home, env-not-allowed, unknown-auth-method,
    bad-auth-parameter, login-denied, login-role, login-mount, mfa-required, unwrap-failed, namespace-unknown, and
    what ``exchange``, ``cluster`` and ``files`` raise.
    """
    for name in ("BAO_TOKEN", "VAULT_TOKEN"):
        # A blank variable counts as unset, as an empty one does for the command lines.
        if token := environ.get(name, "").strip():
            require_home(settings, f"the environment variable {name}")
            return Session(usable_token(token, name), name, False)
    tried = ["BAO_TOKEN", "VAULT_TOKEN"]
    if config.auth:
        from vaultgen.vault.login.methods import log_in_by_first_present

        outside = Outside(settings, environ, exchange, cluster, files)
        if session := log_in_by_first_present(config.auth, outside, tried):
            return session
    if token := _token_of_home(environ):
        require_home(settings, "the file ~/.vault-token")
        return Session(usable_token(token, "~/.vault-token"), "~/.vault-token", False)
    tried.append("~/.vault-token")
    if settings.address.scheme == "unix" or settings.address_source.endswith("_AGENT_ADDR"):
        # Its token is a credential like any other: a document could name a socket that others rely on.
        require_home(settings, "the agent")
        return Session(None, "the agent", False)
    raise refuse("no-credential", tried=", ".join(tried))


def _token_of_home(environ: "Mapping[str, str]") -> str:
    """Return what ``bao login`` or ``vault login`` stored, or an empty text."""
    home = environ.get("HOME", "")
    return (file_text(f"{home}/.vault-token", "~/.vault-token") or "").strip() if home else ""
