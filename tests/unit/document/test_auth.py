"""The vault block."""

from typing import Any

import pytest

from vaultgen.document.auth import parse_vault
from vaultgen.document.model import (
    AppRoleAuth,
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


def test_nothing_is_the_default() -> None:
    assert parse_vault({}) == VaultConfig()
    assert parse_vault({"namespace": None, "tls": None, "auth": None}) == VaultConfig()


def test_address_namespace_and_tls() -> None:
    tls = {"caFile": "ca.pem", "serverName": "vault", "clientCertFile": "c.pem", "clientKeyFile": "k.pem"}
    parsed = parse_vault({"address": "https://a", "namespace": "/team-a/app/", "tls": tls})
    assert parsed == VaultConfig("https://a", "team-a/app", Tls("ca.pem", "vault", "c.pem", "k.pem"))


@pytest.mark.parametrize(
    ("method", "parsed"),
    [
        ({"kubernetes": {"role": "r"}}, KubernetesAuth("r")),
        (
            {"kubernetes": {"role": "r", "mount": "/k8s/", "tokenFile": "/t"}},
            KubernetesAuth("r", "k8s", "/t"),
        ),
        (
            {"kubernetes": {"role": "r", "serviceAccountRef": {"name": "n", "namespace": "s"}, "audience": "a"}},
            KubernetesAuth("r", service_account_ref=ServiceAccountRef("s", "n"), audience="a"),
        ),
        ({"jwt": {"token": {"env": "E"}}}, JwtAuth(CredentialSource(env="E"))),
        (
            {"jwt": {"token": {"file": "f"}, "role": "r", "mount": "m"}},
            JwtAuth(CredentialSource(file="f"), "r", "m"),
        ),
        ({"appRole": {"roleId": "i"}}, AppRoleAuth(CredentialSource(text="i"))),
        (
            {"appRole": {"roleId": {"env": "R"}, "secretId": {"env": "S", "wrapped": True}, "mount": "m"}},
            AppRoleAuth(CredentialSource(env="R"), CredentialSource(env="S", wrapped=True), "m"),
        ),
        (
            {"token": {"secretRef": {"name": "vault-auth", "namespace": "flux-system"}}},
            TokenAuth(CredentialSource(secret_ref=SecretRef("flux-system", "vault-auth", "token"))),
        ),
        (
            {"token": {"secretRef": {"name": "n", "namespace": "s", "key": "k"}}},
            TokenAuth(CredentialSource(secret_ref=SecretRef("s", "n", "k"))),
        ),
        ({"cert": None}, CertAuth()),
        ({"cert": {}}, CertAuth()),
        ({"cert": {"name": "web", "mount": "m"}}, CertAuth("web", "m")),
        (
            {"userpass": {"username": "u", "password": {"env": "P"}}},
            UserpassAuth("u", CredentialSource(env="P")),
        ),
        ({"login": {"method": "ldap"}}, LoginAuth("ldap", "ldap", {})),
        (
            {"login": {"method": "ldap", "mount": "m", "parameters": {"username": "u", "password": {"env": "P"}}}},
            LoginAuth("ldap", "m", {"username": CredentialSource(text="u"), "password": CredentialSource(env="P")}),
        ),
    ],
)
def test_a_method(method: dict[str, Any], parsed: object) -> None:
    assert parse_vault({"auth": method}).auth == (parsed,)
    assert type(parse_vault({"auth": method}).auth[0]) is type(parsed)


def test_methods_stay_in_order() -> None:
    methods = [{"cert": {}}, {"kubernetes": {"role": "r"}}]
    assert parse_vault({"auth": methods}).auth == (CertAuth(), KubernetesAuth("r"))
