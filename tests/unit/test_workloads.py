"""What a pod template reads, and what a change means for the Pods."""

from typing import Any

import pytest

from vaultgen.workloads import Effect, Use, effect_of_data, effect_of_template, pod_template, reloader_matches, uses

POD: dict[str, Any] = {
    "spec": {
        "initContainers": [{"envFrom": [{"configMapRef": {"name": "settings"}}, {"secretRef": {"name": "all"}}]}],
        "containers": [
            {
                "env": [
                    {"name": "PLAIN", "value": "text"},
                    {"name": "A", "valueFrom": {"secretKeyRef": {"name": "app", "key": "a"}}},
                    {"name": "B", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "b"}}},
                ],
                "volumeMounts": [
                    {"name": "files", "mountPath": "/files"},
                    {"name": "files", "mountPath": "/one", "subPath": "a"},
                    {"name": "both", "mountPath": "/both"},
                    {"name": "elsewhere", "mountPath": "/tmp"},
                ],
            }
        ],
        "volumes": [
            {"name": "files", "secret": {"secretName": "app", "items": [{"key": "a", "path": "x"}]}},
            {
                "name": "both",
                "projected": {"sources": [{"secret": {"name": "app"}}, {"configMap": {"name": "settings"}}]},
            },
            {"name": "unused", "secret": {"secretName": "other"}},
        ],
    }
}


def workload(pod: dict[str, Any], kind: str = "Deployment", **metadata: Any) -> dict[str, Any]:
    spec: dict[str, Any] = {"template": pod}
    return {"metadata": metadata, "spec": {"jobTemplate": {"spec": spec}} if kind == "CronJob" else spec}


def env_from(name: str) -> dict[str, Any]:
    return {"spec": {"containers": [{"envFrom": [{"secretRef": {"name": name}}]}]}}


def env(name: str, key: str) -> dict[str, Any]:
    reference = {"name": name, "key": key}
    return {"spec": {"containers": [{"env": [{"name": "X", "valueFrom": {"secretKeyRef": reference}}]}]}}


def mounted(name: str, *keys: str, **mount: str) -> dict[str, Any]:
    source = {"secretName": name, **({"items": [{"key": key} for key in keys]} if keys else {})}
    return {
        "spec": {
            "containers": [{"volumeMounts": [{"name": "v", **mount}]}],
            "volumes": [{"name": "v", "secret": source}],
        }
    }


def test_all_places_that_containers_read_are_found() -> None:
    a, b = frozenset("a"), frozenset("b")
    assert list(uses(POD)) == [
        Use("ConfigMap", "settings", None, "variable"),
        Use("Secret", "all", None, "variable"),
        Use("Secret", "app", a, "variable"),
        Use("ConfigMap", "settings", b, "variable"),
        Use("Secret", "app", a, "volume"),
        Use("Secret", "app", a, "subPath"),
        Use("Secret", "app", None, "volume"),
        Use("ConfigMap", "settings", None, "volume"),
    ]


@pytest.mark.parametrize("pod", [{}, {"spec": None}, {"spec": {"containers": "x"}}, {"spec": {"containers": [None]}}])
def test_a_template_of_another_shape_reads_nothing(pod: dict[str, Any]) -> None:
    assert list(uses(pod)) == []


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
def test_the_template_of_a_workload_is_found(kind: str) -> None:
    assert pod_template("apps", kind, workload(POD)) == POD


def test_the_template_of_a_cron_job_lies_deeper() -> None:
    assert pod_template("batch", "CronJob", workload(POD, "CronJob")) == POD


def test_a_rollout_that_names_a_deployment_has_no_template() -> None:
    assert pod_template("argoproj.io", "Rollout", {"spec": {"workloadRef": {"name": "web"}}}) is None
    assert pod_template("argoproj.io", "Rollout", workload(POD)) == POD


def test_a_kind_of_another_group_is_no_workload() -> None:
    assert pod_template("example.com", "Deployment", workload(POD)) is None


@pytest.mark.parametrize(
    ("kind", "effect"),
    [
        ("Deployment", "restarts"),
        ("StatefulSet", "restarts"),
        ("Rollout", "restarts"),
        ("CronJob", "next-run"),
        ("Job", "cannot-apply"),
    ],
)
def test_what_a_changed_template_means(kind: str, effect: Effect) -> None:
    assert effect_of_template(kind, workload(POD, kind)) == effect


