"""Login as a Kubernetes ServiceAccount, with a token from a file or from TokenRequest."""

from vaultgen.document.model import CredentialSource
from vaultgen.vault.login.answer import post_login
from vaultgen.vault.login.credential import POD_TOKEN_FILE, obtain_token
from vaultgen.vault.settings import require_home

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vaultgen.document.model import KubernetesAuth
    from vaultgen.redacted import Redacted
    from vaultgen.vault.login.credential import Outside

# The shortest that an API server issues; the token is used once, at once.
_TOKEN_SECONDS = 600


def log_in_kubernetes(auth: "KubernetesAuth", outside: "Outside") -> "Redacted":
    """Return a Vault token. Raises Refused as ``post_login`` and ``obtain_token`` do."""
    account = auth.service_account_ref
    if account:
        require_home(outside.settings, f"the ServiceAccount {account.namespace}/{account.name}")
        token = outside.cluster().service_account_token(account.namespace, account.name, auth.audience, _TOKEN_SECONDS)
    else:
        token = obtain_token(CredentialSource(file=auth.token_file or POD_TOKEN_FILE), outside)
    body = token.map(lambda text: {"role": auth.role, "jwt": text})
    return post_login(outside, "kubernetes", auth.mount, body, role=auth.role)
