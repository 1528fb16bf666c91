"""docs/auth.md, done as it says: its commands against a real OpenBao, its blocks in a document, a build."""

import base64
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.api_server import running_api_server
from support.certificates import Certificates
from support.jwt_issuer import JwtIssuer
from support.kustomize import CHECKOUT, Built
from support.markdown import block, commands
from support.newcomer import Newcomer
from support.oidc_issuer import OidcIssuer, running_oidc_issuer
from support.openbao import OpenBao
from support.process import start_bound, stop
from support.token_reviewer import running_token_reviewer
from support.vault_namespace import VaultNamespace
from support.yaml_blocks import yaml_blocks

PAGE = CHECKOUT / "docs/auth.md"
SOURCE = "PASSWORD=vault:secret/data/my-app/database?key=password"
VALUE = "value-of-the-page"


@pytest.fixture
def newcomer(tmp_path: Path, vault_namespace: VaultNamespace) -> Newcomer:
    """Somebody whose Vault holds the value, and the policy that the page gives."""
    newcomer = Newcomer(tmp_path, vault_namespace)
    vault_namespace.root.write("my-app/database", {"password": VALUE})
    policy = block("docs/auth.md#what-it-should-be-allowed", "hcl").text
    (newcomer.directory / "policy.hcl").write_text(policy)
    newcomer.follows("docs/auth.md#what-it-should-be-allowed")
    return newcomer


@pytest.fixture
def certificates(openbao: OpenBao) -> Certificates:
    """Those of the server, which also asks for one."""
    assert openbao.certificates
    return openbao.certificates


@pytest.fixture
def issuer() -> Iterator[OidcIssuer]:
    """The CI system."""
    with running_oidc_issuer() as running:
        yield running


def vault_of(key: str) -> Any:
    """Return the ``vault`` block of a document with the page's block in its place."""
    (found,) = [found for found in yaml_blocks(PAGE) if found.key == key]
    (tree,) = found.trees()
    return tree["vault"]


def has_read(built: Built) -> bool:
    """Whether a build brought the value; fails with what was said otherwise."""
    assert (built.status, built.stderr.decode()) == (0, "")
    return built.secrets() == {"my-app": {"PASSWORD": VALUE.encode()}}


def file_of(name: str) -> Any:
    """Return the YAML of a file that the page shows."""
    (found,) = [found for found in yaml_blocks(PAGE) if found.file == name]
    return yaml.safe_load(found.text)


# --- which, and what it may ---


def test_what_a_login_in_the_shell_left_is_used(newcomer: Newcomer) -> None:
    """A token on standard input, where the page's login would open a browser."""
    newcomer.writes_generator({}, [SOURCE])
    instead = {"https://vault.example.com:8200": newcomer.vault.address, "-method=oidc": f"- <<<{newcomer.vault.token}"}
    assert "PASSWORD: " in newcomer.follows("docs/auth.md#logging-in", instead, VAULT_TOKEN="")
    assert (newcomer.home / ".vault-token").exists()


def test_one_document_serves_a_job_and_a_laptop(newcomer: Newcomer, issuer: OidcIssuer) -> None:
    vault = vault_of("docs/auth.md#which-credential-is-used")
    newcomer.writes_generator(vault, [SOURCE])
    (newcomer.home / ".vault-token").write_text(newcomer.vault.token)
    assert has_read(newcomer.builds())
    (newcomer.home / ".vault-token").unlink()
    set_up_gitlab(newcomer, issuer, mount="jwt")
    assert has_read(newcomer.builds(VAULT_ID_TOKEN=gitlab_token(issuer)))


@pytest.mark.parametrize("options", ["", "-no-default-policy"])
def test_the_policy_is_enough_for_each_kind_of_path(newcomer: Newcomer, options: str) -> None:
    token = newcomer.types(f"bao token create -policy=my-app {options} -field=token").strip()
    versioned, logical = SOURCE + "&version=1", SOURCE.replace("/data/", "/")
    for source in (SOURCE, versioned, logical):
        newcomer.writes_generator({}, [source])
        assert has_read(newcomer.builds(VAULT_TOKEN=token))


# --- methods ---


def test_token_from_the_secret_of_the_article(newcomer: Newcomer, certificates: Certificates) -> None:
    secret = yaml.safe_load(newcomer.follows("docs/auth.md#token"))
    newcomer.writes_generator(vault_of("docs/auth.md#token"), [SOURCE])
    data = {key: base64.b64decode(value) for key, value in secret["data"].items()}
    with running_api_server(certificates) as api:
        api.serve_secret(secret["metadata"]["namespace"], secret["metadata"]["name"], data)
        kubeconfig = api.kubeconfig(newcomer.home, {"token": "of-the-kubeconfig"})
        assert has_read(newcomer.builds(KUBECONFIG=str(kubeconfig)))


