"""VaultAuth and VaultConnection: the ``vault:`` block that reads a secret."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vaultgen.importing import reasons
from vaultgen.importing.resource import Ambiguous, Listed, Node, Resource, nearest

DEFAULT = "default"
"""The VaultAuth and the VaultConnection that are taken where none is named."""


@dataclass
class Login:
    """How a secret is read."""

    vault: Mapping[str, Any] = field(default_factory=dict)
    """The ``vault:`` block; empty where no VaultAuth is there."""
    origin: str = ""
    """Name of the VaultAuth."""

    def read_in(self, spec: Node) -> str:
        """Return the Vault namespace of a secret, where it is not that of the login."""
        own = spec.text("namespace").strip("/")
        return "" if own == self.vault.get("namespace", "") else own


class Logins:
    """The ways to log in among the resources."""

    def __init__(self, resources: Sequence[Resource]) -> None:
        self._resources = [one for one in resources if one.group == "secrets.hashicorp.com"]

    def of(self, spec: Node, namespace: str) -> Login:
        """Return how a secret of this namespace is read; what is not there is noted. Raises Listed."""
        try:
            auth = self._find("VaultAuth", spec.text("vaultAuthRef"), namespace)
        except Ambiguous:
            raise spec.unable("vaultAuthRef", reasons.SEVERAL) from None
        if auth is None:
            why = f"{_called('VaultAuth', spec.text('vaultAuthRef'))} is not among the files"
            spec.tell("vaultAuthRef", f"{why}: address and login are those of the environment")
            return Login()
        block: dict[str, Any] = {}
        try:
            own = auth.root.mapping("spec")
            block |= self._connected(own, auth.namespace)
            if in_namespace := own.text("namespace").strip("/"):
                block["namespace"] = in_namespace
            if method := _method(own, namespace or auth.namespace):
                block["auth"] = method
        except Listed:
            auth.seen(("spec",))
        auth.finish()
        return Login(block, auth.name)

    def _connected(self, spec: Node, namespace: str) -> dict[str, Any]:
        """Return where Vault is, as a VaultAuth of this namespace says it; what is not there is noted, or listed."""
        connection = spec.text("vaultConnectionRef")
        try:
            found = self._find("VaultConnection", connection, namespace)
        except Ambiguous:
            spec.unable("vaultConnectionRef", reasons.SEVERAL)
            return {}
        if found:
            return _connection(found)
        why = f"{_called('VaultConnection', connection)} is not among the files"
        spec.tell("vaultConnectionRef", f"{why}: the address is that of the environment")
        return {}

    def _find(self, kind: str, reference: str, namespace: str) -> Resource | None:
        """Return the resource that ``[NAMESPACE/]NAME`` means; the operator's own namespace is not known here.

        Raises Ambiguous.
        """
        wanted, _, name = reference.rpartition("/")
        wanted = wanted or (namespace if reference else "")
        return nearest([one for one in self._resources if (one.kind, one.name) == (kind, name or DEFAULT)], wanted)


def _called(kind: str, reference: str) -> str:
    return f"{kind} {reference or DEFAULT}"


def _connection(resource: Resource) -> dict[str, Any]:
    try:
        spec = resource.root.mapping("spec")
        block: dict[str, Any] = {}
        if address := spec.text("address"):
            block["address"] = address
            spec.note("address", reasons.HOME)
        if server_name := spec.text("tlsServerName"):
            block["tls"] = {"serverName": server_name}
        spec.leave("headers", reasons.NO_HEADERS)
        spec.leave("caCertSecretRef", reasons.BY_FILE)
        spec.leave("caCertPath", "a file of the operator's; name one of the build's under vault.tls.caFile")
        if spec.flag("skipTLSVerify"):
            spec.leave(
                "skipTLSVerify", "the server's certificate is always checked; name its CA under vault.tls.caFile"
            )
        spec.note("timeout", "VAULT_CLIENT_TIMEOUT says how long a build waits")
    except Listed:
        return {}
    resource.finish()
    return block


def _method(spec: Node, namespace: str) -> dict[str, Any]:
    """Return a login method, empty where it cannot be carried over, which is listed then."""
    spec.note("allowedNamespaces", reasons.WHO_MAY)
    spec.note("storageEncryption", "nothing is stored")
    spec.leave("headers", reasons.NO_HEADERS)
    spec.leave("params", "a login has no parameters beside those of its method")
    spec.leave("vaultAuthGlobalRef", "what it adds is not followed; write it into the VaultAuth first")
    name, mount = spec.text("method"), spec.text("mount").strip("/")
    if not name:
        return {}
    if name not in _METHODS:
        spec.leave(name if name in spec else "method", reasons.OTHER_LOGIN)
        return {}
    try:
        return _METHODS[name](spec.mapping(name), {"mount": mount} if mount else {}, namespace)
    except Listed:
        spec.seen(name)
        return {}


def _kubernetes(node: Node, mount: Mapping[str, str], namespace: str) -> dict[str, Any]:
    node.note("tokenExpirationSeconds", reasons.USED_ONCE)
    account = {"name": node.text("serviceAccount"), "namespace": namespace}
    role, audiences = node.text("role"), [one for one in node.texts("audiences") if one]
    if not role or not account["name"]:
        raise node.unable("", "role and serviceAccount are expected here")
    if not namespace:
        raise node.unable("serviceAccount", reasons.NO_NAMESPACE)
    if len(audiences) > 1:
        raise node.unable("audiences", reasons.ONE_AUDIENCE)
    audience = {"audience": audiences[0]} if audiences else {}
    return {"kubernetes": {**mount, "role": role, "serviceAccountRef": account, **audience}}


def _jwt(node: Node, mount: Mapping[str, str], namespace: str) -> dict[str, Any]:
    if "secretRef" not in node:
        # Both methods take a role and a JWT in the same request.
        return _kubernetes(node, mount or {"mount": "jwt"}, namespace)
    for name in ("serviceAccount", "audiences", "tokenExpirationSeconds"):
        node.note(name, "secretRef is there, and is taken")
    role = node.text("role")
    return {"jwt": {**mount, **({"role": role} if role else {}), "token": _secret(node, "jwt", namespace)}}


def _app_role(node: Node, mount: Mapping[str, str], namespace: str) -> dict[str, Any]:
    role_id = node.text("roleId")
    if not role_id:
        raise node.unable("", "roleId is expected here")
    if path := node.text("secretIDPath"):
        node.note("secretIDPath", "a file of the operator's; it has to be where the build runs, too")
        return {"appRole": {**mount, "roleId": role_id, "secretId": {"file": path}}}
    return {"appRole": {**mount, "roleId": role_id, "secretId": _secret(node, "id", namespace)}}


def _secret(node: Node, key: str, namespace: str) -> dict[str, Any]:
    name = node.text("secretRef")
    if not name:
        raise node.unable("", "no Secret is named")
    if not namespace:
        raise node.unable("secretRef", reasons.NO_NAMESPACE)
    return {"secretRef": {"name": name, "namespace": namespace, "key": key}}


_METHODS = {"kubernetes": _kubernetes, "jwt": _jwt, "appRole": _app_role}
