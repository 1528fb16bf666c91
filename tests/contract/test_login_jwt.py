"""JWT login against a real server, which answers 400 to every refusal."""

import time

import pytest

from support.jwt_issuer import JwtIssuer
from support.login import refused
from support.real_login import log_in_at, read_with
from support.vault_namespace import VaultNamespace
from vaultgen.document.model import CredentialSource, JwtAuth
from vaultgen.errors import Fault

TOKEN = CredentialSource(env="VAULT_ID_TOKEN")
CLAIMS = {"sub": "ci", "aud": "vault"}


@pytest.fixture
def issuer(vault_namespace: VaultNamespace) -> JwtIssuer:
    issuer, root = JwtIssuer(), vault_namespace.root
    root.enable_auth("jwt", "ci/gitlab")
    config = {"jwt_validation_pubkeys": [issuer.public_key], "default_role": "ci"}
    root.request("POST", "auth/ci/gitlab/config", config)
    bound = {"role_type": "jwt", "user_claim": "sub", "bound_subject": "ci", "bound_audiences": ["vault"]}
    root.request("POST", "auth/ci/gitlab/role/ci", {**bound, "token_policies": ["read-all"]})
    root.write("x", {"a": "canary"})
    return issuer


def refusal(where: VaultNamespace, token: str, role: str = "ci", mount: str = "ci/gitlab") -> Fault:
    return refused(lambda: log_in_at(where, JwtAuth(TOKEN, role, mount), {"VAULT_ID_TOKEN": token}))


@pytest.mark.parametrize("role", ["ci", ""])
def test_a_job_logs_in_with_its_id_token(vault_namespace: VaultNamespace, issuer: JwtIssuer, role: str) -> None:
    """Without a role, the mount's default one is used."""
    environ = {"VAULT_ID_TOKEN": issuer.sign(CLAIMS) + "\n"}
    session = log_in_at(vault_namespace, JwtAuth(TOKEN, role, "ci/gitlab"), environ)
    assert session.acquired
    assert read_with(vault_namespace, session, "secret/data/x")[0] == 200


@pytest.mark.parametrize(
    ("claims", "remark"),
    [
        ({**CLAIMS, "sub": "canary"}, "its token is for the audience vault, and the role may want another"),
        ({**CLAIMS, "aud": "other"}, "its token is for the audience other, and the role may want another"),
        ({**CLAIMS, "exp": time.time() - 3 * 3600 - 5}, "its token expired 3 h ago"),
    ],
)
def test_other_claims_are_refused_with_the_role(
    vault_namespace: VaultNamespace, issuer: JwtIssuer, claims: dict[str, object], remark: str
) -> None:
    fault = refusal(vault_namespace, issuer.sign(claims))
    facts = {"method": "jwt", "mount": "ci/gitlab", "role": "ci", "remark": f"{remark}; also"}
    assert (fault.code, fault.facts) == ("login-role", facts)


@pytest.mark.usefixtures("issuer")
@pytest.mark.parametrize("token", ["canary-no-jwt", JwtIssuer().sign(CLAIMS)])
def test_a_token_of_another_issuer_is_refused_with_the_role(vault_namespace: VaultNamespace, token: str) -> None:
    assert refusal(vault_namespace, token).code == "login-role"


def test_a_refusal_without_a_role_names_none(vault_namespace: VaultNamespace, issuer: JwtIssuer) -> None:
    fault = refusal(vault_namespace, issuer.sign({**CLAIMS, "sub": "canary"}), role="")
    assert (fault.code, fault.facts["mount"], "role" in fault.facts) == ("login-denied", "ci/gitlab", False)


def test_an_unknown_role_is_refused_with_the_role(vault_namespace: VaultNamespace, issuer: JwtIssuer) -> None:
    fault = refusal(vault_namespace, issuer.sign(CLAIMS), role="no-such")
    assert (fault.code, fault.facts["role"]) == ("login-role", "no-such")


def test_a_missing_auth_method_is_told(vault_namespace: VaultNamespace, issuer: JwtIssuer) -> None:
    assert refusal(vault_namespace, issuer.sign(CLAIMS), mount="gitlab").code == "login-mount"
