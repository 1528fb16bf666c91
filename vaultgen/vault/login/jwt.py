"""Login with a JWT, such as the ID token of a CI job."""

from vaultgen.vault.login.answer import post_login
from vaultgen.vault.login.credential import obtain_token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vaultgen.document.model import JwtAuth
    from vaultgen.redacted import Redacted
    from vaultgen.vault.login.credential import Outside


def log_in_jwt(auth: "JwtAuth", outside: "Outside") -> "Redacted":
    """Return a Vault token. Raises Refused as ``post_login`` and ``obtain_token`` do."""
    role = {"role": auth.role} if auth.role else {}
    body = obtain_token(auth.token, outside).map(lambda text: {**role, "jwt": text})
    return post_login(outside, "jwt", auth.mount, body, role=auth.role)
