"""The way from a source to the Pods, with one thing wrong at a time."""

from collections.abc import Callable
from typing import Any, cast

import pytest

from support.arrived import arrived
from support.in_memory_cluster import InMemoryCluster, Object, codes, path_of
from vaultgen.cluster import KubernetesCluster
from vaultgen.errors import Refused
from vaultgen.flux.objects import Objects
from vaultgen.flux.status import Step, walk

Change = Callable[[dict[str, Object]], object]


def walked(cluster: InMemoryCluster) -> list[Step]:
    return list(walk(Objects(cast(KubernetesCluster, cluster)), "flux-system", "my-app"))


def after(change: Change) -> list[Step]:
    """Return the steps after a change of the objects, by their kind; what is popped is not in the cluster."""
    objects = arrived()
    change(objects)
    return walked(InMemoryCluster(*objects.values()))


def not_ready(reason: str, status: str = "False") -> list[Any]:
    return [{"type": "Ready", "status": status, "reason": reason, "message": "canary of a build"}]


def test_what_has_arrived_is_told_object_by_object() -> None:
    steps = walked(InMemoryCluster(*arrived().values()))
    assert [(step.kind, step.namespace, step.name, step.outcome) for step in steps] == [
        ("GitRepository", "flux-system", "flux-system", "ok"),
        ("VaultArtifact", "flux-system", "my-app", "ok"),
        ("ExternalArtifact", "flux-system", "my-app", "ok"),
        ("Kustomization", "flux-system", "my-app", "ok"),
        ("Secret", "apps", "my-app-secrets-2ckfmhc8fd", "ok"),
        ("Deployment", "apps", "my-app", "ok"),
    ]
    assert steps[1].seen.splitlines()[1:] == [
        "secret/data/my-app/database version 3",
        "secret/data/my-app/api version 1 in namespace team-a",
    ]


def test_no_value_is_asked_for() -> None:
    cluster = InMemoryCluster(*arrived().values())
    walked(cluster)
    forms = {form for (_, path), form in zip(cluster.asked, cluster.accepted, strict=True) if "/secrets/" in path}
    assert forms == {"application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"}


