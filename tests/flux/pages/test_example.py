"""examples/flux, as its README says: typed in a shell, at a cluster in which Flux and the controller run."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from support.cluster_client import ClusterClient, data_of, is_ready
from support.cluster_login import ClusterVault
from support.eventually import eventually
from support.flux_cluster import Cluster
from support.git_server import GitServer
from support.kustomize import CHECKOUT, kubectl, vaultgen_directory
from support.markdown import commands

EXAMPLE = CHECKOUT / "examples/flux"
EXPECTED = CHECKOUT / "examples/article/expected.yaml"
PATH = "clusters/my-cluster/apps/my-app"


class Reader:
    """Works in a copy of the example, as one who may do everything in the cluster and in Vault."""

    def __init__(self, sandbox: Path, cluster: Cluster, vault: ClusterVault) -> None:
        (sandbox / "examples").mkdir()
        self.directory = shutil.copytree(EXAMPLE, sandbox / "examples/flux")
        shutil.copytree(CHECKOUT / "examples/article", sandbox / "examples/article")
        programs = sandbox / "bin"
        programs.mkdir()
        (programs / "bao").symlink_to(vault.vault.server.binary)
        (programs / "kubectl").symlink_to(kubectl() or "/nonexistent")
        self._environment = {
            **vault.vault.environment(vault.vault.root.token),
            "PATH": os.pathsep.join([str(programs), str(vaultgen_directory()), os.environ["PATH"]]),
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
            "HOME": str(sandbox),
            "KUBECONFIG": str(cluster.kubeconfig),
        }

    def types(self, script: str) -> str:
        """Run commands and return what they print; fail with what they say if one fails."""
        done = self._run(script)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def succeeds(self, script: str) -> bool:
        """Return whether commands succeed."""
        return self._run(script).returncode == 0

    def _run(self, script: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["sh", "-eu", "-c", script],
            cwd=self.directory,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


def secret_names(client: ClusterClient) -> set[str]:
    return {name for name in client.secrets("apps") if name.startswith("my-app-secrets")}


def names_in_use(client: ClusterClient) -> set[str]:
    deployment = client.get("Deployment", "apps", "my-app")
    assert deployment
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return {variable["valueFrom"]["secretKeyRef"]["name"] for variable in container["env"]}


@pytest.mark.usefixtures("controller")
def test_the_readme_leads_from_git_to_a_deployment_with_the_value(
    cluster: Cluster, git: GitServer, bao_for_cluster: ClusterVault, tmp_path: Path
) -> None:
    client = cluster.client
    repository = git.repository("fleet")
    repository.push({f"{PATH}/{path.name}": path.read_bytes() for path in (EXAMPLE / PATH).iterdir()})
    reader = Reader(tmp_path, cluster, bao_for_cluster)
    source = reader.directory / "gitrepository.yaml"
    source.write_text(source.read_text().replace("https://git.example.com/fleet", repository.url))

    reader.types(commands("examples/flux/README.md#in-vault"))
    said = reader.types(commands("examples/flux/README.md#in-the-cluster"))
    assert "AGE-SECRET-KEY" not in said
    reader.types(commands("examples/flux/README.md#in-the-cluster/2"))
    client.wait_for("Kustomization", "flux-system", "my-app", is_ready, timeout=300)

    expected = {tree["kind"]: tree for tree in yaml.safe_load_all(EXPECTED.read_text())}
    name = expected["Secret"]["metadata"]["name"]
    assert secret_names(client) == {name} == names_in_use(client)
    found = client.get("Secret", "apps", name)
    assert found
    assert data_of(found) == data_of(expected["Secret"])

    # Nobody runs Pods here: the Deployment's own controller is played.
    deployment = client.get("Deployment", "apps", "my-app")
    assert deployment
    rolled_out = {"observedGeneration": deployment["metadata"]["generation"], "replicas": 1, "updatedReplicas": 1}
    head = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "my-app", "namespace": "apps"}}
    client.apply({**head, "status": {**rolled_out, "availableReplicas": 1, "readyReplicas": 1}}, status=True)
    status = reader.types(commands("examples/flux/README.md#in-the-cluster/3"))
    assert status.endswith("\nall of it has arrived\n")

    reader.types("bao kv put secret/my-app/database password=rotated")
    client.reconcile("VaultArtifact", "flux-system", "my-app")
    assert eventually(lambda: secret_names(client) != {name} and len(secret_names(client)) == 1)
    assert secret_names(client) == names_in_use(client)
    (data,) = [client.secrets("apps")[one] for one in secret_names(client)]
    assert data["db_password.txt"] == b"rotated"
    assert data["db_user.txt"] == b"my-app"
    log = (cluster.logs / "vaultgen.log").read_text()
    assert "example-password" not in log
    assert "rotated" not in log
