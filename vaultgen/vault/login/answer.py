"""One login request, and what its answer means.

Vault tells a missing auth method, a wrong role and a refused identity apart by status and text, differently in each
method. Only statuses are looked at here, and where one of them means two things a request without any credential
tells which: the text is the server's, and may change or quote what was sent.
"""

from vaultgen.errors import Fault, Refused, refuse
from vaultgen.redacted import Redacted
from vaultgen.vault.login.credential import Outside, usable_token
from vaultgen.vault.message import Request, Response, json_body, path_problem
from vaultgen.vault.settings import require_home

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


NO_TOKEN = Redacted("none")
"""Sent with a login, which needs no token: without one an agent adds its own, and a document's mount could then lead to
a path that is no login and writes with the agent's rights."""


def post_login(
    outside: Outside, method: str, mount: str, body: Redacted, *, role: str = "", user: str = "", probe: bool = True
) -> Redacted:
    """Return the client token (str, wrapped) that ``POST auth/MOUNT/login[/USER]`` answers.

    ``body`` is a dict, wrapped; ``role`` is only named in faults; without ``probe``, 403 means that there is no such
    auth method. Raises Refused: login-denied, login-role, login-mount, mfa-required, namespace-unknown,
    bad-auth-parameter, answer-not-json, and what the exchange reports.
    """
    # What stands in the document itself goes nowhere else either: the request comes from inside the network.
    require_home(outside.settings, "the document")
    path = login_path(method, mount, user)
    (response,) = outside.exchange.send([Request("POST", path, body=body, token=NO_TOKEN)])
    if isinstance(response, Fault):
        if user and response.facts.get("status") == "500" and _only_this_name_fails(outside, method, mount, user):
            raise refuse("login-denied", method=method, mount=mount)
        raise Refused([response])
    if response.status == 200:
        return _client_token(outside, response)
    if response.status == 404:
        refuse_unknown_namespace(outside)
    if response.status in (403, 404, 405) and not (probe and _exists(outside, method, mount, bool(user))):
        raise refuse("login-mount", method=method, mount=mount)
    if not 400 <= response.status <= 405:
        raise refuse("bad-request", address=outside.settings.address.text, status=str(response.status))
    from vaultgen.vault.login.jwt_claims import remark_on

    facts = {"role": role} if role else {}
    if remark := remark_on(body):
        facts["remark"] = remark
    raise refuse("login-role" if role else "login-denied", method=method, mount=mount, **facts)


def login_path(method: str, mount: str, user: str = "") -> str:
    """Return the API path of a login. Raises Refused (bad-auth-parameter) where it would be another path."""
    if "/" in user:
        raise refuse("bad-auth-parameter", method=method, why="the user name has a slash")
    path = f"auth/{mount}/login/{user}" if user else f"auth/{mount}/login"
    if problem := path_problem(path):
        where = "mount" if path_problem(f"auth/{mount}") else "user name"
        raise refuse("bad-auth-parameter", method=method, why=f"of the {where}, as part of a path: {problem}")
    return path


def send(outside: Outside, request: Request) -> Response:
    """Send one request. Raises Refused with the fault that the exchange reports."""
    (answer,) = outside.exchange.send([request])
    if isinstance(answer, Fault):
        raise Refused([answer])
    return answer


def json_object(outside: Outside, response: Response) -> "dict[str, Any]":
    """Return the JSON object of an answer. Raises Refused (answer-not-json)."""
    address = outside.settings.address.text
    value = json_body(response, address)
    if not isinstance(value, dict):
        raise refuse("answer-not-json", address=address)
    return value


def refuse_unknown_namespace(outside: Outside) -> None:
    """Raise Refused (namespace-unknown) if Vault does not know the session's namespace.

    Any known one lists the mounts that everybody may see, be it none; an unknown one is answered 404.
    """
    vault_namespace = outside.settings.vault_namespace
    if vault_namespace and _status(outside, "sys/internal/ui/mounts") == 404:
        raise refuse("namespace-unknown", namespace=vault_namespace)


def _client_token(outside: Outside, response: Response) -> Redacted:
    auth = json_object(outside, response).get("auth")
    token = auth.get("client_token") if isinstance(auth, dict) else None
    if isinstance(auth, dict) and not token and auth.get("mfa_requirement"):
        raise refuse("mfa-required")
    if type(token) is not str or not token:
        raise refuse("answer-not-json", address=outside.settings.address.text)
    return usable_token(token, "the login's answer")


def _exists(outside: Outside, method: str, mount: str, has_user: bool) -> bool:
    """Whether something at the mount takes logins: it answers 405 to a GET, while no mount is 403 or 404."""
    status = _status(outside, login_path(method, mount, "vaultgen" if has_user else ""))
    return status not in (403, 404)


def _only_this_name_fails(outside: Outside, method: str, mount: str, user: str) -> bool:
    """Whether a GET tells the server's failure to be about the user name.

    Vault answers 500 to names that no user can have, whatever is asked (seen of 1.21.4); OpenBao answers 404.
    """
    return _status(outside, login_path(method, mount, "vaultgen")) == 405 and not _status(
        outside, login_path(method, mount, user)
    )


def _status(outside: Outside, path: str) -> int:
    """Return the status of a GET without a token; 0 where there was no answer."""
    (answer,) = outside.exchange.send([Request("GET", path)])
    return 0 if isinstance(answer, Fault) else answer.status
