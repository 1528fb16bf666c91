"""VaultAuth and VaultConnection: the document's ``vault:`` block."""

import json
from typing import Any

import pytest

from support.imports import Imported, imported

ACCOUNT = {"name": "my-app", "namespace": "apps"}


def resource(kind: str, name: str, spec: dict[str, Any], namespace: str = "apps") -> str:
    metadata = {"name": name, "namespace": namespace}
    return json.dumps({"apiVersion": "secrets.hashicorp.com/v1beta1", "kind": kind, "metadata": metadata, "spec": spec})


def static(auth: str = "login", **more: Any) -> str:
    destination = {"name": "web", "create": True, "transformation": {"excludeRaw": True}}
    reference = {"vaultAuthRef": auth} if auth else {}
    spec = {**reference, "mount": "kv", "path": "a", "type": "kv-v2", "destination": destination, **more}
    return resource("VaultStaticSecret", "web", spec)


def login(**spec: Any) -> Imported:
    return imported(static(), resource("VaultAuth", "login", {"method": "kubernetes", **spec}))


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (
            {"method": "kubernetes", "mount": "prod", "kubernetes": {"role": "r", "serviceAccount": "my-app"}},
            {"kubernetes": {"mount": "prod", "role": "r", "serviceAccountRef": ACCOUNT}},
        ),
        (
            {"method": "kubernetes", "kubernetes": {"role": "r", "serviceAccount": "my-app", "audiences": ["vault"]}},
            {"kubernetes": {"role": "r", "serviceAccountRef": ACCOUNT, "audience": "vault"}},
        ),
        (
            {"method": "jwt", "mount": "ci", "jwt": {"role": "r", "secretRef": "s"}},
            {
                "jwt": {
                    "mount": "ci",
                    "role": "r",
                    "token": {"secretRef": {"name": "s", "namespace": "apps", "key": "jwt"}},
                }
            },
        ),
        (
            {"method": "jwt", "jwt": {"role": "r", "serviceAccount": "my-app"}},
            {"kubernetes": {"mount": "jwt", "role": "r", "serviceAccountRef": ACCOUNT}},
        ),
        (
            {"method": "appRole", "mount": "approle", "appRole": {"roleId": "id", "secretRef": "s"}},
            {
                "appRole": {
                    "mount": "approle",
                    "roleId": "id",
                    "secretId": {"secretRef": {"name": "s", "namespace": "apps", "key": "id"}},
                }
            },
        ),
        (
            {"method": "appRole", "appRole": {"roleId": "id", "secretIDPath": "/run/id"}},
            {"appRole": {"roleId": "id", "secretId": {"file": "/run/id"}}},
        ),
    ],
)
def test_a_login_is_that_of_the_vault_auth(spec: dict[str, Any], expected: Any) -> None:
    done = login(**spec)
    assert (done.vault["auth"], done.left) == (expected, {})


@pytest.mark.parametrize(
    ("spec", "where"),
    [
        ({"method": "aws", "aws": {"role": "r"}}, ["aws"]),
        ({"method": "gcp"}, ["method"]),
        ({"kubernetes": {"role": "r"}}, ["kubernetes"]),
        (
            {"kubernetes": {"role": "r", "serviceAccount": "a", "audiences": ["b", "c"]}},
            ["kubernetes.audiences"],
        ),
        ({"method": "appRole", "appRole": {"roleId": "id"}}, ["appRole"]),
        ({"method": "appRole", "appRole": {"secretRef": "s"}}, ["appRole"]),
        ({"method": "jwt", "jwt": {"secretRef": ["s"]}}, ["jwt.secretRef"]),
    ],
)
def test_a_login_that_cannot_be_carried_over_is_listed(spec: dict[str, Any], where: list[str]) -> None:
    done = login(**spec)
    assert "auth" not in (done.vault or {})
    assert list(done.left) == [f"spec.{name}" for name in where]


