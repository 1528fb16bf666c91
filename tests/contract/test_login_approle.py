"""AppRole login against a real server, with plain and with wrapped secret ids."""

from typing import Any

import pytest

from support.login import refused
from support.real_login import log_in_at, read_with
from support.request_log import RequestLog
from support.vault_client import VaultClient
from support.vault_namespace import VaultNamespace
from vaultgen.document.model import AppRoleAuth, CredentialSource
from vaultgen.errors import Fault

SECRET_ID = CredentialSource(env="VAULT_SECRET_ID")
WRAPPED = CredentialSource(env="VAULT_SECRET_ID", wrapped=True)


@pytest.fixture
def role_id(vault: VaultClient) -> CredentialSource:
    vault.enable_auth("approle", "team/approle")
    vault.request("POST", "auth/team/approle/role/my-app", {"token_policies": ["read-all"]})
    vault.write("x", {"a": "canary"})
    return CredentialSource(text=vault.request("GET", "auth/team/approle/role/my-app/role-id")["data"]["role_id"])


def new_secret_id(vault: VaultClient) -> str:
    return str(vault.request("POST", "auth/team/approle/role/my-app/secret-id")["data"]["secret_id"])


def wrapped(vault: VaultClient, method: str, path: str, body: object = None) -> str:
    answer: Any = vault.request(method, path, body, {"X-Vault-Wrap-TTL": "60s"})
    return str(answer["wrap_info"]["token"])


def refusal(where: VaultNamespace, auth: AppRoleAuth, secret_id: str) -> Fault:
    return refused(lambda: log_in_at(where, auth, {"VAULT_SECRET_ID": secret_id}))


def test_role_id_and_secret_id_log_in(
    vault_namespace: VaultNamespace, vault: VaultClient, role_id: CredentialSource
) -> None:
    auth = AppRoleAuth(role_id, SECRET_ID, "team/approle")
    session = log_in_at(vault_namespace, auth, {"VAULT_SECRET_ID": new_secret_id(vault)})
    assert read_with(vault_namespace, session, "secret/data/x")[0] == 200


def test_a_role_that_binds_no_secret_id_needs_none(
    vault_namespace: VaultNamespace, vault: VaultClient, role_id: CredentialSource
) -> None:
    open_role = {"bind_secret_id": False, "token_bound_cidrs": ["127.0.0.0/8"], "token_policies": ["read-all"]}
    vault.request("POST", "auth/team/approle/role/my-app", open_role)
    assert log_in_at(vault_namespace, AppRoleAuth(role_id, mount="team/approle")).acquired


def test_a_wrapped_secret_id_logs_in_once(
    vault_namespace: VaultNamespace, vault: VaultClient, role_id: CredentialSource, request_log: RequestLog
) -> None:
    auth = AppRoleAuth(role_id, WRAPPED, "team/approle")
    token = wrapped(vault, "POST", "auth/team/approle/role/my-app/secret-id")
    request_log.mark()
    session = log_in_at(vault_namespace, auth, {"VAULT_SECRET_ID": token})
    paths = [seen.path for seen in request_log.requests() if not seen.path.startswith("sys/audit-hash")]
    assert paths == ["sys/wrapping/lookup", "sys/wrapping/unwrap", "auth/team/approle/login"]
    assert read_with(vault_namespace, session, "secret/data/x")[0] == 200
    fault = refusal(vault_namespace, auth, token)
    assert (fault.code, fault.facts["why"]) == (
        "unwrap-failed",
        "it was used already, has expired, or is no wrapping token",
    )


def test_what_was_wrapped_elsewhere_stays_wrapped(
    vault_namespace: VaultNamespace, vault: VaultClient, role_id: CredentialSource
) -> None:
    auth = AppRoleAuth(role_id, WRAPPED, "team/approle")
    token = wrapped(vault, "POST", "sys/wrapping/wrap", {"secret_id": "canary"})
    fault = refusal(vault_namespace, auth, token)
    assert (fault.code, fault.facts["why"]) == ("unwrap-failed", "it does not wrap a secret id of auth/team/approle")
    assert vault.request("POST", "sys/wrapping/lookup", {"token": token})["data"]


def test_a_token_that_wraps_nothing_is_told(vault_namespace: VaultNamespace, role_id: CredentialSource) -> None:
    auth = AppRoleAuth(role_id, WRAPPED, "team/approle")
    assert refusal(vault_namespace, auth, vault_namespace.token).code == "unwrap-failed"
    assert refusal(vault_namespace, auth, "s.canary").code == "unwrap-failed"


def test_wrong_ids_are_refused(vault_namespace: VaultNamespace, vault: VaultClient, role_id: CredentialSource) -> None:
    secret_id = new_secret_id(vault)
    for auth, value in (
        (AppRoleAuth(role_id, SECRET_ID, "team/approle"), "canary"),
        (AppRoleAuth(CredentialSource(text="canary"), SECRET_ID, "team/approle"), secret_id),
        (AppRoleAuth(role_id, mount="team/approle"), ""),
    ):
        fault = refusal(vault_namespace, auth, value)
        assert (fault.code, fault.facts) == ("login-denied", {"method": "approle", "mount": "team/approle"})


def test_a_missing_auth_method_is_told(vault_namespace: VaultNamespace) -> None:
    fault = refusal(vault_namespace, AppRoleAuth(CredentialSource(text="id"), SECRET_ID), "canary")
    assert (fault.code, fault.facts["mount"]) == ("login-mount", "approle")
