"""``vaultgen import``: what External Secrets Operator is documented to make, the real kustomize and vaultgen make."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from support.api_server import running_api_server
from support.imports import run_import
from support.jwt_issuer import JwtIssuer
from support.kustomize import Built, kustomize_build
from support.openbao import OpenBao
from support.vault_namespace import VaultNamespace

HEAD = """\
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: db, namespace: apps, labels: {app: shop}, annotations: {note: kept}}
spec:
  secretStoreRef: {name: vault, kind: SecretStore}
  refreshInterval: 1h
"""
STORE = """\
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {name: vault, namespace: apps}
spec:
  provider:
    vault:
      server: ADDRESS
      namespace: NAMESPACE
      path: secret
      version: v2
"""
PASSWORD = 'pa$$ \'"word"}{'
BINARY = b"\x00\xff\xfe"
FIELDS: Mapping[str, object] = {
    "user": "shop",
    "password": PASSWORD,
    "port": 5432,
    "tls": True,
    "tls.crt": "PEM\n",
    "encoded": base64.b64encode(BINARY).decode(),
    "foo": {"nested": {"bar": "mysecret", "list": ["a", {"b": 1.5}]}},
}


@pytest.fixture
def shop(vault_namespace: VaultNamespace) -> VaultNamespace:
    """A Vault that holds what the tests ask for."""
    vault_namespace.root.write("shop/db", {"user": "first"})
    vault_namespace.root.write("shop/db", FIELDS)
    vault_namespace.root.write("shop/mail", {"host": "mail.example.com", "user": "mailer"})
    return vault_namespace


def store(where: VaultNamespace, text: str = STORE) -> str:
    return text.replace("ADDRESS", where.address).replace("NAMESPACE", where.name)


def built(directory: Path, where: VaultNamespace, spec: str, stores: str | None = None, status: int = 0) -> Built:
    """Import an ExternalSecret and its store, and build what comes out; the store alone says where Vault is."""
    (directory / "external-secret.yaml").write_text(HEAD + spec)
    (directory / "store.yaml").write_text(store(where) if stores is None else stores)
    done = run_import(directory, "external-secret.yaml", "store.yaml", "-o", "vaultgen.yaml")
    assert (done.returncode, done.stdout) == (status, ""), done.stderr
    (directory / "kustomization.yaml").write_text("generators: [vaultgen.yaml]\n")
    home = {"VAULT_TOKEN": where.token, "VAULTGEN_ALLOWED_ADDRESSES": where.address}
    result = kustomize_build(directory, home)
    assert result.status == 0, result.stderr
    return result


def data(*args: Any, **more: Any) -> dict[str, bytes]:
    """Return the data of the Secret ``db`` that ``built`` gives."""
    return built(*args, **more).secrets()["db"]


def item(key: str, remote: str) -> str:
    return f"  - secretKey: {key}\n    remoteRef: {{key: shop/db, {remote}}}\n"


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        ("property: password", PASSWORD.encode()),
        ("property: user, version: '1'", b"first"),
        ("property: port", b"5432"),
        ("property: tls", b"true"),
        ("property: tls.crt", b"PEM\n"),
        ("property: encoded, decodingStrategy: Base64", BINARY),
        ("property: foo.nested.bar", b"mysecret"),
        ("property: foo.nested.list.1.b", b"1.5"),
        ("property: foo", b'{"nested":{"bar":"mysecret","list":["a",{"b":1.5}]}}'),
    ],
)
def test_a_property(remote: str, expected: bytes, tmp_path: Path, shop: VaultNamespace) -> None:
    assert data(tmp_path, shop, "  data:\n" + item("value", remote)) == {"value": expected}


def test_without_a_property_the_secret_is_json(tmp_path: Path, shop: VaultNamespace) -> None:
    found = data(tmp_path, shop, "  data:\n  - secretKey: all\n    remoteRef: {key: shop/db}\n")
    assert json.loads(found["all"]) == FIELDS


def test_extract_makes_a_key_of_each_field(tmp_path: Path, shop: VaultNamespace) -> None:
    found = data(tmp_path, shop, "  dataFrom:\n  - extract: {key: shop/mail}\n")
    assert found == {"host": b"mail.example.com", "user": b"mailer"}


def test_a_field_that_is_null_makes_no_key(tmp_path: Path, shop: VaultNamespace) -> None:
    """As docs/import.md says; the operator would make an empty one."""
    shop.root.write("shop/null", {"here": "x", "nothing": None})
    assert data(tmp_path, shop, "  dataFrom:\n  - extract: {key: shop/null}\n") == {"here": b"x"}


def test_the_secret_has_name_namespace_type_and_metadata(tmp_path: Path, shop: VaultNamespace) -> None:
    (secret,) = built(tmp_path, shop, "  data:\n" + item("user", "property: user")).resources()
    metadata = secret["metadata"]
    assert (metadata["name"], metadata["namespace"], secret["type"]) == ("db", "apps", "Opaque")
    assert (metadata["labels"], metadata["annotations"]) == ({"app": "shop"}, {"note": "kept"})


TEMPLATE = """\
  target:
    name: db
    immutable: true
    template:
      type: example.com/shop
      metadata: {labels: {from: template}}
      data:
        dsn: postgres://{{ .user }}:{{ .password }}@db:{{ index . "db-port" }}/shop
        config.yml: |
          db:
            user: {{ .user }}
          text: ${vault:no} vault:no
        trimmed: "a   {{- .user -}}   b"
        key: "{{ .encoded | b64dec }}"
        plain: vault:is text
