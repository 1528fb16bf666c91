"""Stores: which path a key means, and how the document logs in."""

import json
from typing import Any

import pytest

from support.imports import Imported, imported

SECRET = """\
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: db, namespace: apps}
spec:
  secretStoreRef: {name: vault, kind: KIND}
  data: [{secretKey: a, remoteRef: {key: "KEY", property: f}}]
"""
REFERENCE = {"name": "login", "key": "k"}
CHOSEN = {"name": "login", "namespace": "apps", "key": "k"}
ACCOUNT = {"name": "my-app", "namespace": "apps"}


def store(vault: dict[str, Any], kind: str = "SecretStore", namespace: str = "apps", **spec: Any) -> str:
    """Return a store as text."""
    metadata = {"name": "vault", **({"namespace": namespace} if namespace else {})}
    return json.dumps(
        {
            "apiVersion": "external-secrets.io/v1",
            "kind": kind,
            "metadata": metadata,
            "spec": {"provider": {"vault": {"server": "https://vault.example.com", **vault}}, **spec},
        }
    )


def secret(key: str = "x", kind: str = "SecretStore") -> str:
    return SECRET.replace("KEY", key).replace("KIND", kind)


def auth_of(auth: dict[str, Any], kind: str = "SecretStore") -> tuple[Any, dict[str, str]]:
    """Return the ``auth`` of the document and what was listed."""
    done = imported(secret(kind=kind), store({"path": "secret", "auth": auth}, kind))
    return done.vault.get("auth"), done.left


@pytest.mark.parametrize(
    ("path", "version", "key", "expected"),
    [
        ("secret", "v2", "foo", "secret/data/foo"),
        ("secret", "v2", "/dev/config", "secret/data/dev/config"),
        ("secret", "v2", "secret/foo", "secret/data/foo"),
        ("secret", "v2", "secret/data/foo", "secret/data/foo"),
        ("secret", "v2", "data/foo", "secret/data/data/foo"),
        ("secret", "v2", "other/data/foo", "secret/data/other/data/foo"),
        ("team/kv", "v2", "foo", "team/kv/data/foo"),
        ("team/kv", "v2", "team/kv/data/foo", "team/kv/data/foo"),
        ("secret/", "v2", "foo", "secret/data/foo"),
        ("secret", "v1", "foo", "secret/foo"),
        ("secret", "v1", "secret/foo", "secret/foo"),
        ("secret", "v1", "secret/data/foo", "secret/data/foo"),
        (None, "v2", "secret/foo", "secret/data/foo"),
        (None, "v2", "secret/path/data/foo", "secret/path/data/foo"),
        (None, "v1", "secret/foo", "secret/foo"),
    ],
)
def test_a_key_means_the_path_that_the_operator_reads(path: str | None, version: str, key: str, expected: str) -> None:
    vault = {"version": version, **({"path": path} if path else {})}
    done = imported(secret(key), store(vault))
    assert done.left == {}
    assert done.entry["files"] == {"a": f"vault:{expected}?key=f"}


def test_a_store_without_a_version_is_one_of_kv_v2() -> None:
    assert imported(secret(), store({"path": "kv"})).entry["files"] == {"a": "vault:kv/data/x?key=f"}


@pytest.mark.parametrize("key", ["a/../b", "", "/", "a\\nb"])
def test_a_key_that_is_no_path_is_listed(key: str) -> None:
    done = imported(secret(key), store({"path": "kv"}))
    assert (done.documents, list(done.left)) == ([], ["spec.data[0].remoteRef"])


# --- which store ---


def test_without_its_store_a_whole_path_is_taken_as_it_is() -> None:
    done = imported(secret("secret/data/my-app"))
    assert (done.left, done.vault) == ({}, None)
    assert done.entry["files"] == {"a": "vault:secret/data/my-app?key=f"}
    assert "SecretStore vault is not among the files" in done.notes["spec.secretStoreRef.name"]


def test_without_its_store_any_other_key_lacks_its_mount_and_that_is_listed() -> None:
    done = imported(secret("my-app/database"))
    assert done.entry["files"] == {"a": "vault:MOUNT/my-app/database?key=f"}
    assert "replace MOUNT" in done.left["spec.secretStoreRef.name"]


@pytest.mark.parametrize(
    ("kind", "namespace"), [("SecretStore", "apps"), ("SecretStore", ""), ("ClusterSecretStore", "")]
)
def test_a_store_is_found_by_kind_name_and_namespace(kind: str, namespace: str) -> None:
    assert imported(secret(kind=kind), store({"path": "kv"}, kind, namespace)).left == {}


