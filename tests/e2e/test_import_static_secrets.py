"""``vaultgen import``: what Vault Secrets Operator is documented to make, the real kustomize and vaultgen make."""

import json
from pathlib import Path

import pytest

from support.api_server import running_api_server
from support.imports import run_import
from support.jwt_issuer import JwtIssuer
from support.kustomize import Built, kustomize_build
from support.openbao import OpenBao
from support.token_reviewer import running_token_reviewer
from support.vault_namespace import VaultNamespace

SECRET = """\
apiVersion: secrets.hashicorp.com/v1beta1
kind: VaultStaticSecret
metadata: {name: web, namespace: apps}
spec:
  vaultAuthRef: login
  mount: MOUNT
  path: web/config
  type: TYPE
  refreshAfter: 30s
  destination:
    name: web
    create: true
    type: example.com/web
    labels: {app: web}
    annotations: {note: kept}
    transformation:
"""
LOGIN = """\
apiVersion: secrets.hashicorp.com/v1beta1
kind: VaultAuth
metadata: {name: login, namespace: apps}
spec:
  vaultConnectionRef: there
  namespace: NAMESPACE
  method: kubernetes
  mount: cluster
  kubernetes: {role: web, serviceAccount: my-app, audiences: [vault]}
---
apiVersion: secrets.hashicorp.com/v1beta1
kind: VaultConnection
metadata: {name: there, namespace: apps}
spec: {address: ADDRESS}
"""
FIELDS = {"user": "web", "pass-word": "pa$$}", "limits": {"b": 1, "a": [2]}}


@pytest.fixture
def web(vault_namespace: VaultNamespace) -> VaultNamespace:
    """A Vault that holds what the tests ask for, in either version of KV."""
    vault_namespace.root.write("web/config", FIELDS)
    vault_namespace.mount_v1()
    vault_namespace.root.write_v1("web/config", {"user": "of-v1"})
    return vault_namespace


def write(
    directory: Path, where: VaultNamespace, transformation: str, mount: str = "secret", kind: str = "kv-v2"
) -> None:
    """Write the resources, import them, and list what comes out in a kustomization."""
    lines = "".join(f"      {line}\n" for line in transformation.splitlines())
    (directory / "secret.yaml").write_text(SECRET.replace("MOUNT", mount).replace("TYPE", kind) + lines)
    (directory / "login.yaml").write_text(LOGIN.replace("ADDRESS", where.address).replace("NAMESPACE", where.name))
    done = run_import(directory, "secret.yaml", "login.yaml", "-o", "vaultgen.yaml")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    (directory / "kustomization.yaml").write_text("generators: [vaultgen.yaml]\n")


def build(directory: Path, where: VaultNamespace) -> Built:
    """Build with a token in place of the login; the resources alone say where Vault is."""
    home = {"VAULT_TOKEN": where.token, "VAULTGEN_ALLOWED_ADDRESSES": where.address}
    built = kustomize_build(directory, home)
    assert built.status == 0, built.stderr
    return built


def test_every_field_becomes_a_key(tmp_path: Path, web: VaultNamespace) -> None:
    write(tmp_path, web, "excludeRaw: true")
    built = build(tmp_path, web)
    data = built.secrets()["web"]
    assert (data["user"], data["pass-word"], set(data)) == (b"web", b"pa$$}", set(FIELDS))
    assert json.loads(data["limits"]) == FIELDS["limits"]
    (secret,) = built.resources()
    assert (secret["type"], secret["metadata"]["namespace"]) == ("example.com/web", "apps")
    assert secret["metadata"]["labels"] == {"app": "web"}
    assert secret["metadata"]["annotations"] == {"note": "kept"}


def test_of_kv_v1_the_raw_answer_comes_along(tmp_path: Path, web: VaultNamespace) -> None:
    write(tmp_path, web, "excludeRaw: false", "kv1", "kv-v1")
    data = build(tmp_path, web).secrets()["web"]
    assert (data["user"], json.loads(data["_raw"])) == (b"of-v1", {"user": "of-v1"})


TEMPLATES = """\
excludeRaw: true
excludes: ['.*']
templates:
  dsn: {text: 'postgres://{{ .Secrets.user }}:{{ get .Secrets "pass-word" }}@db'}
  user: {text: '{{- .Secrets.user -}}'}
"""
NAMED = r"""
excludeRaw: true
includes: ['^user$', '^pass-word$', '^absent$', '^limits$']
excludes: ['^limits$']
"""


def test_templates(tmp_path: Path, web: VaultNamespace) -> None:
    write(tmp_path, web, TEMPLATES)
    assert build(tmp_path, web).secrets()["web"] == {"dsn": b"postgres://web:pa$$}@db", "user": b"web"}


def test_fields_that_are_named(tmp_path: Path, web: VaultNamespace) -> None:
    """One that Vault does not have makes no key."""
    write(tmp_path, web, NAMED.strip())
    assert build(tmp_path, web).secrets()["web"] == {"user": b"web", "pass-word": b"pa$$}"}


def test_the_login_of_the_vault_auth(tmp_path: Path, web: VaultNamespace, openbao: OpenBao) -> None:
    """The real method, with a ServiceAccount's token from a stand-in of the API server."""
    cluster = JwtIssuer()
    write(tmp_path, web, "excludeRaw: true")
    assert openbao.certificates
    with running_token_reviewer(cluster) as reviewer, running_api_server(openbao.certificates) as api:
        web.root.enable_auth("kubernetes", "cluster")
        config = {
            "kubernetes_host": reviewer.address,
            "disable_local_ca_jwt": True,
            "kubernetes_ca_cert": cluster.public_key,
            "token_reviewer_jwt": cluster.service_account("vault", "reviewer"),
        }
        web.root.request("POST", "auth/cluster/config", config)
        bound = {"bound_service_account_names": ["my-app"], "bound_service_account_namespaces": ["apps"]}
        role = {**bound, "audience": "vault", "token_policies": ["read-all"]}
        web.root.request("POST", "auth/cluster/role/web", role)
        api.serve_token("apps", "my-app", cluster.service_account("apps", "my-app", "vault"))
        kubeconfig = api.kubeconfig(tmp_path, {"token": "of-the-kubeconfig"})
        home = {"VAULTGEN_ALLOWED_ADDRESSES": web.address, "KUBECONFIG": str(kubeconfig), "HOME": str(tmp_path)}
        built = kustomize_build(tmp_path, home)
    assert built.status == 0, built.stderr
    assert built.secrets()["web"]["user"] == b"web"