WRONG: dict[str, tuple[Change, str, str, str]] = {
    "no source": (lambda all: all.pop("GitRepository"), "GitRepository", "stuck", "it is not there"),
    "a source that fails": (
        lambda all: all["GitRepository"]["status"].update(conditions=not_ready("GitOperationFailed")),
        "GitRepository",
        "stuck",
        "it is not ready: GitOperationFailed",
    ),
    "a source of before": (
        lambda all: all["GitRepository"]["status"]["artifact"].update(revision="main@sha1:bbb"),
        "VaultArtifact",
        "waiting",
        "it is still that of main@sha1:aaa",
    ),
    "nobody there": (
        lambda all: all["VaultArtifact"].pop("status"),
        "VaultArtifact",
        "stuck",
        "no controller has looked at it",
    ),
    "suspended": (
        lambda all: all["VaultArtifact"]["spec"].update(suspend=True),
        "VaultArtifact",
        "stuck",
        "it is suspended",
    ),
    "Vault says no": (
        lambda all: all["VaultArtifact"]["status"].update(
            conditions=[
                {"type": "Ready", "status": "False", "reason": "AccessDenied", "message": "permission-denied: a"}
            ]
        ),
        "VaultArtifact",
        "stuck",
        "AccessDenied: permission-denied: a",
    ),
    "changed a moment ago": (
        lambda all: all["VaultArtifact"]["metadata"].update(generation=2),
        "VaultArtifact",
        "waiting",
        "the controller has not seen the last change of it yet",
    ),
    "deleted without a controller": (
        lambda all: all["VaultArtifact"]["metadata"].update(deletionTimestamp="2026-01-02T03:04:05Z"),
        "VaultArtifact",
        "waiting",
        "it is being deleted",
    ),
    "nothing published": (lambda all: all.pop("ExternalArtifact"), "ExternalArtifact", "stuck", "it is not there"),
    "somebody else's": (
        lambda all: all["ExternalArtifact"]["spec"]["sourceRef"].update(kind="ArtifactGenerator"),
        "ExternalArtifact",
        "stuck",
        "it belongs to somebody else",
    ),
    "not announced": (
        lambda all: all["ExternalArtifact"]["status"]["artifact"].update(revision="latest@sha256:aa"),
        "ExternalArtifact",
        "waiting",
        "it does not name what was published last yet",
    ),
    "nobody applies it": (
        lambda all: all["Kustomization"]["spec"]["sourceRef"].update(kind="GitRepository"),
        "Kustomization",
        "stuck",
        "none has sourceRef {kind: ExternalArtifact, name: my-app}",
    ),
    "no key": (
        lambda all: (
            all["Kustomization"]["spec"].pop("decryption"),
            all["Kustomization"]["status"].update(conditions=not_ready("BuildFailed")),
        ),
        "Kustomization",
        "stuck",
        "it has no key to decrypt the values with",
    ),
    "no Secret with the key": (
        lambda all: all["Kustomization"]["status"].update(conditions=not_ready("BuildFailed")),
        "Kustomization",
        "stuck",
        "its key, Secret flux-system/my-app-age, is not there",
    ),
    "a suspended Kustomization": (
        lambda all: all["Kustomization"]["spec"].update(suspend=True),
        "Kustomization",
        "stuck",
        "it is suspended",
    ),
    "applied before": (
        lambda all: all["Kustomization"]["status"].update(lastAppliedRevision="latest@sha256:aa"),
        "Kustomization",
        "waiting",
        "it has applied latest@sha256:aa so far",
    ),
    "applied for the first time": (
        lambda all: all["Kustomization"]["status"].pop("lastAppliedRevision"),
        "Kustomization",
        "waiting",
        "it has applied nothing so far",
    ),
    "a removed Deployment": (lambda all: all.pop("Deployment"), "Deployment", "stuck", "somebody removed it"),
    "a rollout": (
        lambda all: all["Deployment"]["status"].update(updatedReplicas=1),
        "Deployment",
        "waiting",
        "1 of 2 Pods have the new template",
    ),
    "a rollout past its deadline": (
        lambda all: all["Deployment"]["status"].update(
            availableReplicas=1, conditions=[{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}]
        ),
        "Deployment",
        "stuck",
        "1 of 2 Pods are available; its deadline is over",
    ),
    "a name that was not rewritten": (
        lambda all: (
            all["Deployment"]["status"].update(availableReplicas=0),
            all["Deployment"]["spec"]["template"]["spec"]["containers"][0].update(
                envFrom=[{"secretRef": {"name": "my-app-secrets"}}]
            ),
        ),
        "Deployment",
        "stuck",
        "0 of 2 Pods are available; its Pods need the Secret my-app-secrets, which is not there",
    ),
}
"""What is wrong → a change, and the first step that has not arrived: kind, outcome, what is seen."""


@pytest.mark.parametrize("wrong", WRONG)
def test_the_first_thing_in_the_way_is_named(wrong: str) -> None:
    change, kind, outcome, seen = WRONG[wrong]
    steps = after(change)
    late = next(step for step in steps if step.outcome != "ok")
    assert (late.kind, late.outcome, late.seen) == (kind, outcome, seen)
    assert outcome == "waiting" or late.advice or kind == "VaultArtifact"
    # Its words are those of Flux, which may quote what it was building.
    assert not any("canary" in step.seen + step.advice for step in steps)


SAID = {
    "can't access 'ExternalArtifact/flux-system/my-app', ExternalArtifact feature gate is disabled": (
        "kustomize-controller takes no ExternalArtifacts",
        "--feature-gates=ExternalArtifact=true",
    ),
    "can't access 'ExternalArtifact/a/my-app', cross-namespace references have been blocked": (
        "kustomize-controller takes no artifacts of another namespace",
        "--no-cross-namespace-refs",
    ),
    "kustomization path not found: stat /tmp/kustomization-1/apps/nope: no such file or directory": (
        "the artifact has no directory of its path",
        "spec.path",
    ),
    "error decrypting sources: cannot get sops data key: Failed to get the data key required to decrypt": (
        "its key does not decrypt the values",
        ".agekey",
    ),
    "merging from generator: id resid.ResId{} does not exist; cannot merge or replace": (
        "an entry merges into a Secret that the tree does not make",
        "behavior",
    ),
    "kustomize build failed: unable to load external plugin 'VaultSecretGenerator'": (
        "it builds a generator that was not resolved",
        "spec.path",
    ),
    "canary": ("it is not ready: BuildFailed", "kubectl -n flux-system describe kustomization my-app"),
}
"""What kustomize-controller says → what is seen, and a part of what to do."""


