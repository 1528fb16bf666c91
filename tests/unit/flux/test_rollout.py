"""What the status of a workload says about its Pods."""

from typing import Any

import pytest

from vaultgen.flux.rollout import has_given_up, is_on_delete, lag


def workload(kind: str, spec: dict[str, Any] | None = None, **status: int) -> dict[str, Any]:
    return {
        "kind": kind,
        "metadata": {"generation": 3},
        "spec": spec or {},
        "status": {"observedGeneration": 3, **status},
    }


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        (workload("Deployment", replicas=1, updatedReplicas=1, availableReplicas=1), ""),
        (workload("Deployment", {"replicas": 0}), ""),
        (workload("Deployment"), "0 of 1 Pods have the new template"),
        (workload("Deployment", observedGeneration=2), "its controller has not seen the change yet"),
        (workload("Deployment", replicas=3, updatedReplicas=1, availableReplicas=3), "2 old Pods are still there"),
        (workload("StatefulSet", {"replicas": 3}, replicas=3, updatedReplicas=2), "2 of 3 Pods have the new template"),
        (
            workload("StatefulSet", {"replicas": 3}, replicas=3, updatedReplicas=3, availableReplicas=2),
            "2 of 3 Pods are available",
        ),
        (workload("DaemonSet", desiredNumberScheduled=4, updatedNumberScheduled=4, numberAvailable=4), ""),
        (workload("DaemonSet"), ""),
        (
            workload("DaemonSet", desiredNumberScheduled=4, updatedNumberScheduled=1, numberAvailable=4),
            "1 of 4 Pods have the new template",
        ),
        ({"kind": "Deployment", "metadata": {"generation": 1}}, "its controller has not seen the change yet"),
        (workload("Deployment", {"replicas": "many"}), "0 of 1 Pods have the new template"),
    ],
)
def test_what_is_missing_is_said(tree: dict[str, Any], words: str) -> None:
    assert lag(tree) == words


def test_a_passed_deadline_is_seen() -> None:
    tree = workload("Deployment")
    assert not has_given_up(tree)
    tree["status"]["conditions"] = [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]
    assert has_given_up(tree)


def test_a_strategy_that_waits_for_somebody_is_seen() -> None:
    assert is_on_delete(workload("StatefulSet", {"updateStrategy": {"type": "OnDelete"}}))
    assert not is_on_delete(workload("Deployment"))
