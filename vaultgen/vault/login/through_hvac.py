"""Login by methods that hvac knows: its classes make the request, our transport carries it.

hvac is imported at the login (a tenth of a second). It sees no address, and gets no connection of its own.
"""

from vaultgen.errors import refuse
from vaultgen.redacted import Redacted
from vaultgen.vault.login.answer import post_login
from vaultgen.vault.login.credential import obtain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from vaultgen.document.model import LoginAuth
    from vaultgen.vault.login.credential import Outside

METHODS = {
    "aws": ("Aws", "iam_login"),
    "azure": ("Azure", "login"),
    "gcp": ("Gcp", "login"),
    "github": ("Github", "login"),
    "ldap": ("Ldap", "login"),
    "oidc": ("OIDC", "jwt_login"),
    "okta": ("Okta", "login"),
    "radius": ("Radius", "login"),
}
"""Method → class and function of ``hvac.api.auth_methods``."""

_OWN = {name.lower(): name for name in ("appRole", "cert", "jwt", "kubernetes", "token", "userpass")}
# What we set ourselves: where the method is mounted, and whether hvac keeps the token.
_OURS = frozenset(("self", "use_token", "mount_point", "path"))


def suggestion(method: str) -> str:
    """Return what to write instead of a method that is not one; empty for one that is."""
    if method in METHODS:
        return ""
    if own := _OWN.get(method.lower()):
        return f"write it as {own}: … in vault.auth"
    from difflib import get_close_matches

    near = get_close_matches(method.lower(), [*METHODS, *_OWN], n=1)
    if near and near[0] in METHODS:
        return f"did you mean {near[0]}?"
    return f"did you mean {_OWN[near[0]]}: … in vault.auth?" if near else f"there are {', '.join(METHODS)}"


def log_in_through_hvac(auth: "LoginAuth", outside: "Outside") -> Redacted:
    """Return a Vault token. Raises Refused: bad-auth-parameter, and as ``post_login`` and ``obtain`` do."""
    import inspect
    import warnings

    import hvac.api.auth_methods

    class_name, function_name = METHODS[auth.method]
    hvac_class: Any = getattr(hvac.api.auth_methods, class_name)
    signature = inspect.signature(getattr(hvac_class, function_name))
    _check_names(auth, signature)
    mount = {name: auth.mount for name in ("mount_point", "path") if name in signature.parameters}
    values = {name: obtain(source, outside).reveal() for name, source in auth.parameters.items()}
    role = auth.parameters["role"].text if "role" in auth.parameters else ""
    adapter = _Adapter(outside, auth.method, auth.mount, role)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # hvac's datetime.utcnow is deprecated in newer Pythons
        getattr(hvac_class(adapter), function_name)(**values, **mount)
    return adapter.token


def _check_names(auth: "LoginAuth", signature: "Any") -> None:
    takes = {name: parameter for name, parameter in signature.parameters.items() if name not in _OURS}
    needs = [name for name, parameter in takes.items() if parameter.default is parameter.empty]
    problems = [f"there is no {name}" for name in auth.parameters if name not in takes]
    problems += [f"{name} is missing" for name in needs if name not in auth.parameters]
    if "username" in auth.parameters and not auth.parameters["username"].text:
        # It becomes part of a path, which stands in logs, and in Vault's audit log as it is.
        problems.append("username must be written in the document")
    if problems:
        optional = [name for name in takes if name not in needs]
        listed = f"it takes {', '.join(needs)}" + (f" and, optionally, {', '.join(optional)}" if optional else "")
        raise refuse("bad-auth-parameter", method=auth.method, why=f"{', '.join(problems)}; {listed}")


class _Adapter:
    """What hvac's classes take for their connection: they call ``login`` and nothing else."""

    def __init__(self, outside: "Outside", method: str, mount: str, role: str) -> None:
        self._outside = outside
        self._method = method
        self._mount = mount
        self._role = role
        self.token = Redacted("")

    def login(self, url: str, use_token: bool, json: "dict[str, Any]") -> "dict[str, Any]":
        """Send a login to ``/v1/auth/MOUNT/login[/USER]``, percent-encoded, and to no other path."""
        from urllib.parse import unquote

        path, start = unquote(url), f"/v1/auth/{self._mount}/login"
        rest = path.removeprefix(start)
        if rest == path or (rest and not rest.startswith("/")):
            raise refuse("bad-auth-parameter", method=self._method, why="they lead away from the login")
        self.token = post_login(
            self._outside, self._method, self._mount, Redacted(json), role=self._role, user=rest[1:]
        )
        return {}