"""


def test_a_template(tmp_path: Path, shop: VaultNamespace) -> None:
    """As Go's text/template does it: one trailing newline stays, trim markers take spaces away."""
    names = {"user": "user", "password": "password", "db-port": "port", "encoded": "encoded"}
    items = "".join(item(key, f"property: {name}") for key, name in names.items())
    result = built(tmp_path, shop, f"{TEMPLATE}  data:\n{items}")
    assert result.secrets()["db"] == {
        "dsn": f"postgres://shop:{PASSWORD}@db:5432/shop".encode(),
        "config.yml": b"db:\n  user: shop\ntext: ${vault:no} vault:no\n",
        "trimmed": b"ashopb",
        "key": BINARY,
        "plain": b"vault:is text",
    }
    (secret,) = result.resources()
    assert (secret["type"], secret["immutable"]) == ("example.com/shop", "true")
    assert secret["metadata"]["labels"] == {"from": "template"}
    assert "annotations" not in secret["metadata"]


def test_a_merged_template_stands_beside_the_data(tmp_path: Path, shop: VaultNamespace) -> None:
    template = (
        "  target: {template: {mergePolicy: Merge, data: {greeting: 'hello {{ .user }}', user: 'x{{ .user }}'}}}\n"
    )
    items = item("user", "property: user") + item("port", "property: port")
    found = data(tmp_path, shop, f"{template}  data:\n{items}")
    assert found == {"greeting": b"hello shop", "user": b"xshop", "port": b"5432"}


def test_a_template_over_a_whole_secret(tmp_path: Path, shop: VaultNamespace) -> None:
    template = "  target: {template: {data: {url: 'smtp://{{ .user }}@{{ .host }}'}}}\n"
    found = data(tmp_path, shop, f"{template}  dataFrom:\n  - extract: {{key: shop/mail}}\n")
    assert found == {"url": b"smtp://mailer@mail.example.com"}


def test_what_is_merged_into_is_in_the_build(tmp_path: Path, shop: VaultNamespace) -> None:
    (tmp_path / "db.yaml").write_text(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: apps}\ndata: {own: b3du}\n"
    )
    built_alone = "  target: {creationPolicy: Merge}\n  data:\n" + item("user", "property: user")
    (tmp_path / "external-secret.yaml").write_text(HEAD + built_alone)
    (tmp_path / "store.yaml").write_text(store(shop))
    assert run_import(tmp_path, "external-secret.yaml", "store.yaml", "-o", "vaultgen.yaml").returncode == 0
    (tmp_path / "kustomization.yaml").write_text("resources: [db.yaml]\ngenerators: [vaultgen.yaml]\n")
    result = kustomize_build(tmp_path, {"VAULT_ADDR": shop.address, "VAULT_TOKEN": shop.token})
    assert result.secrets() == {"db": {"own": b"own", "user": b"shop"}}