@pytest.mark.parametrize(
    ("kind", "namespace"), [("SecretStore", "others"), ("ClusterSecretStore", ""), ("ClusterSecretStore", "apps")]
)
def test_a_store_of_another_kind_or_namespace_is_another(kind: str, namespace: str) -> None:
    assert "MOUNT" in str(imported(secret(), store({"path": "kv"}, kind, namespace)).entry)


def test_of_two_stores_that_fit_the_one_in_the_namespace_is_taken() -> None:
    done = imported(secret(), store({"path": "far"}, namespace=""), store({"path": "near"}))
    assert done.entry["files"] == {"a": "vault:near/data/x?key=f"}


def test_a_store_of_another_provider_is_told() -> None:
    other = store({}).replace('"vault": {', '"aws": {')
    done = imported(secret(), other)
    assert done.left == {"spec.secretStoreRef.name": "SecretStore vault is not one of Vault"}
    assert done.documents == []


def test_an_item_that_needs_another_vault_is_listed() -> None:
    item = ", {secretKey: b, remoteRef: {key: y}, sourceRef: {storeRef: {name: other}}}]"
    text = secret().replace("}}]", "}}" + item)
    other = store({"path": "kv"}).replace('"name": "vault"', '"name": "other"')
    done = imported(text, store({"path": "kv"}), other)
    assert (done.left, done.entry["files"].keys()) == ({}, {"a", "b"})
    elsewhere = other.replace("vault.example.com", "other.example.com")
    done = imported(text, store({"path": "kv"}), elsewhere)
    assert list(done.left) == ["spec.data[1].sourceRef.storeRef.name"]
    assert done.entry["files"].keys() == {"a"}


# --- the block ---


def test_address_and_namespace_are_in_the_block() -> None:
    done = imported(secret(), store({"path": "kv", "namespace": "team-a"}))
    assert done.vault == {"address": "https://vault.example.com", "namespace": "team-a"}
    assert "VAULT_ADDR" in done.notes["spec.provider.vault.server"]


def test_a_login_in_another_namespace_makes_references_name_theirs() -> None:
    done = imported(secret(), store({"path": "kv", "namespace": "team-a", "auth": {"namespace": "admin"}}))
    assert done.vault["namespace"] == "admin"
    assert done.entry["files"] == {"a": "vault:kv/data/x?key=f&namespace=team-a"}


def test_what_a_document_cannot_say_of_a_store_is_listed() -> None:
    vault = {
        "path": "kv",
        "caBundle": "LS0t",
        "caProvider": {"type": "Secret", "name": "a", "key": "b"},
        "headers": {"a": "b"},
        "tls": {"certSecretRef": REFERENCE, "keySecretRef": REFERENCE},
        "readYourWrites": True,
        "checkAndSet": {"required": True},
    }
    done = imported(secret(), store(vault, controller="own", conditions=[{"namespaces": ["a"]}]))
    within = "spec.provider.vault."
    assert done.left.keys() == {
        within + name for name in ("caBundle", "caProvider", "headers", "tls.certSecretRef", "tls.keySecretRef")
    }
    assert {"spec.controller", "spec.conditions", f"{within}readYourWrites", f"{within}checkAndSet"} <= set(done.notes)


# --- logging in ---


@pytest.mark.parametrize(
    ("auth", "expected"),
    [
        ({"tokenSecretRef": REFERENCE}, {"token": {"secretRef": CHOSEN}}),
        ({"tokenSecretRef": {"name": "login"}}, {"token": {"secretRef": {**CHOSEN, "key": "token"}}}),
        (
            {"appRole": {"path": "team/approle", "roleId": "id", "secretRef": REFERENCE}},
            {"appRole": {"mount": "team/approle", "roleId": "id", "secretId": {"secretRef": CHOSEN}}},
        ),
        (
            {"appRole": {"roleRef": {"name": "r", "key": "id"}, "secretRef": REFERENCE}},
            {
                "appRole": {
                    "roleId": {"secretRef": {"name": "r", "namespace": "apps", "key": "id"}},
                    "secretId": {"secretRef": CHOSEN},
                }
            },
        ),
        (
            {"kubernetes": {"mountPath": "prod", "role": "r", "serviceAccountRef": {"name": "my-app"}}},
            {"kubernetes": {"mount": "prod", "role": "r", "serviceAccountRef": ACCOUNT}},
        ),
        (
            {"kubernetes": {"role": "r", "serviceAccountRef": {"name": "my-app", "audiences": ["v"]}}},
            {"kubernetes": {"role": "r", "serviceAccountRef": ACCOUNT, "audience": "v"}},
        ),
        (
            {"kubernetes": {"mountPath": "kubernetes", "role": "r"}},
            {"kubernetes": {"mount": "kubernetes", "role": "r"}},
        ),
        (
            {"jwt": {"path": "ci", "role": "r", "secretRef": REFERENCE}},
            {"jwt": {"mount": "ci", "role": "r", "token": {"secretRef": CHOSEN}}},
        ),
        (
            {"jwt": {"role": "r", "kubernetesServiceAccountToken": {"serviceAccountRef": {"name": "my-app"}}}},
            {"kubernetes": {"mount": "jwt", "role": "r", "serviceAccountRef": ACCOUNT, "audience": "vault"}},
        ),
        (
            {"userPass": {"path": "userpass", "username": "u", "secretRef": REFERENCE}},
            {"userpass": {"mount": "userpass", "username": "u", "password": {"secretRef": CHOSEN}}},
        ),
        (
            {"ldap": {"path": "corp", "username": "u", "secretRef": REFERENCE}},
            {
                "login": {
                    "method": "ldap",
                    "mount": "corp",
                    "parameters": {"username": "u", "password": {"secretRef": CHOSEN}},
                }
            },
        ),
    ],
)
def test_a_login_is_that_of_the_store(auth: dict[str, Any], expected: Any) -> None:
    assert auth_of(auth) == (expected, {})


