"""What Flux does without vaultgen: that it is the real one that the other tests hold vaultgen to."""

from support.cluster_client import ClusterClient, is_ready
from support.flux_cluster import Flux
from support.git_server import GitServer

CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app}\ndata: {a: %s}\n"

OBJECTS = """
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: app, namespace: %(namespace)s}
spec: {interval: 1h, url: %(url)s, ref: {branch: main}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: app, namespace: %(namespace)s}
spec:
  interval: 1h
  retryInterval: 1s
  prune: true
  targetNamespace: %(namespace)s
  path: ./apps
  sourceRef: {kind: GitRepository, name: app}
"""


def test_a_push_is_applied_and_pruned(flux: Flux, client: ClusterClient, git: GitServer, namespace: str) -> None:
    repository = git.repository(namespace)
    first = repository.push(
        {"apps/one.yaml": CONFIG_MAP % "b", "apps/two.yaml": CONFIG_MAP.replace("app", "old") % "b"}
    )
    client.apply(OBJECTS % {"namespace": namespace, "url": repository.url})
    client.wait_for("Kustomization", namespace, "app", is_ready)
    assert {one["metadata"]["name"] for one in client.all_of("ConfigMap", namespace)} == {"app", "old"}

    second = repository.push({"apps/one.yaml": CONFIG_MAP % "c"})
    assert second != first
    client.reconcile("GitRepository", namespace, "app")
    client.wait_for(
        "Kustomization",
        namespace,
        "app",
        lambda one: is_ready(one) and one["status"]["lastAppliedRevision"] == f"main@sha1:{second}",
    )
    (config_map,) = client.all_of("ConfigMap", namespace)
    assert config_map["data"] == {"a": "c"}
