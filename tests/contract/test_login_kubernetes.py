"""The article's identity, end to end: a ServiceAccount's JWT, TokenReview, role and policy, a read."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from support.api_server import running_api_server
from support.jwt_issuer import JwtIssuer
from support.login import refused
from support.openbao import OpenBao
from support.real_login import log_in_at, read_with
from support.request_log import RequestLog
from support.token_reviewer import TokenReviewer, running_token_reviewer
from support.vault_namespace import VaultNamespace
from vaultgen.cluster import KubernetesCluster
from vaultgen.document.model import KubernetesAuth, ServiceAccountRef
from vaultgen.errors import Fault

POLICY = 'path "secret/data/my-app/*" { capabilities = ["read"] }'


class Identity(NamedTuple):
    """A Vault namespace whose kubernetes method trusts a cluster's tokens."""

    vault: VaultNamespace
    cluster: JwtIssuer
    reviewer: TokenReviewer


@pytest.fixture(scope="module")
def issuer() -> JwtIssuer:
    return JwtIssuer()


@pytest.fixture(scope="module")
def reviewer(issuer: JwtIssuer) -> Iterator[TokenReviewer]:
    with running_token_reviewer(issuer) as server:
        yield server


@pytest.fixture
def identity(vault_namespace: VaultNamespace, issuer: JwtIssuer, reviewer: TokenReviewer) -> Identity:
    root = vault_namespace.root
    root.write("my-app/database", {"password": "canary-value"})
    root.write("other/database", {"password": "canary-other"})
    root.policy("my-app", POLICY)
    root.enable_auth("kubernetes")
    config = {"kubernetes_host": reviewer.address, "disable_local_ca_jwt": True}
    root.request("POST", "auth/kubernetes/config", {**config, "kubernetes_ca_cert": issuer.public_key})
    bound = {"bound_service_account_names": ["my-app"], "bound_service_account_namespaces": ["apps"]}
    role = {**bound, "audience": "vault", "token_policies": ["my-app"], "token_ttl": "10m"}
    root.request("POST", "auth/kubernetes/role/my-app", role)
    reviewer.reviewed.clear()
    return Identity(vault_namespace, issuer, reviewer)


def auth_with(directory: Path, token: str, role: str = "my-app", mount: str = "kubernetes") -> KubernetesAuth:
    (directory / "token").write_text(token)
    return KubernetesAuth(role, mount, str(directory / "token"))


def refusal(identity: Identity, auth: KubernetesAuth, environ: dict[str, str] | None = None) -> Fault:
    return refused(lambda: log_in_at(identity.vault, auth, environ))


def test_the_bound_service_account_reads_what_its_policy_allows(
    identity: Identity, tmp_path: Path, request_log: RequestLog
) -> None:
    request_log.mark()
    session = log_in_at(identity.vault, auth_with(tmp_path, identity.cluster.service_account("apps", "my-app")))
    assert identity.reviewer.reviewed == ["system:serviceaccount:apps:my-app"]
    assert request_log.paths(namespace=identity.vault.name) == ["auth/kubernetes/login"], "one request"
    status, body = read_with(identity.vault, session, "secret/data/my-app/database")
    assert status == 200
    assert isinstance(body, dict)
    assert body["data"]["data"] == {"password": "canary-value"}
    assert read_with(identity.vault, session, "secret/data/other/database")[0] == 403


@pytest.mark.parametrize(
    ("namespace", "name", "audience"),
    [("apps", "other", "vault"), ("other", "my-app", "vault"), ("apps", "my-app", "another")],
)
def test_another_identity_is_refused_with_the_role(
    identity: Identity, tmp_path: Path, namespace: str, name: str, audience: str
) -> None:
    fault = refusal(identity, auth_with(tmp_path, identity.cluster.service_account(namespace, name, audience)))
    whose = f"of the ServiceAccount {namespace}/{name} and for the audience {audience}"
    remark = f"its token is {whose}, and the role may want another; also"
    facts = {"method": "kubernetes", "mount": "kubernetes", "role": "my-app", "remark": remark}
    assert (fault.code, fault.facts) == ("login-role", facts)


def test_a_token_that_the_cluster_does_not_know_is_refused_with_the_role(identity: Identity, tmp_path: Path) -> None:
    """Vault says `permission denied`, in the words that it has for a missing auth method."""
    fault = refusal(identity, auth_with(tmp_path, JwtIssuer().service_account("apps", "my-app")))
    assert fault.code == "login-role"
    assert identity.reviewer.reviewed == [""]


def test_an_expired_token_is_refused_with_the_role(identity: Identity, tmp_path: Path) -> None:
    token = identity.cluster.service_account("apps", "my-app", seconds=-3600)
    assert refusal(identity, auth_with(tmp_path, token)).code == "login-role"


def test_what_is_no_jwt_is_refused_with_the_role(identity: Identity, tmp_path: Path) -> None:
    assert refusal(identity, auth_with(tmp_path, "canary-no-jwt")).code == "login-role"


def test_an_unknown_role_is_refused_with_the_role(identity: Identity, tmp_path: Path) -> None:
    token = identity.cluster.service_account("apps", "my-app")
    fault = refusal(identity, auth_with(tmp_path, token, role="no-such"))
    assert (fault.code, fault.facts["role"]) == ("login-role", "no-such")


def test_a_missing_auth_method_is_told(identity: Identity, tmp_path: Path) -> None:
    token = identity.cluster.service_account("apps", "my-app")
    fault = refusal(identity, auth_with(tmp_path, token, mount="k8s"))
    assert (fault.code, fault.facts) == ("login-mount", {"method": "kubernetes", "mount": "k8s"})


def test_another_kind_of_auth_method_is_told_as_missing(identity: Identity, tmp_path: Path) -> None:
    token = identity.cluster.service_account("apps", "my-app")
    identity.vault.root.enable_auth("userpass")
    assert refusal(identity, auth_with(tmp_path, token, mount="userpass")).code == "login-mount"


@pytest.mark.usefixtures("has_namespaces")
def test_an_unknown_vault_namespace_is_told(identity: Identity, tmp_path: Path) -> None:
    auth = auth_with(tmp_path, identity.cluster.service_account("apps", "my-app"))
    fault = refusal(identity, auth, {"VAULT_NAMESPACE": "no-such"})
    assert (fault.code, fault.facts) == ("namespace-unknown", {"namespace": "no-such"})


def test_a_token_from_token_request_logs_in(identity: Identity, openbao: OpenBao, tmp_path: Path) -> None:
    assert openbao.certificates
    with running_api_server(openbao.certificates) as api:
        api.serve_token("apps", "my-app", identity.cluster.service_account("apps", "my-app"))
        kubeconfig = str(api.kubeconfig(tmp_path, {"token": "of-the-kubeconfig"}))
        auth = KubernetesAuth("my-app", service_account_ref=ServiceAccountRef("apps", "my-app"), audience="vault")
        session = log_in_at(identity.vault, auth, cluster=lambda: KubernetesCluster({"KUBECONFIG": kubeconfig}))
    assert read_with(identity.vault, session, "secret/data/my-app/database")[0] == 200
    assert api.asked[0].body["spec"] == {"audiences": ["vault"], "expirationSeconds": 600}
