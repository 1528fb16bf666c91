"""What `vaultgen flux status` makes of the messages of the real kustomize-controller."""

from collections.abc import Callable

import pyrage
import pytest

from support.application import Application
from support.eventually import eventually
from support.flux_cluster import Cluster
from vaultgen.cluster import KubernetesCluster
from vaultgen.flux.objects import Objects
from vaultgen.flux.status import walk

GENERATOR = b"""apiVersion: vaultgen.dev/v1alpha1
kind: VaultSecretGenerator
metadata: {name: app}
secretGenerator:
- name: app
  files: {k: 'vault:secret/data/app?key=k'}
"""
FILES = {
    "top/kustomization.yaml": b"generators: [secrets.yaml]\n",
    "top/secrets.yaml": GENERATOR,
    "other/kustomization.yaml": b"namePrefix: a-\n",
}
MERGE = {"name": "gone", "behavior": "merge", "files": {"k": "vault:secret/data/app?key=k"}}


def another_key(application: Application) -> None:
    application.put_key(str(pyrage.x25519.Identity.generate()))
    application.kustomize()


def another_artifact(application: Application) -> None:
    application.artifact(path="./other")
    application.kustomize()


def merged(application: Application) -> None:
    # Where a base renames things nobody but kustomize says that there is no such Secret.
    application.push({**FILES, "top/kustomization.yaml": b"resources: [../other]\ngenerators: [secrets.yaml]\n"})
    application.artifact(secretGenerator=[MERGE])
    application.kustomize()


CASES: dict[str, tuple[Callable[[Application], None], str]] = {
    "a path that is not there": (lambda app: app.kustomize("gone"), "the artifact has no directory of its path"),
    "another key": (another_key, "its key does not decrypt the values"),
    "a generator beside the path": (another_artifact, "it builds a generator that was not resolved"),
    "nothing to merge into": (merged, "an entry merges into a Secret that the tree does not make"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_failed_kustomization_is_explained(case: str, application: Application, cluster: Cluster) -> None:
    change, seen = CASES[case]
    application.write(k="x")
    application.push(FILES)
    application.artifact()
    application.published()
    change(application)
    reading = KubernetesCluster({"KUBECONFIG": str(cluster.kubeconfig)})

    def is_explained() -> bool:
        steps = walk(Objects(reading), application.namespace, "app")
        return [step.seen for step in steps if step.kind == "Kustomization"] == [seen]

    assert eventually(is_explained)


def test_the_message_without_decryption_says_so_itself(application: Application) -> None:
    application.write(k="x")
    application.push(FILES)
    application.artifact()
    application.published()
    application.kustomize(decryption=False)
    assert "spec.decryption-is-missing" in application.failure()