def test_kubernetes_in_a_pod_and_by_token_request(newcomer: Newcomer, certificates: Certificates) -> None:
    """The role binds what the blocks name, and the RBAC Role allows just what was asked of the cluster."""
    cluster = JwtIssuer()
    (newcomer.directory / "cluster.pem").write_text(cluster.public_key)
    token = cluster.service_account("apps", "my-app", "vault")
    (newcomer.home / "token").write_text(token)
    in_a_pod = vault_of("docs/auth.md#kubernetes")
    in_a_pod["auth"]["kubernetes"]["tokenFile"] = str(newcomer.home / "token")
    with running_token_reviewer(cluster) as reviewer, running_api_server(certificates) as api:
        # What Vault itself finds in a Pod.
        config = f"{reviewer.address} disable_local_ca_jwt=true kubernetes_ca_cert=@cluster.pem"
        newcomer.follows("docs/auth.md#kubernetes", {"https://kubernetes.default.svc": config})
        newcomer.writes_generator(in_a_pod, [SOURCE])
        assert has_read(newcomer.builds())

        api.serve_token("apps", "my-app", token)
        newcomer.writes_generator(vault_of("docs/auth.md#kubernetes/2"), [SOURCE])
        kubeconfig = api.kubeconfig(newcomer.home, {"token": "of-the-kubeconfig"})
        assert has_read(newcomer.builds(KUBECONFIG=str(kubeconfig)))
    (asked,) = api.asked
    role, _ = [
        tree for found in yaml_blocks(PAGE) if found.key.endswith("#rights-in-the-cluster") for tree in found.trees()
    ]
    (rule,) = role["rules"]
    resource, _, subresource = rule["resources"][0].partition("/")
    allowed = f"/namespaces/{role['metadata']['namespace']}/{resource}/{rule['resourceNames'][0]}/{subresource}"
    assert (asked.method, asked.path) == ("POST", f"/api/v1{allowed}")
    assert rule["verbs"] == ["create"]


def set_up_gitlab(newcomer: Newcomer, issuer: OidcIssuer, mount: str = "gitlab") -> None:
    """Follow the page's commands for GitLab."""
    instead = {"https://gitlab.example.com": issuer.address, "-path=gitlab": f"-path={mount}"}
    newcomer.follows("docs/auth.md#jwt", {**instead, "auth/gitlab/": f"auth/{mount}/"})


def gitlab_token(issuer: OidcIssuer, **other: str) -> str:
    """Return the token that GitLab would give the job of the page."""
    audience = file_of(".gitlab-ci.yml")["deploy"]["id_tokens"]["VAULT_ID_TOKEN"]["aud"]
    claims = {"sub": "project_path:my-group/my-app:ref_type:branch:ref:main", "aud": audience}
    project = {"project_path": "my-group/my-app", "ref": "main", "ref_protected": "true"}
    return issuer.sign({**claims, **project, **other})


def test_jwt_in_a_job_of_gitlab(newcomer: Newcomer, issuer: OidcIssuer) -> None:
    set_up_gitlab(newcomer, issuer)
    newcomer.writes_generator(vault_of("docs/auth.md#jwt"), [SOURCE])
    script = "\n".join(file_of(".gitlab-ci.yml")["deploy"]["script"])
    newcomer.types(script, VAULT_TOKEN="", VAULT_ID_TOKEN=gitlab_token(issuer))
    (applied,) = newcomer.applied
    assert base64.b64decode(applied["data"]["PASSWORD"]).decode() == VALUE


