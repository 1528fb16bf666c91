"""Login with the TLS client certificate that the connection has shown already."""

from vaultgen.redacted import Redacted
from vaultgen.vault.login.answer import post_login

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vaultgen.document.model import CertAuth
    from vaultgen.vault.login.credential import Outside


def log_in_cert(auth: "CertAuth", outside: "Outside") -> Redacted:
    """Return a Vault token. Raises Refused as ``post_login`` does.

    Whether the certificate may be shown to this address at all was decided with the settings.
    """
    body = Redacted({"name": auth.name} if auth.name else {})
    return post_login(outside, "cert", auth.mount, body, role=auth.name)
