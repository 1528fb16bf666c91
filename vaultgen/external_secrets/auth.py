"""How a store logs in, as the document's ``vault.auth`` says it."""

from collections.abc import Callable
from typing import Any

from vaultgen.importing import reasons
from vaultgen.importing.resource import Listed, Node

Auth = dict[str, Any]


class _Method:
    """The fields of one login method."""

    def __init__(self, node: Node, cluster_wide: bool, namespace: str) -> None:
        self.node = node
        self._cluster_wide = cluster_wide
        self._namespace = namespace

    def mount(self, name: str = "path") -> Auth:
        """Return where the method is mounted, if that is said."""
        mount = self.node.text(name).strip("/")
        return {"mount": mount} if mount else {}

    def text(self, name: str, as_: str) -> Auth:
        """Return a text, if it is there."""
        text = self.node.text(name)
        return {as_: text} if text else {}

    def secret(self, name: str, key: str = "") -> Auth:
        """Return the key of a Secret; ``key`` is the one that is taken where none is said. Raises Listed."""
        selector = self.node.mapping(name)
        chosen = {"name": selector.text("name"), "namespace": self._of(selector), "key": selector.text("key", key)}
        if not all(chosen.values()):
            raise self.node.unable(name, "name and key of a Secret are expected here")
        return {"secretRef": chosen}

    def account(self, node: Node, audiences: list[str]) -> Auth:
        """Return the ServiceAccount to ask a token for. Raises Listed."""
        selector = node.mapping("serviceAccountRef")
        audiences = [one for one in selector.texts("audiences") + audiences if one]
        if len(audiences) > 1:
            raise selector.unable("audiences", reasons.ONE_AUDIENCE)
        if not selector.text("name"):
            raise selector.unable("", "no ServiceAccount is named")
        account = {"serviceAccountRef": {"name": selector.text("name"), "namespace": self._of(selector)}}
        return account | ({"audience": audiences[0]} if audiences else {})

    def _of(self, selector: Node) -> str:
        """Return the namespace of what is selected: only a cluster-wide store's selector may say another. Or Listed."""
        own = selector.text("namespace")
        namespace = own if own and self._cluster_wide else self._namespace
        if not namespace:
            raise selector.unable("", reasons.NO_NAMESPACE)
        return namespace


def read_auth(auth: Node, cluster_wide: bool, namespace: str) -> Auth:
    """Return a login method, empty where there is none; what cannot be carried over is listed.

    ``namespace`` is that of the Secrets and ServiceAccounts where a selector may name, or names, no other.
    """
    methods = [name for name in auth.names() if name != "namespace"]
    try:
        if len(methods) > 1:
            raise auth.unable("", "more than one login method")
        if not methods:
            return {}
        if methods[0] not in _METHODS:
            raise auth.unable(methods[0], reasons.OTHER_LOGIN)
        node = auth if methods[0] == "tokenSecretRef" else auth.mapping(methods[0])
        return _METHODS[methods[0]](_Method(node, cluster_wide, namespace))
    except Listed:
        for name in methods:
            auth.seen(name)
        return {}


def _token(method: _Method) -> Auth:
    return {"token": method.secret("tokenSecretRef", "token")}


def _app_role(method: _Method) -> Auth:
    if role := method.text("roleId", "roleId"):
        method.node.note("roleRef", "roleId is there, and is taken")
    else:
        role = {"roleId": method.secret("roleRef")}
    return {"appRole": {**method.mount(), **role, "secretId": method.secret("secretRef")}}


def _kubernetes(method: _Method) -> Auth:
    node = method.node
    auth = {**method.mount("mountPath"), "role": _role(node)}
    if "serviceAccountRef" in node:
        node.note("secretRef", "serviceAccountRef is there, and is taken")
        return {"kubernetes": auth | method.account(node, [])}
    if "secretRef" in node:
        why = "a ServiceAccount's token that lies in a Secret; name the account under serviceAccountRef, or a tokenFile"
        raise node.unable("secretRef", why)
    node.note("role", "the login is that of the Pod that builds, where the operator's own Pod logged in")
    return {"kubernetes": auth}


def _jwt(method: _Method) -> Auth:
    node = method.node
    if "secretRef" in node:
        node.note("kubernetesServiceAccountToken", "secretRef is there, and is taken")
        return {"jwt": {**method.mount(), **method.text("role", "role"), "token": method.secret("secretRef")}}
    token = node.mapping("kubernetesServiceAccountToken")
    token.note("expirationSeconds", reasons.USED_ONCE)
    audiences = token.texts("audiences") if "audiences" in token else ["vault"]
    # Both methods take a role and a JWT in the same request.
    mount = method.mount() or {"mount": "jwt"}
    return {"kubernetes": {**mount, "role": _role(node), **method.account(token, audiences)}}


def _cert(method: _Method) -> Auth:
    method.node.leave("clientCert", reasons.BY_FILE)
    method.node.leave("secretRef", reasons.BY_FILE)
    return {"cert": {**method.mount(), **method.text("vaultRole", "name")}}


def _user_pass(method: _Method) -> Auth:
    return {"userpass": {**method.mount(), **_user(method)}}


def _ldap(method: _Method) -> Auth:
    return {"login": {"method": "ldap", **method.mount(), "parameters": _user(method)}}


def _user(method: _Method) -> Auth:
    username = method.node.text("username")
    if not username:
        raise method.node.unable("", "no username")
    return {"username": username, "password": method.secret("secretRef")}


def _role(node: Node) -> str:
    role = node.text("role").strip()
    if not role:
        raise node.unable("", "no role")
    return role


_METHODS: dict[str, Callable[[_Method], Auth]] = {
    "tokenSecretRef": _token,
    "appRole": _app_role,
    "kubernetes": _kubernetes,
    "jwt": _jwt,
    "cert": _cert,
    "userPass": _user_pass,
    "ldap": _ldap,
}