@pytest.mark.parametrize("other", [{"ref": "feature"}, {"ref_protected": "false"}, {"project_path": "my-group/fork"}])
def test_jwt_of_another_job_of_gitlab_is_refused(newcomer: Newcomer, issuer: OidcIssuer, other: dict[str, str]) -> None:
    set_up_gitlab(newcomer, issuer)
    newcomer.writes_generator(vault_of("docs/auth.md#jwt"), [SOURCE])
    built = newcomer.builds(VAULT_ID_TOKEN=gitlab_token(issuer, **other))
    assert (built.stdout, built.stderr[:17]) == (b"", b"error[login-role]")


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="the job uses curl and jq")
def test_jwt_in_a_job_of_github(newcomer: Newcomer, issuer: OidcIssuer) -> None:
    instead = {"https://token.actions.githubusercontent.com": issuer.address}
    newcomer.follows("docs/auth.md#jwt/2", {**instead, "https://vault.example.com:8200": newcomer.vault.address})
    vault = vault_of("docs/auth.md#jwt")
    vault["auth"]["jwt"]["mount"] = "github"
    newcomer.writes_generator(vault, [SOURCE])
    workflow = file_of(".github/workflows/deploy.yaml")
    assert workflow["permissions"]["id-token"] == "write"
    (script,) = [step["run"] for step in workflow["jobs"]["deploy"]["steps"] if "run" in step]
    issuer.claims = {"sub": "repo:my-org/my-app:ref:refs/heads/main"}
    issuer.claims |= {"repository": "my-org/my-app", "ref": "refs/heads/main"}
    request = {"ACTIONS_ID_TOKEN_REQUEST_URL": issuer.token_url, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": issuer.bearer}
    newcomer.types(script, None, VAULT_TOKEN="", **request)
    (applied,) = newcomer.applied
    assert base64.b64decode(applied["data"]["PASSWORD"]).decode() == VALUE


def test_app_role_plain_and_wrapped(newcomer: Newcomer) -> None:
    *_, ids = newcomer.follows("docs/auth.md#approle").splitlines()
    role_id, secret_id = ids[:36], ids[36:]
    plain = vault_of("docs/auth.md#approle")
    plain["auth"]["appRole"]["roleId"] = role_id
    newcomer.writes_generator(plain, [SOURCE])
    assert has_read(newcomer.builds(VAULT_SECRET_ID=secret_id))

    wrapped = vault_of("docs/auth.md#approle/2")
    path = newcomer.home / "wrapped-secret-id"
    path.write_text(newcomer.follows("docs/auth.md#approle/2"))
    wrapped["auth"]["appRole"]["roleId"] = role_id
    wrapped["auth"]["appRole"]["secretId"]["file"] = str(path)
    newcomer.writes_generator(wrapped, [SOURCE])
    assert has_read(newcomer.builds())
    assert b"error[unwrap-failed]" in newcomer.builds().stderr, "once only"


def test_cert_with_certificates_of_the_environment_and_of_the_document(
    newcomer: Newcomer, openbao: OpenBao, certificates: Certificates
) -> None:
    shutil.copy(certificates.ca, newcomer.directory / "ca.pem")
    newcomer.follows("docs/auth.md#cert")
    environment = {"VAULT_ADDR": openbao.https_address}
    variables = {
        "VAULT_CACERT": str(certificates.ca),
        "VAULT_CLIENT_CERT": str(certificates.client_cert),
        "VAULT_CLIENT_KEY": str(certificates.client_key),
    }
    newcomer.writes_generator(vault_of("docs/auth.md#cert"), [SOURCE])
    assert has_read(newcomer.builds(**environment, **variables))

    shutil.copy(certificates.client_cert, newcomer.directory / "client.pem")
    shutil.copy(certificates.client_key, newcomer.directory / "client-key.pem")
    vault = vault_of("docs/auth.md#cert") | vault_of("docs/auth.md#tls")
    vault["tls"]["serverName"] = "vault.test"
    newcomer.writes_generator(vault, [SOURCE])
    assert has_read(newcomer.builds(**environment))


def test_userpass(newcomer: Newcomer) -> None:
    newcomer.follows("docs/auth.md#userpass", VAULT_PASSWORD="of-ci")
    newcomer.writes_generator(vault_of("docs/auth.md#userpass"), [SOURCE])
    assert has_read(newcomer.builds(VAULT_PASSWORD="of-ci"))


# --- where credentials may go, and the way there ---


def test_an_address_of_the_document_gets_a_credential_once_it_is_listed(newcomer: Newcomer) -> None:
    newcomer.writes_generator({"address": newcomer.vault.address}, [SOURCE])
    credentials = {"VAULT_ADDR": "", "VAULT_TOKEN": newcomer.vault.token}
    assert newcomer.builds(**credentials).stderr.startswith(b"error[credential-leaves-home]")
    exported = re.search(r"^export (\w+)=(.*)$", commands("docs/auth.md#credentials-stay-home"), re.MULTILINE)
    assert exported
    listed = exported[2].replace("https://vault-b.example.com:8200", newcomer.vault.address)
    assert has_read(newcomer.builds(**credentials, **{exported[1]: listed}))


def test_a_proxy_with_a_token_of_its_own_needs_none(
    newcomer: Newcomer, openbao: OpenBao, socket_directory: Path
) -> None:
    """The real `bao proxy`, at the socket that the page names but for its directory."""
    socket = socket_directory / "agent.sock"
    (newcomer.home / "token").write_text(newcomer.vault.token)
    configuration = newcomer.home / "proxy.hcl"
    configuration.write_text(f"""
        vault {{ address = "{openbao.address}" }}
        api_proxy {{ use_auto_auth_token = true }}
        listener "unix" {{ address = "{socket}", tls_disable = true }}
        auto_auth {{
          method "token_file" {{
            namespace = "{newcomer.vault.name}"
            config = {{ token_file_path = "{newcomer.home / "token"}" }}
          }}
        }}
    """)
    newcomer.writes_generator({}, [SOURCE])
    command = [openbao.binary, "proxy", f"-config={configuration}"]
    proxy = start_bound(command, {"HOME": str(newcomer.home)}, newcomer.home / "log")
    try:
        address = commands("docs/auth.md#agents-and-unix-sockets").partition("=")[2].strip()
        assert address == "unix:///run/vault/agent.sock"
        # It listens before it has its token.
        environment = {"VAULT_ADDR": f"unix://{socket}", "VAULT_MAX_RETRIES": "9"}
        assert has_read(newcomer.builds(**environment))
    finally:
        stop(proxy)
