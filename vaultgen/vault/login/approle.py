"""Login with a role id and a secret id, which may be response-wrapped."""

from vaultgen.errors import refuse
from vaultgen.redacted import Redacted
from vaultgen.vault.login.answer import json_object, post_login, refuse_unknown_namespace, send
from vaultgen.vault.login.credential import describe, obtain, obtain_token, usable
from vaultgen.vault.message import Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vaultgen.document.model import AppRoleAuth, CredentialSource
    from vaultgen.vault.login.credential import Outside
    from vaultgen.vault.message import Response


def log_in_approle(auth: "AppRoleAuth", outside: "Outside") -> Redacted:
    """Return a Vault token. Raises Refused: unwrap-failed, and as ``post_login`` and ``obtain`` do."""
    body = {"role_id": obtain(auth.role_id, outside).reveal()}
    if auth.secret_id:
        body["secret_id"] = _secret_id(auth.secret_id, auth.mount, outside).reveal()
    # This method refuses with 400, so 403 has one meaning; and a GET here would be a server error.
    return post_login(outside, "approle", auth.mount, Redacted(body), probe=False)


def _secret_id(source: "CredentialSource", mount: str, outside: "Outside") -> Redacted:
    return _unwrapped(source, mount, outside) if source.wrapped else obtain(source, outside)


def _unwrapped(source: "CredentialSource", mount: str, outside: "Outside") -> Redacted:
    """Return the secret id in a wrapping token, after asking what was wrapped.

    Whoever took the token on its way, and put another in its place, cannot forge where that one was made:
    https://developer.hashicorp.com/vault/docs/concepts/response-wrapping#response-wrapping-token-validation
    """
    words = describe(source)
    token = obtain_token(source, outside)
    looked_up = send(outside, Request("POST", "sys/wrapping/lookup", body=token.map(lambda text: {"token": text})))
    made_at = _data(looked_up, words, outside).get("creation_path")
    if not isinstance(made_at, str) or not _makes_secret_ids(made_at, mount):
        raise refuse("unwrap-failed", source=words, why=f"it does not wrap a secret id of auth/{mount}")
    unwrapped = send(outside, Request("POST", "sys/wrapping/unwrap", token=token))
    secret_id = _data(unwrapped, words, outside).get("secret_id")
    if type(secret_id) is not str:
        raise refuse("unwrap-failed", source=words, why="it holds no secret id")
    return usable(secret_id, words)


def _makes_secret_ids(path: str, mount: str) -> bool:
    """Whether a path is ``auth/MOUNT/role/NAME/secret-id``."""
    parts = path.split("/")
    return parts[:-2] == ["auth", *mount.split("/"), "role"] and bool(parts[-2]) and parts[-1] == "secret-id"


def _data(response: "Response", words: str, outside: "Outside") -> "dict[str, object]":
    if response.status == 404:
        refuse_unknown_namespace(outside)
    if response.status != 200:
        raise refuse("unwrap-failed", source=words, why="it was used already, has expired, or is no wrapping token")
    data = json_object(outside, response).get("data")
    return data if isinstance(data, dict) else {}
