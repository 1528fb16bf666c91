"""``vaultgen flux`` at the real API server: what it makes is taken, and what is there is read as it is."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest

from support.arrived import arrived
from support.cluster_client import ApiRefused, ClusterClient, Object
from support.deployed import DEPLOY
from support.desk import Ran
from support.flux_cluster import Cluster, running_cluster
from support.flux_parts import Parts
from support.kustomize import vaultgen_directory

RECIPIENT = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
ADDRESS = "https://vault.example.com:8200"


@pytest.fixture(scope="module")
def cluster(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One of its own, with Flux's kinds and nobody who looks after them: a status stays what a test makes it."""
    with running_cluster(parts, tmp_path_factory.mktemp("logs")) as running:
        definitions = [path.read_text() for crds in parts.crds for path in sorted(crds.glob("*.yaml"))]
        running.client.install_crds((DEPLOY / "crd.yaml").read_text(), *definitions)
        yield running


def vaultgen_flux(cluster: Cluster, *words: str, kubeconfig: Path | None = None) -> Ran:
    """Run a command of ``vaultgen flux``, as one who may do everything unless another kubeconfig is given."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        "HOME": "/nonexistent",
        "KUBECONFIG": str(kubeconfig or cluster.kubeconfig),
        "VAULT_ADDR": ADDRESS,
    }
    done = subprocess.run(
        [str(vaultgen_directory() / "vaultgen"), "flux", *words],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def test_what_init_makes_is_taken_and_made_once(cluster: Cluster, client: ClusterClient, namespace: str) -> None:
    first = vaultgen_flux(cluster, "init", "apps/my-app", "-n", namespace, "--target-namespace", namespace)
    assert (first.status, first.stderr) == (0, "")
    assert "AGE-SECRET-KEY" not in first.stdout
    key = client.secrets(namespace)["my-app-age"]["identity.agekey"].decode().strip()
    artifact = client.get("VaultArtifact", namespace, "my-app")
    assert artifact
    recipients = artifact["spec"]["encryption"]["age"]["recipients"]
    assert recipients == [str(pyrage.x25519.Identity.from_str(key).to_public())]
    kustomization = client.get("Kustomization", namespace, "my-app")
    assert kustomization
    assert kustomization["spec"]["decryption"] == {"provider": "sops", "secretRef": {"name": "my-app-age"}}

    second = vaultgen_flux(cluster, "init", "apps/my-app", "-n", namespace, "--target-namespace", namespace)
    assert second.status == 0
    assert client.secrets(namespace)["my-app-age"]["identity.agekey"].decode().strip() == key
    again = client.get("VaultArtifact", namespace, "my-app")
    assert again
    assert (again["metadata"]["generation"], again["spec"]) == (artifact["metadata"]["generation"], artifact["spec"])


def test_the_controller_may_act_as_this_service_account_and_no_other(
    cluster: Cluster, client: ClusterClient, namespace: str
) -> None:
    assert vaultgen_flux(cluster, "init", "apps/my-app", "-n", namespace).status == 0
    client.create_service_account(namespace, "other")
    controller = client.as_user("system:serviceaccount:flux-system:vaultgen")
    assert controller.new_token(namespace, "my-app", audience=ADDRESS)
    with pytest.raises(ApiRefused, match="403"):
        controller.new_token(namespace, "other", audience=ADDRESS)


def test_what_is_exported_is_what_would_be_applied(cluster: Cluster, client: ClusterClient, namespace: str) -> None:
    words = ("init", "apps/my-app", "-n", namespace, "--recipient", RECIPIENT)
    exported = vaultgen_flux(cluster, *words, "--export")
    assert exported.status == 0
    assert client.get("VaultArtifact", namespace, "my-app") is None
    client.apply(exported.stdout)
    before = client.get("Kustomization", namespace, "my-app")
    assert vaultgen_flux(cluster, *words).status == 0
    after = client.get("Kustomization", namespace, "my-app")
    assert before
    assert after
    assert before["spec"] == after["spec"]
    assert before["metadata"]["generation"] == after["metadata"]["generation"]


def test_a_kustomization_that_somebody_set_differently_is_left_alone(
    cluster: Cluster, client: ClusterClient, namespace: str
) -> None:
    """All that it needs is made beside it."""
    kustomization = arrived()["Kustomization"]
    kustomization["metadata"]["namespace"] = namespace
    kustomization["spec"] |= {"path": "./elsewhere", "sourceRef": {"kind": "GitRepository", "name": "a"}}
    del kustomization["status"]
    client.apply(kustomization)
    made = vaultgen_flux(cluster, "init", "apps/my-app", "-n", namespace)
    assert (made.status, made.stderr) == (0, "")
    assert f"Kustomization {namespace}/my-app is left as it is" in made.stdout
    assert client.get("VaultArtifact", namespace, "my-app")
    assert "my-app-age" in client.secrets(namespace)
    found = client.get("Kustomization", namespace, "my-app")
    assert found
    assert found["spec"]["path"] == "./elsewhere"


def test_a_namespace_that_is_not_there_is_named(cluster: Cluster) -> None:
    refused = vaultgen_flux(cluster, "init", "apps/my-app", "-n", "nowhere")
    assert refused.codes == ["cluster-not-found"]
    assert "there is no namespace nowhere" in refused.stderr


def moved(namespace: str) -> dict[str, Object]:
    """Return objects of an application whose values have arrived, all in one namespace."""
    objects = arrived()
    for one in objects.values():
        one["metadata"]["namespace"] = namespace
        one["metadata"].pop("generation", None)
    objects["ExternalArtifact"]["spec"]["sourceRef"]["namespace"] = namespace
    for entry in objects["Kustomization"]["status"]["inventory"]["entries"]:
        entry["id"] = entry["id"].replace("apps_", f"{namespace}_", 1)
    objects["Kustomization"]["spec"]["path"] = "./apps/my-app"
    objects["Deployment"]["status"]["observedGeneration"] = 1
    return objects


def test_the_way_of_a_value_is_followed(cluster: Cluster, client: ClusterClient, namespace: str) -> None:
    objects = moved(namespace)
    for one in objects.values():
        client.apply({field: value for field, value in one.items() if field != "status"})
    waiting = vaultgen_flux(cluster, "status", "my-app", "-n", namespace)
    assert waiting.status == 1
    assert waiting.stdout.startswith(f"… GitRepository {namespace}/flux-system: no controller has looked at it yet\n")
    for one in objects.values():
        if "status" in one:
            client.apply(one, status=True)
    there = vaultgen_flux(cluster, "status", "my-app", "-n", namespace)
    assert (there.status, there.stderr) == (0, "")
    assert there.stdout.endswith("\nall of it has arrived\n")
    assert re.findall("^✓ (\\w+)", there.stdout, re.MULTILINE) == [
        "GitRepository",
        "VaultArtifact",
        "ExternalArtifact",
        "Kustomization",
        "Secret",
        "Deployment",
    ]
    client.delete("Secret", namespace, objects["Secret"]["metadata"]["name"])
    stuck = vaultgen_flux(cluster, "status", "my-app", "-n", namespace)
    assert stuck.status == 1
    assert stuck.stdout.endswith(f"\nstuck at Secret {namespace}/{objects['Secret']['metadata']['name']}\n")


def test_a_reader_without_secrets_follows_it_too(cluster: Cluster, client: ClusterClient, namespace: str) -> None:
    """Whoever may view a namespace, as the ClusterRole of that name has it."""
    objects = moved(namespace)
    for one in objects.values():
        client.apply({field: value for field, value in one.items() if field != "status"})
        if "status" in one:
            client.apply(one, status=True)
    client.create_service_account(namespace, "reader")
    client.apply(_READER % {"namespace": namespace})
    kubeconfig = cluster.kubeconfig_with(client.new_token(namespace, "reader"))
    done = vaultgen_flux(cluster, "status", "my-app", "-n", namespace, kubeconfig=kubeconfig)
    assert (done.status, done.stderr) == (0, "")
    assert f"? Secret {namespace}/" in done.stdout
    assert f"✓ Deployment {namespace}/my-app: it is rolled out\n" in done.stdout


_READER = """
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: %(namespace)s}
rules:
- apiGroups: [vaultgen.dev, source.toolkit.fluxcd.io, kustomize.toolkit.fluxcd.io, apps]
  resources: ['*']
  verbs: [get, list]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader, namespace: %(namespace)s}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{kind: ServiceAccount, name: reader, namespace: %(namespace)s}]
"""
