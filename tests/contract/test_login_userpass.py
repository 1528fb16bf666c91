"""Login by user name and password against a real server, with and without a second factor."""

import pytest

from support.login import refused
from support.real_login import log_in_at, read_with
from support.vault_client import VaultClient
from support.vault_namespace import VaultNamespace
from vaultgen.document.model import CredentialSource, LoginAuth, UserpassAuth
from vaultgen.errors import Fault

PASSWORD = CredentialSource(env="VAULT_PASSWORD")


@pytest.fixture(autouse=True)
def _users(vault: VaultClient) -> None:
    vault.enable_auth("userpass")
    for name in ("ci", "c.i"):
        vault.request("POST", f"auth/userpass/users/{name}", {"password": "pass word", "token_policies": ["read-all"]})
    vault.write("x", {"a": "canary"})


def refusal(where: VaultNamespace, name: str = "ci", password: str = "canary", mount: str = "userpass") -> Fault:
    return refused(lambda: log_in_at(where, UserpassAuth(name, PASSWORD, mount), {"VAULT_PASSWORD": password}))


@pytest.mark.parametrize("name", ["ci", "c.i"])
def test_a_user_logs_in(vault_namespace: VaultNamespace, name: str) -> None:
    session = log_in_at(vault_namespace, UserpassAuth(name, PASSWORD), {"VAULT_PASSWORD": "pass word\n"})
    assert read_with(vault_namespace, session, "secret/data/x")[0] == 200


@pytest.mark.parametrize("name", ["ci", "nobody", "ci@corp.example", "a b", "a%2fb", "müller", "canary?x=1"])
def test_a_wrong_name_or_password_is_refused(vault_namespace: VaultNamespace, name: str) -> None:
    """There are no users with most of these characters: OpenBao answers 404 to them, Vault 500."""
    fault = refusal(vault_namespace, name)
    assert (fault.code, fault.facts) == ("login-denied", {"method": "userpass", "mount": "userpass"})


@pytest.mark.parametrize("name", ["..", "../../sys/seal", "ci/../../token/lookup-self"])
def test_a_name_that_leads_elsewhere_is_refused(vault_namespace: VaultNamespace, name: str) -> None:
    assert refusal(vault_namespace, name).code == "bad-auth-parameter"


def test_a_missing_auth_method_is_told(vault_namespace: VaultNamespace) -> None:
    assert refusal(vault_namespace, mount="people").code == "login-mount"


def test_another_kind_of_auth_method_is_told_as_missing(vault_namespace: VaultNamespace, vault: VaultClient) -> None:
    vault.enable_auth("approle")
    assert refusal(vault_namespace, mount="approle").code == "login-mount"


def test_a_second_factor_is_told(vault_namespace: VaultNamespace, vault: VaultClient) -> None:
    totp = {"issuer": "test", "period": 30, "algorithm": "SHA1", "digits": 6}
    method = vault.request("POST", "identity/mfa/method/totp", totp)["data"]["method_id"]
    accessor = vault.request("GET", "sys/auth")["data"]["userpass/"]["accessor"]
    enforced = {"mfa_method_ids": [method], "auth_method_accessors": [accessor]}
    vault.request("POST", "identity/mfa/login-enforcement/all", enforced)
    assert refusal(vault_namespace, password="pass word").code == "mfa-required"


def test_a_request_of_hvacs_own_logs_in(vault_namespace: VaultNamespace) -> None:
    """ldap's login has the shape of this one, and the server at hand has no ldap."""
    auth = LoginAuth("ldap", "userpass", {"username": CredentialSource(text="c.i"), "password": PASSWORD})
    assert log_in_at(vault_namespace, auth, {"VAULT_PASSWORD": "pass word"}).source == "the ldap login"