@pytest.mark.parametrize("said", SAID)
def test_what_kustomize_controller_says_is_told_in_our_words(said: str) -> None:
    def change(all: dict[str, Object]) -> None:
        all["Kustomization"]["spec"]["decryption"].pop("secretRef")
        all["Kustomization"]["status"].update(conditions=[{**not_ready("BuildFailed")[0], "message": said}])

    (step,) = [step for step in after(change) if step.kind == "Kustomization"]
    seen, advice = SAID[said]
    assert (step.outcome, step.seen) == ("stuck", seen)
    assert advice in step.advice
    assert "canary" not in step.advice


def test_what_the_controller_found_remarkable_is_told() -> None:
    def change(all: dict[str, Object]) -> None:
        (ready,) = all["VaultArtifact"]["status"]["conditions"]
        all["VaultArtifact"]["status"]["conditions"] = [
            {**ready, "message": "published a from b; nothing is from Vault"}
        ]

    (step,) = [step for step in after(change) if step.kind == "VaultArtifact"]
    assert (step.outcome, step.advice) == ("ok", "nothing is from Vault")


def test_without_an_artifact_the_kustomization_is_not_to_blame() -> None:
    def change(all: dict[str, Object]) -> None:
        all.pop("ExternalArtifact")
        all["Kustomization"]["status"].update(conditions=not_ready("ArtifactFailed"))

    (step,) = [step for step in after(change) if step.kind == "Kustomization"]
    assert (step.outcome, step.advice) == ("waiting", "see above")


@pytest.mark.parametrize(("path", "is_another"), [("./", False), ("", False), ("apps/my-app/", True)])
def test_a_path_that_is_not_the_artifacts_is_told(path: str, is_another: bool) -> None:
    steps = after(lambda all: all["Kustomization"]["spec"].update(path=path))
    (step,) = [step for step in steps if step.kind == "Kustomization"]
    assert step.outcome == "ok"
    assert step.advice.startswith("its path is ./apps/my-app, that of the VaultArtifact .:") is is_another


def test_a_removed_secret_is_seen() -> None:
    steps = after(lambda all: all.pop("Secret"))
    assert [(step.kind, step.outcome) for step in steps if step.outcome != "ok"] == [("Secret", "stuck")]


def test_what_may_not_be_looked_at_is_no_failure() -> None:
    objects = arrived()
    cluster = InMemoryCluster(*objects.values())
    cluster.denied = {
        path_of(objects["Secret"]),
        path_of(objects["Deployment"]),
        "/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations",
    }
    steps = walked(cluster)
    assert [(step.kind, step.outcome) for step in steps[3:]] == [
        ("Kustomization", "ok"),
        ("Secret", "unknown"),
        ("Deployment", "unknown"),
    ]


def test_every_kustomization_that_applies_it_is_followed() -> None:
    """Many lie in a cluster, in all namespaces: they are listed page by page."""
    objects = arrived()
    cluster = InMemoryCluster(*objects.values())
    for number in range(60):
        other = arrived()["Kustomization"]
        other["metadata"] = {"name": f"other-{number:02}", "namespace": "apps"}
        if number == 59:
            other["spec"]["sourceRef"]["namespace"] = "flux-system"
        cluster.put(other)
    names = [(step.namespace, step.name) for step in walked(cluster) if step.kind == "Kustomization"]
    assert names == [("apps", "other-59"), ("flux-system", "my-app")]


def test_an_artifact_that_is_not_there_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        walked(InMemoryCluster())
    assert codes(caught.value) == ["cluster-not-found"]