def test_kv_v1(tmp_path: Path, shop: VaultNamespace) -> None:
    shop.mount_v1()
    shop.root.write_v1("shop/db", {"user": "of-v1"})
    stores = store(shop).replace("path: secret", "path: kv1").replace("version: v2", "version: v1")
    assert data(tmp_path, shop, "  data:\n" + item("user", "property: user"), stores) == {"user": b"of-v1"}


@pytest.mark.usefixtures("has_namespaces")
def test_secrets_of_several_vaults_are_several_documents(tmp_path: Path, shop: VaultNamespace) -> None:
    """In one file, which kustomize takes as it is."""
    below = shop.root.new_namespace("below")
    below.mount("secret", "kv", {"version": "2"})
    below.write("shop/db", {"user": "of-below"})
    other = HEAD.replace("name: db", "name: other").replace("name: vault", "name: below")
    stores = (
        f"{store(shop)}---\n{store(shop).replace('name: vault', 'name: below').replace(shop.name, below.namespace)}"
    )
    spec = "  data:\n" + item("user", "property: user")
    (tmp_path / "other.yaml").write_text(other + spec)
    shop.root.policy("read-all", 'path "*" { capabilities = ["read", "list"] }')
    (tmp_path / "external-secret.yaml").write_text(HEAD + spec)
    (tmp_path / "store.yaml").write_text(stores)
    done = run_import(tmp_path, ".", "-o", "vaultgen.yaml")
    assert done.returncode == 0, done.stderr
    (tmp_path / "kustomization.yaml").write_text("generators: [vaultgen.yaml]\n")
    result = kustomize_build(tmp_path, {"VAULT_ADDR": shop.address, "VAULT_TOKEN": shop.root.token})
    assert result.secrets() == {"db": {"user": b"shop"}, "other": {"user": b"of-below"}}, result.stderr


# --- logging in as the store does ---


def test_the_login_of_a_store_with_a_secret_id(tmp_path: Path, shop: VaultNamespace, openbao: OpenBao) -> None:
    """The real method, and a Secret from a stand-in of the API server."""
    shop.root.enable_auth("approle", "team/approle")
    role = "auth/team/approle/role/shop"
    shop.root.request("POST", role, {"token_policies": ["read-all"]})
    role_id = shop.root.request("GET", f"{role}/role-id")["data"]["role_id"]
    secret_id = shop.root.request("POST", f"{role}/secret-id")["data"]["secret_id"]
    auth = f"      auth: {{appRole: {{path: team/approle, roleId: {role_id}, secretRef: {{name: login, key: id}}}}}}\n"
    with_login(tmp_path, shop, openbao, auth, {"id": secret_id.encode()})


def test_the_login_of_a_store_with_a_token(tmp_path: Path, shop: VaultNamespace, openbao: OpenBao) -> None:
    auth = "      auth: {tokenSecretRef: {name: login, key: token}}\n"
    with_login(tmp_path, shop, openbao, auth, {"token": shop.token.encode()})


def test_the_login_of_a_store_by_the_jwt_method_as_a_service_account(
    tmp_path: Path, shop: VaultNamespace, openbao: OpenBao
) -> None:
    """The document says it as a login by the method kubernetes at the mount of jwt."""
    issuer = JwtIssuer()
    shop.root.enable_auth("jwt", "cluster")
    shop.root.request("POST", "auth/cluster/config", {"jwt_validation_pubkeys": [issuer.public_key]})
    bound = {"role_type": "jwt", "user_claim": "sub", "bound_audiences": ["vault"], "token_policies": ["read-all"]}
    shop.root.request("POST", "auth/cluster/role/shop", bound)
    account = "{serviceAccountRef: {name: my-app}}"
    auth = f"      auth: {{jwt: {{path: cluster, role: shop, kubernetesServiceAccountToken: {account}}}}}\n"
    with_login(tmp_path, shop, openbao, auth, {}, issuer.service_account("apps", "my-app", "vault"))


