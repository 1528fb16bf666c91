"""Two builds held against each other."""

import textwrap

import pytest

from vaultgen.compare import Comparison, ResourceChange, SecretChange, WorkloadChange, compare
from vaultgen.krm.resources import resources_in

OLD, NEW = "hbc28hm2g8", "25khgmg44c"


def secret(name: str = "app", namespace: str = "", more: str = "", **data: str) -> str:
    """Return a Secret; data is base64."""
    fields = "".join(f"  {key}: {value}\n" for key, value in data.items())
    place = f"  namespace: {namespace}\n" if namespace else ""
    return f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\n{place}data:\n{fields}{more}---\n"


def deployment(reference: str = "app", image: str = "web:1", name: str = "web", more: str = "") -> str:
    return textwrap.dedent(f"""\
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: {name}
        {more}
        spec:
          template:
            spec:
              containers:
              - name: web
                image: {image}
                envFrom:
                - secretRef:
                    name: {reference}
        ---
        """)


def config_map(name: str, **data: str) -> str:
    fields = "".join(f"  {key}: {value}\n" for key, value in data.items())
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n{fields}---\n"


def changes(before: str, after: str) -> Comparison:
    return compare(resources_in(before.encode()), resources_in(after.encode()))


def test_equal_builds_have_no_changes() -> None:
    build = secret(A="YQ==") + deployment() + config_map("settings", a="b")
    assert changes(build, build) == Comparison()
    assert changes(build, build).is_empty


def test_the_order_of_fields_and_resources_is_no_change() -> None:
    one = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {b: c}}\n---\n"
    other = "kind: ConfigMap\nmetadata: {labels: {b: c}, name: a}\napiVersion: v1\n---\n"
    assert changes(one + secret(A="YQ=="), secret(A="YQ==") + other).is_empty


def test_a_secret_changes_by_its_keys() -> None:
    before, after = secret(A="YQ==", B="Yg==", C="Yw=="), secret(B="Yg==", C="eA==", D="ZA==")
    assert changes(before, after) == Comparison(
        (SecretChange("changed", "", "app", False, added=("D",), removed=("A",), changed=("C",)),)
    )


def test_secrets_come_and_go_with_their_keys() -> None:
    found = changes(secret("old", A="YQ=="), secret("new", "apps", B="Yg=="))
    assert found.secrets == (
        SecretChange("added", "apps", "new", added=("B",)),
        SecretChange("removed", "", "old", removed=("A",)),
    )
    assert not found.is_empty


def test_another_namespace_or_prefix_is_another_secret() -> None:
    found = changes(secret("app", "apps", A="YQ=="), secret("shop-app", "apps", A="YQ=="))
    assert [(one.change, one.name) for one in found.secrets] == [("added", "shop-app"), ("removed", "app")]
    found = changes(secret("app", "apps", A="YQ=="), secret("app", "shop", A="YQ=="))
    assert [(one.change, one.namespace) for one in found.secrets] == [("added", "shop"), ("removed", "apps")]


def test_another_suffix_is_the_same_secret_under_a_new_name() -> None:
    before, after = secret(f"app-{OLD}", A="YQ=="), secret(f"app-{NEW}", A="eA==")
    assert changes(before, after).secrets == (SecretChange("changed", "", "app", True, changed=("A",)),)


def test_what_else_changes_in_a_secret_is_told_by_path() -> None:
    before = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: app\n  labels: {a: b, c: d}\ntype: a\n---\n"
    after = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: app\n  labels: {a: x}\n  annotations: {e: f}\ntype: a\n"
    (change,) = changes(before, after).secrets
    assert change.fields == ("metadata.annotations", "metadata.labels.a", "metadata.labels.c")
    assert (change.added, change.removed, change.changed) == ((), (), ())


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (secret(more="type: a\n", A="YQ=="), secret(more="type: b\n", A="YQ=="), "the type of a Secret"),
        (secret(more="immutable: true\n", A="YQ=="), secret(more="immutable: true\n", A="eA=="), "it is immutable"),
        (secret(more="immutable: true\n", A="YQ=="), secret(A="YQ=="), "it is immutable"),
        (secret(A="YQ=="), secret(more="immutable: true\n", A="eA=="), ""),
        (
            secret(f"app-{OLD}", more="immutable: true\n", A="YQ=="),
            secret(f"app-{NEW}", more="immutable: true\n", A="eA=="),
            "",
        ),
    ],
)
def test_what_the_api_server_refuses_is_said(before: str, after: str, why: str) -> None:
    (change,) = changes(before, after).secrets
    assert change.unappliable.startswith(why)
    assert bool(change.unappliable) == bool(why)


