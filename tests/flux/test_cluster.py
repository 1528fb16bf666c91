"""The API server that the other tests stand on."""

import pytest

from support.cluster_client import ApiRefused, ClusterClient, data_of
from support.cluster_login import ClusterVault
from support.flux_cluster import Cluster
from support.vault_client import VaultClient, VaultRefused

SECRET = """
apiVersion: v1
kind: Secret
metadata: {name: one, namespace: %s}
stringData: {a: b}
"""


def test_what_is_applied_is_there_until_it_is_deleted(client: ClusterClient, namespace: str) -> None:
    client.apply(SECRET % namespace)
    assert client.secrets(namespace) == {"one": {"a": b"b"}}
    assert data_of(client.wait_for("Secret", namespace, "one")) == {"a": b"b"}
    client.delete("Secret", namespace, "one")
    client.wait_until_gone("Secret", namespace, "one")


def test_a_service_account_has_the_rights_that_it_was_given(
    cluster: Cluster, client: ClusterClient, namespace: str
) -> None:
    mine = cluster.client_with(client.new_token(namespace, "default"))
    with pytest.raises(ApiRefused, match="403"):
        mine.secrets(namespace)
    impersonated = client.as_user(f"system:serviceaccount:{namespace}:default")
    with pytest.raises(ApiRefused, match="403"):
        impersonated.secrets(namespace)


def test_openbao_asks_the_api_server_whose_token_it_was_shown(
    client: ClusterClient, bao_for_cluster: ClusterVault, namespace: str
) -> None:
    vault = bao_for_cluster.vault.root
    vault.write("app", {"password": "s3cret"})
    role = bao_for_cluster.allow(namespace, "default", ["app"])

    def log_in(audience: str) -> VaultClient:
        body = {"role": role, "jwt": client.new_token(namespace, "default", audience)}
        token = vault.request("POST", "auth/kubernetes/login", body)["auth"]["client_token"]
        return VaultClient(vault.address, token, vault.namespace)

    assert log_in(vault.address).request("GET", "secret/data/app")["data"]["data"] == {"password": "s3cret"}
    with pytest.raises(VaultRefused):
        log_in("https://another.example.com")


def test_what_was_applied_outlives_the_api_server(cluster: Cluster, client: ClusterClient, namespace: str) -> None:
    client.apply(SECRET % namespace)
    cluster.stop_api_server()
    with pytest.raises(OSError, match="refused"):
        client.secrets(namespace)
    cluster.start_api_server()
    assert client.secrets(namespace) == {"one": {"a": b"b"}}
