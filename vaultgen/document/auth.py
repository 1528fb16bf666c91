"""The ``vault:`` block of a document; imported only where one is written."""

from vaultgen.document.model import (
    AppRoleAuth,
    Auth,
    CertAuth,
    CredentialSource,
    JwtAuth,
    KubernetesAuth,
    LoginAuth,
    SecretRef,
    ServiceAccountRef,
    Tls,
    TokenAuth,
    UserpassAuth,
    VaultConfig,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    Tree = Mapping[str, Any]


def parse_vault(tree: "Tree") -> VaultConfig:
    """Return the settings that a ``vault:`` block holds; the tree must have passed the schema."""
    tls = tree.get("tls") or {}
    methods = tree.get("auth") or ()
    return VaultConfig(
        address=tree.get("address") or "",
        namespace=(tree.get("namespace") or "").strip("/"),
        tls=Tls(
            tls.get("caFile") or "",
            tls.get("serverName") or "",
            tls.get("clientCertFile") or "",
            tls.get("clientKeyFile") or "",
        ),
        auth=tuple(_auth(method) for method in (methods if isinstance(methods, list) else [methods]) if method),
    )


def _auth(tree: "Tree") -> Auth:
    ((method, settings),) = tree.items()
    return _METHODS[method](settings or {})


def _kubernetes(tree: "Tree") -> KubernetesAuth:
    account = tree.get("serviceAccountRef")
    return KubernetesAuth(
        role=tree["role"],
        mount=_mount(tree, "kubernetes"),
        token_file=tree.get("tokenFile") or "",
        service_account_ref=ServiceAccountRef(account["namespace"], account["name"]) if account else None,
        audience=tree.get("audience") or "",
    )


def _jwt(tree: "Tree") -> JwtAuth:
    return JwtAuth(_credential(tree["token"]), tree.get("role") or "", _mount(tree, "jwt"))


def _app_role(tree: "Tree") -> AppRoleAuth:
    secret_id = tree.get("secretId")
    return AppRoleAuth(
        _credential(tree["roleId"]), _credential(secret_id) if secret_id else None, _mount(tree, "approle")
    )


def _cert(tree: "Tree") -> CertAuth:
    return CertAuth(tree.get("name") or "", _mount(tree, "cert"))


def _userpass(tree: "Tree") -> UserpassAuth:
    return UserpassAuth(tree["username"], _credential(tree["password"]), _mount(tree, "userpass"))


def _token(tree: "Tree") -> TokenAuth:
    return TokenAuth(_credential(tree))


def _login(tree: "Tree") -> LoginAuth:
    parameters = {name: _credential(value) for name, value in (tree.get("parameters") or {}).items()}
    return LoginAuth(tree["method"], _mount(tree, tree["method"]), parameters)


_METHODS: "dict[str, Callable[[Tree], Auth]]" = {
    "kubernetes": _kubernetes,
    "jwt": _jwt,
    "appRole": _app_role,
    "cert": _cert,
    "userpass": _userpass,
    "token": _token,
    "login": _login,
}


def _mount(tree: "Tree", default: str) -> str:
    return (tree.get("mount") or default).strip("/")


def _credential(tree: "Tree | str") -> CredentialSource:
    if isinstance(tree, str):
        return CredentialSource(text=tree)
    secret = tree.get("secretRef")
    return CredentialSource(
        env=tree.get("env") or "",
        file=tree.get("file") or "",
        secret_ref=SecretRef(secret["namespace"], secret["name"], secret.get("key") or "token") if secret else None,
        wrapped=bool(tree.get("wrapped")),
    )
