"""docs/flux.md in a cluster: its objects are taken, its commands do what it says, and so do deletion and restarts."""

import http.client
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from support.cluster_client import ClusterClient, is_ready
from support.cluster_login import ClusterVault
from support.eventually import eventually
from support.flux_cluster import FLUX_NAMESPACE, Cluster, Flux
from support.git_server import GitServer
from support.kustomize import CHECKOUT, kubectl
from support.markdown import commands
from support.newcomer import Newcomer
from support.running_controller import RunningController
from support.yaml_blocks import yaml_blocks

PAGE = CHECKOUT / "docs/flux.md"
ADDRESS = "https://vault.example.com:8200"
APPLICATION = "docs/flux.md#an-application"
NAME = "my-app"

TREE = {
    "apps/my-app/kustomization.yaml": "generators: [secrets.yaml]\n",
    "apps/my-app/secrets.yaml": """
apiVersion: vaultgen.dev/v1alpha1
kind: VaultSecretGenerator
metadata: {name: my-app}
secretGenerator:
- name: my-app-secrets
  files: {db_password.txt: 'vault:secret/data/my-app/database?key=password'}
""",
}
SOURCE = """
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: flux-system, namespace: flux-system}
spec: {interval: 1h, url: %s, ref: {branch: main}}
"""


class Application:
    """That of the page, set up as it says, and applied."""

    def __init__(self, newcomer: Newcomer, cluster: Cluster, vault: ClusterVault) -> None:
        self.client = cluster.client
        self.vault = vault
        self._newcomer = newcomer
        self._environment = {"KUBECONFIG": str(cluster.kubeconfig), "VAULT_NAMESPACE": vault.vault.name}

    def types(self, script: str) -> str:
        """Type commands of the page, with this Vault for that of the page."""
        return self._newcomer.types(script.replace(ADDRESS, self.vault.address), None, **self._environment)

    def rotate(self, value: str) -> None:
        self.vault.vault.root.write("my-app/database", {"password": value})

    def artifact(self) -> Any:
        return self.client.get("VaultArtifact", FLUX_NAMESPACE, NAME)

    def values(self) -> set[bytes]:
        """Return what stands in the Secrets of the application."""
        return {data["db_password.txt"] for data in self.client.secrets("apps").values()}

    def is_served(self) -> bool:
        """Return whether what the VaultArtifact says is served is."""
        url = urlsplit(self.artifact()["status"]["artifact"]["url"])
        connection = http.client.HTTPConnection(url.netloc, timeout=60)
        try:
            connection.request("GET", url.path)
            return connection.getresponse().status == 200
        finally:
            connection.close()


@pytest.fixture
def application(
    controller: RunningController, cluster: Cluster, git: GitServer, bao_for_cluster: ClusterVault, tmp_path: Path
) -> Iterator[Application]:
    client = cluster.client
    newcomer = Newcomer(tmp_path, bao_for_cluster.vault)
    (tmp_path / "bin/kubectl").unlink()
    (tmp_path / "bin/kubectl").symlink_to(kubectl() or "/nonexistent")
    application = Application(newcomer, cluster, bao_for_cluster)
    application.rotate("first")
    bao_for_cluster.allow(FLUX_NAMESPACE, NAME, ["my-app/*"])
    client.create_namespace("apps")
    repository = git.repository("fleet")
    repository.push({path: content.encode() for path, content in TREE.items()})
    client.apply(SOURCE % repository.url)
    init, _ = commands(APPLICATION).splitlines()
    application.types(init)
    yield application
    for kind in ("Kustomization", "VaultArtifact", "Secret"):
        name = "my-app-age" if kind == "Secret" else NAME
        client.delete(kind, FLUX_NAMESPACE, name)
        client.wait_until_gone(kind, FLUX_NAMESPACE, name)


def test_the_objects_of_the_page_are_taken(cluster: Cluster, flux: Flux) -> None:
    """But for those of notification-controller, whose definitions are not here."""
    client: ClusterClient = cluster.client
    client.install_crds((CHECKOUT / "deploy/crd.yaml").read_text())
    trees = [tree for found in yaml_blocks(PAGE) for tree in yaml.safe_load_all(found.text)]
    objects = [tree for tree in trees if isinstance(tree, dict) and "name" in tree.get("metadata", {})]
    kinds = {one["kind"] for one in objects}
    notifications = {"Alert", "Provider"}
    assert kinds == {
        *notifications, "GitRepository", "Kustomization", "Role", "RoleBinding", "ServiceAccount", "VaultArtifact",
    }  # fmt: skip
    assert [one["kind"] for one in objects if one["kind"] not in notifications and not client.takes(one)] == []


def test_an_application_gets_its_values_and_a_new_one_when_it_is_asked_for(application: Application) -> None:
    client = application.client
    client.wait_for("Kustomization", FLUX_NAMESPACE, NAME, is_ready, timeout=300)
    assert application.values() == {b"first"}
    _, status = commands(APPLICATION).splitlines()
    assert application.types(status).endswith("all of it has arrived\n")

    application.rotate("second")
    application.types(commands("docs/flux.md#when-it-looks"))
    assert eventually(lambda: application.values() == {b"second"})
    application.types(commands("docs/flux.md#when-it-looks/2"))
    assert application.artifact()["spec"]["suspend"] is True
    assert application.is_served()


def test_what_is_applied_stays_until_the_kustomization_is_deleted(application: Application) -> None:
    client = application.client
    client.wait_for("Kustomization", FLUX_NAMESPACE, NAME, is_ready, timeout=300)
    client.delete("VaultArtifact", FLUX_NAMESPACE, NAME)
    client.wait_until_gone("VaultArtifact", FLUX_NAMESPACE, NAME)
    assert client.get("ExternalArtifact", FLUX_NAMESPACE, NAME) is None
    client.reconcile("Kustomization", FLUX_NAMESPACE, NAME)
    assert application.values() == {b"first"}
    client.delete("Kustomization", FLUX_NAMESPACE, NAME)
    client.wait_until_gone("Kustomization", FLUX_NAMESPACE, NAME)
    assert application.values() == set()


def test_a_restart_with_the_files_and_without(application: Application, controller: RunningController) -> None:
    """The table: served or 404 while Vault is not asked; a new revision after that, with the same Secrets."""
    client = application.client
    client.wait_for("Kustomization", FLUX_NAMESPACE, NAME, is_ready, timeout=300)
    names, revision = {*client.secrets("apps")}, application.artifact()["status"]["artifact"]["revision"]
    client.merge("VaultArtifact", FLUX_NAMESPACE, NAME, {"spec": {"suspend": True}})
    for is_kept in (True, False):
        controller.stop()
        if not is_kept:
            shutil.rmtree(controller.storage)
        controller.start()
        assert application.is_served() is is_kept
    client.reconcile("Kustomization", FLUX_NAMESPACE, NAME)
    assert {*client.secrets("apps")} == names

    client.merge("VaultArtifact", FLUX_NAMESPACE, NAME, {"spec": {"suspend": False}})
    assert eventually(application.is_served)
    again = application.artifact()["status"]["artifact"]["revision"]
    assert again != revision
    client.wait_for(
        "Kustomization",
        FLUX_NAMESPACE,
        NAME,
        lambda one: is_ready(one) and one["status"]["lastAppliedRevision"] == again,
        timeout=300,
    )
    assert {*client.secrets("apps")} == names
