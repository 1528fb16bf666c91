"""The API server that the other tests stand on."""

import pytest

from support.cluster_client import ApiRefused, ClusterClient, data_of
from support.flux_cluster import Cluster

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


def test_what_was_applied_outlives_the_api_server(cluster: Cluster, client: ClusterClient, namespace: str) -> None:
    client.apply(SECRET % namespace)
    cluster.stop_api_server()
    with pytest.raises(OSError, match="refused"):
        client.secrets(namespace)
    cluster.start_api_server()
    assert client.secrets(namespace) == {"one": {"a": b"b"}}