def test_a_strategy_may_leave_the_restart_to_somebody() -> None:
    tree = {"spec": {"updateStrategy": {"type": "OnDelete"}}}
    assert effect_of_template("DaemonSet", tree) == "on-delete"


CHANGED = {("Secret", "apps", "app"): {"a"}}


@pytest.mark.parametrize(
    ("pod", "effect"),
    [
        (env_from("app"), "keeps-old"),
        (env("app", "a"), "keeps-old"),
        (mounted("app"), "in-place"),
        (mounted("app", "a"), "in-place"),
        (mounted("app", subPath="a"), "keeps-old"),
        (mounted("app", subPathExpr="$(A)"), "keeps-old"),
    ],
)
def test_what_data_that_changes_under_a_stable_name_means(pod: dict[str, Any], effect: Effect) -> None:
    found = effect_of_data("apps", "Deployment", workload(pod, namespace="apps"), CHANGED)
    assert found == (effect, ["Secret app"])


@pytest.mark.parametrize("pod", [env("app", "b"), env_from("other"), mounted("app", "b"), {}])
def test_what_reads_another_key_or_secret_sees_nothing(pod: dict[str, Any]) -> None:
    assert effect_of_data("apps", "Deployment", workload(pod, namespace="apps"), CHANGED) is None


def test_a_secret_of_another_namespace_is_another() -> None:
    assert effect_of_data("apps", "Deployment", workload(env_from("app"), namespace="shop"), CHANGED) is None
    anywhere = {("Secret", "", "app"): {"a"}}
    assert effect_of_data("apps", "Deployment", workload(env_from("app"), namespace="shop"), anywhere)


def test_variables_count_more_than_volumes() -> None:
    pod = mounted("app")
    pod["spec"]["containers"] += env_from("app")["spec"]["containers"]
    found = effect_of_data("apps", "Deployment", workload(pod, namespace="apps"), CHANGED)
    assert found == ("keeps-old", ["Secret app"])


def test_a_cron_job_reads_it_at_its_next_run_and_a_job_has_run() -> None:
    for kind, expected in (("CronJob", ("next-run", ["Secret app"])), ("Job", None)):
        tree = workload(env_from("app"), kind, namespace="apps")
        assert effect_of_data("batch", kind, tree, CHANGED) == expected


@pytest.mark.parametrize(
    "annotations",
    [
        {"reloader.stakater.com/auto": "true"},
        {"secret.reloader.stakater.com/auto": "true"},
        {"secret.reloader.stakater.com/reload": "other, app"},
        {"reloader.stakater.com/search": "true"},
    ],
)
@pytest.mark.parametrize("on_template", [False, True])
def test_reloader_restarts_what_it_is_told_to(annotations: dict[str, str], on_template: bool) -> None:
    pod = env_from("app")
    if on_template:
        pod["metadata"] = {"annotations": annotations}
    tree = workload(pod, namespace="apps", annotations={} if on_template else annotations)
    found = effect_of_data("apps", "Deployment", tree, CHANGED, [("Secret", "apps", "app")])
    assert found == ("reloader", ["Secret app"])


@pytest.mark.parametrize(
    "annotations",
    [
        {"reloader.stakater.com/auto": "false"},
        {"configmap.reloader.stakater.com/auto": "true"},
        {"secret.reloader.stakater.com/reload": "application"},
        {"reloader.stakater.com/search": "true"},
    ],
)
def test_reloader_leaves_alone_what_it_is_not_told(annotations: dict[str, str]) -> None:
    tree = workload(env_from("app"), namespace="apps", annotations=annotations)
    assert effect_of_data("apps", "Deployment", tree, CHANGED) == ("keeps-old", ["Secret app"])


def test_the_mark_that_reloader_searches_for_is_an_annotation() -> None:
    assert reloader_matches({"metadata": {"annotations": {"reloader.stakater.com/match": "true"}}})
    assert not reloader_matches({"metadata": {"labels": {"reloader.stakater.com/match": "true"}}})