def with_login(
    directory: Path, where: VaultNamespace, openbao: OpenBao, auth: str, secret: Mapping[str, bytes], token: str = ""
) -> None:
    """Build with nothing but the login of the imported document."""
    (directory / "external-secret.yaml").write_text(f"{HEAD}  data:\n{item('user', 'property: user')}")
    (directory / "store.yaml").write_text(store(where) + auth)
    done = run_import(directory, "external-secret.yaml", "store.yaml", "-o", "vaultgen.yaml")
    assert done.returncode == 0, done.stderr
    (directory / "kustomization.yaml").write_text("generators: [vaultgen.yaml]\n")
    assert openbao.certificates
    with running_api_server(openbao.certificates) as api:
        api.serve_secret("apps", "login", secret)
        api.serve_token("apps", "my-app", token)
        kubeconfig = api.kubeconfig(directory, {"token": "of-the-kubeconfig"})
        home = {"VAULTGEN_ALLOWED_ADDRESSES": where.address, "KUBECONFIG": str(kubeconfig), "HOME": str(directory)}
        result = kustomize_build(directory, home)
    assert result.secrets() == {"db": {"user": b"shop"}}, result.stderr


# --- the command ---


def test_what_is_not_carried_over_is_told_with_file_and_line(tmp_path: Path) -> None:
    items = item("user", "property: user") + item("meta", "metadataPolicy: Fetch")
    (tmp_path / "external-secret.yaml").write_text(f"{HEAD}  data:\n{items}")
    done = run_import(tmp_path, "external-secret.yaml")
    assert done.returncode == 1
    assert "vault:MOUNT/shop/db?key=user" in done.stdout
    assert "external-secret.yaml: ExternalSecret db" in done.stderr.partition("Carried over in part")[2]
    assert "external-secret.yaml:6: spec.refreshInterval: " in done.stderr.partition("To know:")[2]
    left = done.stderr.partition("Not carried over:\n")[2].splitlines()
    assert [line.split(": ")[:2] for line in left] == [
        ["  external-secret.yaml:5", "ExternalSecret db, spec.secretStoreRef.name"],
        ["  external-secret.yaml:11", "ExternalSecret db, spec.data[1].remoteRef.metadataPolicy"],
    ]


def test_a_note_about_many_resources_is_made_once(tmp_path: Path) -> None:
    spec = "  data:\n  - {secretKey: a, remoteRef: {key: secret/data/a, property: a}}\n"
    (tmp_path / "all.yaml").write_text("---\n".join(HEAD.replace("name: db", f"name: db{n}") + spec for n in range(5)))
    done = run_import(tmp_path, "all.yaml")
    assert done.returncode == 0
    places = ", ".join(f"all.yaml:{6 + 9 * n}" for n in range(3))
    assert f"  {places} and 2 more: spec.refreshInterval: values are read whenever a build runs\n" in done.stderr


def test_a_file_that_only_its_directory_brought_may_be_no_yaml(tmp_path: Path) -> None:
    """Charts lie beside manifests in many repositories; who names such a file means it."""
    (tmp_path / "charts").mkdir()
    (tmp_path / "charts/template.yaml").write_text("{{- if .Values.on }}\nkind: Secret\n{{- end }}\n")
    remote = "{key: secret/data/shop/db, property: user}"
    (tmp_path / "external-secret.yaml").write_text(f"{HEAD}  data:\n  - {{secretKey: user, remoteRef: {remote}}}\n")
    done = run_import(tmp_path, ".")
    assert done.returncode == 1
    assert "vault:secret/data/shop/db?key=user" in done.stdout
    unread = done.stderr.partition("\nNot read:\n")[2]
    assert unread.startswith("  charts/template.yaml:1:2: this is not valid YAML: ")
    for paths in (["charts"], [".", "./charts/template.yaml"]):
        done = run_import(tmp_path, *paths)
        assert (done.returncode, done.stdout) == (3, "")
        assert done.stderr.startswith("error[invalid-yaml]: ")