def test_what_else_a_vault_auth_says() -> None:
    kubernetes = {"role": "r", "serviceAccount": "my-app", "tokenExpirationSeconds": 600}
    told = {"allowedNamespaces": ["*"], "storageEncryption": {"mount": "a", "keyName": "b"}}
    listed = {"params": {"a": "b"}, "headers": {"a": "b"}, "vaultAuthGlobalRef": {"name": "a"}}
    done = login(kubernetes=kubernetes, **told, **listed)
    assert set(done.left) == {f"spec.{name}" for name in listed}
    assert {f"spec.{name}" for name in (*told, "kubernetes.tokenExpirationSeconds")} <= set(done.notes)


def test_a_connection_gives_the_address() -> None:
    auth = resource("VaultAuth", "login", {"vaultConnectionRef": "there", "namespace": "team"})
    spec = {"address": "https://vault.example.com", "tlsServerName": "vault", "skipTLSVerify": False, "timeout": "1s"}
    done = imported(static(namespace="team"), auth, resource("VaultConnection", "there", spec))
    assert done.left == {}
    assert done.vault == {
        "address": "https://vault.example.com",
        "tls": {"serverName": "vault"},
        "namespace": "team",
    }
    assert done.entry["envs"] == ["vault:kv/data/a"]


def test_a_secret_in_another_namespace_than_the_login_names_it() -> None:
    auth = resource("VaultAuth", "login", {"namespace": "team"})
    assert imported(static(namespace="other"), auth).entry["envs"] == ["vault:kv/data/a?namespace=other"]
    assert imported(static(), auth).entry["envs"] == ["vault:kv/data/a"]


def test_what_a_document_cannot_say_of_a_connection_is_listed() -> None:
    auth = resource("VaultAuth", "login", {})
    spec = {
        "address": "https://a",
        "headers": {"a": "b"},
        "caCertSecretRef": "a",
        "caCertPath": "/a",
        "skipTLSVerify": True,
    }
    done = imported(static(), auth, resource("VaultConnection", "default", spec))
    assert set(done.left) == {f"spec.{name}" for name in spec if name != "address"}


@pytest.mark.parametrize(
    ("reference", "name", "namespace"),
    [("login", "login", "apps"), ("others/login", "login", "others"), ("", "default", "operators")],
)
def test_a_vault_auth_is_found_by_its_reference(reference: str, name: str, namespace: str) -> None:
    auth = resource("VaultAuth", name, {"namespace": "found"}, namespace)
    assert imported(static(reference), auth).vault == {"namespace": "found"}


@pytest.mark.parametrize(
    ("reference", "name", "namespace"),
    [("login", "login", "others"), ("others/login", "login", "apps"), ("login", "default", "apps")],
)
def test_another_vault_auth_is_not_taken(reference: str, name: str, namespace: str) -> None:
    done = imported(static(reference), resource("VaultAuth", name, {"namespace": "found"}, namespace))
    assert done.vault is None
    assert f"VaultAuth {reference}" in done.notes["spec.vaultAuthRef"]


def test_where_logins_of_a_name_differ_none_is_taken() -> None:
    """Which one is the operator's default, its own namespace says."""
    spec = {"method": "kubernetes", "kubernetes": {"role": "r", "serviceAccount": "my-app"}}
    logins = [resource("VaultAuth", "default", spec, namespace) for namespace in ("team", "operator")]
    done = imported(static(""), *logins)
    assert done.documents == []
    assert "more than one of that name" in done.left["spec.vaultAuthRef"]
    assert imported(static(""), logins[1]).vault["auth"]["kubernetes"]["role"] == "r"


def test_where_connections_of_a_name_differ_the_address_is_left_open() -> None:
    connections = [resource("VaultConnection", "c", {"address": f"https://{host}"}, host) for host in ("a", "b")]
    auth = resource("VaultAuth", "login", {"vaultConnectionRef": "c", "namespace": "n"}, namespace="")
    done = imported(static(), auth, *connections)
    assert done.vault == {"namespace": "n"}
    assert "more than one of that name" in done.left["spec.vaultConnectionRef"]