def test_no_value_is_in_what_is_returned() -> None:
    found = changes(secret(A="aHVudGVyMg=="), secret(A="Y2FuYXJ5", B="Y2FuYXJ5"))
    assert not any(text in repr(found) for text in ("aHVudGVyMg", "hunter2", "Y2FuYXJ5", "canary"))


# --- other resources ---


def test_another_resource_changes_line_by_line() -> None:
    found = changes(config_map("settings", a="b", c="d"), config_map("settings", a="b", c="e"))
    (change,) = found.resources
    assert (change.change, change.kind, change.name) == ("changed", "ConfigMap", "settings")
    assert [line for line in change.diff if line[0] in "+-"] == ["-  c: d", "+  c: e"]
    assert change.diff[0].startswith("@@ ")


def test_other_resources_come_and_go_by_name() -> None:
    found = changes(config_map("old", a="b"), deployment())
    assert found.resources == (
        ResourceChange("added", "apps", "Deployment", "", "web"),
        ResourceChange("removed", "", "ConfigMap", "", "old"),
    )


def test_a_suffix_alone_makes_no_lines() -> None:
    found = changes(deployment(f"app-{OLD}") + secret(f"app-{OLD}"), deployment(f"app-{NEW}") + secret(f"app-{NEW}"))
    assert found.resources == (ResourceChange("changed", "apps", "Deployment", "", "web"),)


def test_another_version_of_the_same_api_is_a_change_of_a_field() -> None:
    before = "apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: a}\n"
    (change,) = changes(before, before.replace("v1beta1", "v1")).resources
    assert change.change == "changed"
    assert "+apiVersion: policy/v1" in change.diff


# --- workloads ---


def rotated(old: str, new: str, more: str = "") -> Comparison:
    """Return what changes if the value of a Secret with these names does."""
    return changes(
        secret(old, A="YQ==") + deployment(old, more=more), secret(new, A="eA==") + deployment(new, more=more)
    )


def test_another_suffix_restarts_what_names_the_secret() -> None:
    assert rotated(f"app-{OLD}", f"app-{NEW}").workloads == (
        WorkloadChange("Deployment", "", "web", "restarts", ("Secret app",)),
    )


def test_a_stable_name_restarts_nothing() -> None:
    assert rotated("app", "app").workloads == (WorkloadChange("Deployment", "", "web", "keeps-old", ("Secret app",)),)


def test_a_suffix_that_comes_or_goes_is_a_new_name() -> None:
    for old, new in (("app", f"app-{NEW}"), (f"app-{OLD}", "app")):
        found = rotated(old, new)
        assert found.secrets[0].renamed
        assert found.workloads == (WorkloadChange("Deployment", "", "web", "restarts", ("Secret app",)),)


def test_a_template_may_change_by_itself() -> None:
    found = changes(deployment(image="web:1"), deployment(image="web:2"))
    assert found.workloads == (WorkloadChange("Deployment", "", "web", "restarts", ("pod template",)),)


def test_a_template_may_change_in_both_ways() -> None:
    before = secret(f"app-{OLD}", A="YQ==") + deployment(f"app-{OLD}", image="web:1")
    after = secret(f"app-{NEW}", A="eA==") + deployment(f"app-{NEW}", image="web:2")
    (workload,) = changes(before, after).workloads
    assert workload.because == ("Secret app", "pod template")


def test_another_secret_is_named_too() -> None:
    (workload,) = changes(deployment("app"), deployment("other")).workloads
    assert workload.because == ("Secret other", "pod template")


def test_what_changes_outside_the_template_restarts_nothing() -> None:
    found = changes(deployment(), deployment(more="  labels: {a: b}"))
    assert found.workloads == ()
    assert len(found.resources) == 1


def test_a_config_map_counts_like_a_secret() -> None:
    web = deployment("settings").replace("secretRef", "configMapRef")
    found = changes(config_map("settings", a="b") + web, config_map("settings", a="c") + web)
    assert found.workloads == (WorkloadChange("Deployment", "", "web", "keeps-old", ("ConfigMap settings",)),)


def test_reloader_finds_the_secrets_that_are_marked_for_it() -> None:
    search = "  annotations: {reloader.stakater.com/search: 'true'}"
    marked = [
        secret(A=value).replace("name: app", "name: app\n  annotations: {reloader.stakater.com/match: 'true'}")
        for value in ("YQ==", "eA==")
    ]
    found = changes(marked[0] + deployment(more=search), marked[1] + deployment(more=search))
    assert [one.effect for one in found.workloads] == ["reloader"]
    assert [one.effect for one in rotated("app", "app", search).workloads] == ["keeps-old"]


def test_a_workload_that_comes_or_goes_restarts_nothing() -> None:
    assert changes(deployment(name="old"), deployment(name="new")).workloads == ()