def test_a_client_certificate_is_listed_since_the_document_names_files() -> None:
    done, left = auth_of(
        {"cert": {"path": "cert", "vaultRole": "web", "clientCert": REFERENCE, "secretRef": REFERENCE}}
    )
    assert done == {"cert": {"mount": "cert", "name": "web"}}
    assert left.keys() == {f"spec.provider.vault.auth.cert.{name}" for name in ("clientCert", "secretRef")}


@pytest.mark.parametrize(
    ("auth", "where"),
    [
        ({"iam": {"vaultRole": "r"}}, "iam"),
        ({"gcp": {"role": "r"}}, "gcp"),
        ({"kubernetes": {"role": "r", "secretRef": REFERENCE}}, "kubernetes.secretRef"),
        ({"kubernetes": {"serviceAccountRef": {"name": "a"}}}, "kubernetes"),
        (
            {"kubernetes": {"role": "r", "serviceAccountRef": {"name": "a", "audiences": ["b", "c"]}}},
            "kubernetes.serviceAccountRef.audiences",
        ),
        ({"appRole": {"roleId": "r"}}, "appRole.secretRef"),
        ({"tokenSecretRef": REFERENCE, "iam": {"vaultRole": "r"}}, ""),
    ],
)
def test_a_login_that_cannot_be_carried_over_is_listed(auth: dict[str, Any], where: str) -> None:
    done, left = auth_of(auth)
    assert done is None
    assert list(left) == [f"spec.provider.vault.auth.{where}".rstrip(".")]


def test_only_a_cluster_store_names_the_namespace_of_a_secret() -> None:
    auth = {"tokenSecretRef": {**REFERENCE, "namespace": "elsewhere"}}
    assert auth_of(auth)[0] == {"token": {"secretRef": CHOSEN}}
    assert auth_of(auth, "ClusterSecretStore")[0] == {"token": {"secretRef": {**CHOSEN, "namespace": "elsewhere"}}}


def test_where_kustomize_sets_the_namespace_the_login_is_listed() -> None:
    text = secret().replace(", namespace: apps", "")
    done: Imported = imported(text, store({"path": "kv", "auth": {"tokenSecretRef": REFERENCE}}, namespace=""))
    assert "auth" not in done.vault
    assert "namespace" in done.left["spec.provider.vault.auth.tokenSecretRef"]


@pytest.mark.parametrize("kind", ["SecretStore", "ClusterSecretStore"])
def test_where_stores_of_a_name_differ_none_is_taken(kind: str) -> None:
    """They may be those of two environments: the value would be read from the other one."""
    stores = [store({"path": path}, kind, "") for path in ("staging", "production")]
    done = imported(secret(kind=kind), *stores)
    assert done.documents == []
    assert "more than one of that name" in done.left["spec.secretStoreRef.name"]
    assert imported(secret(kind=kind), stores[0], stores[0]).left == {}


def test_a_store_of_some_namespace_is_not_guessed_where_there_are_several() -> None:
    """Kustomize may set the namespace of the ExternalSecret, and to any of them."""
    stores = [store({"path": "kv", "auth": {}}, namespace=namespace) for namespace in ("staging", "production")]
    done = imported(secret().replace(", namespace: apps", ""), *stores)
    assert list(done.left) == ["spec.secretStoreRef.name"]
