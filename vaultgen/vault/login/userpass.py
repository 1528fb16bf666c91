"""Login with a user name and a password."""

from vaultgen.vault.login.answer import login_path, post_login
from vaultgen.vault.login.credential import obtain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vaultgen.document.model import UserpassAuth
    from vaultgen.redacted import Redacted
    from vaultgen.vault.login.credential import Outside


def log_in_userpass(auth: "UserpassAuth", outside: "Outside") -> "Redacted":
    """Return a Vault token. Raises Refused as ``post_login`` and ``obtain`` do."""
    login_path("userpass", auth.mount, auth.username)  # a bad name is told before the password is read
    body = obtain(auth.password, outside).map(lambda text: {"password": text})
    return post_login(outside, "userpass", auth.mount, body, user=auth.username)
