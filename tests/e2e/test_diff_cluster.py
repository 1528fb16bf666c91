"""`vaultgen diff --against cluster`, with a server that answers as an API server would."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.api_server import ApiServer, running_api_server
from support.canaries import assert_no_canary, new_canary
from support.certificates import Certificates, make_certificates
from support.kustomize import CHECKOUT
from support.reviewer import STABLE, Reviewer, commit_shop, deployment, entry, tree
from support.vault_namespace import VaultNamespace
from support.yaml_blocks import yaml_blocks

PASSWORD = "vault:secret/data/app?key=password"
SECRETS = "/api/v1/namespaces/apps/secrets/"
DEPLOYMENTS = "/apis/apps/v1/namespaces/apps/deployments/"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def api(certificates: Certificates) -> Iterator[ApiServer]:
    with running_api_server(certificates) as server:
        server.token = "canary-of-the-cluster"
        yield server


@pytest.fixture
def reviewer(tmp_path: Path, vault_namespace: VaultNamespace, api: ApiServer) -> Reviewer:
    """Somebody with a kubeconfig, and a tree with a Secret of each kind, each read by a Deployment."""
    vault_namespace.root.write("app", {"password": new_canary("first")})
    made = Reviewer(tmp_path, vault_namespace)
    made.environment["KUBECONFIG"] = str(api.kubeconfig(tmp_path, {"token": api.token}))
    made.write(
        tree(
            entry("app", f"A={PASSWORD}", "B=b"),
            entry("stable", f"A={PASSWORD}", more=STABLE),
            resources="[web.yaml, old.yaml]",
            namespace="apps",
        ),
        {"app/web.yaml": deployment("web", "app"), "app/old.yaml": deployment("old", "stable")},
    )
    return made


def built(reviewer: Reviewer) -> list[Any]:
    """Return what would be applied."""
    return list(yaml.safe_load_all(reviewer.vaultgen("build", "--reveal", "app").stdout))


def apply(reviewer: Reviewer, api: ApiServer, namespace: str = "apps") -> list[str]:
    """Put what is built into the cluster, beside what is there; return the names of the Secrets."""
    names = []
    for resource in built(reviewer):
        name = resource["metadata"]["name"]
        if resource["kind"] == "Secret":
            names.append(name)
            data = {key: base64.b64decode(value) for key, value in resource["data"].items()}
            api.serve_secret(namespace, name, data)
        elif resource["kind"] == "Deployment":
            # What the API server adds to what was applied.
            resource["spec"]["template"]["spec"]["restartPolicy"] = "Always"
            resource["status"] = {"replicas": 1}
            api.answer(f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}", resource)
    return names


def diff(reviewer: Reviewer, *words: str, **environment: str) -> Any:
    return reviewer.diff("--against", "cluster", *words, **environment)


def found(report: Any) -> dict[str, str]:
    """Return what happens to each Secret."""
    return {one["name"]: one["change"] for one in report["secrets"]}


def test_what_was_applied_is_unchanged(reviewer: Reviewer, api: ApiServer) -> None:
    apply(reviewer, api)
    ran = reviewer.vaultgen("diff", "app", "--against", "cluster")
    assert (ran.status, ran.stderr) == (0, "")
    assert ran.stdout == (
        "app against cluster test\nSecrets, and the names of them in workloads; for all else there is kubectl diff\n"
        "\nno resource changes\n"
    )


def test_an_empty_cluster_gets_all(reviewer: Reviewer) -> None:
    report = diff(reviewer)
    assert found(report) == {"app": "added", "stable": "added"}
    assert {one["name"]: one["change"] for one in report["resources"]} == {"web": "added", "old": "added"}
    assert report["workloads"] == []


def test_a_rotation_is_told_by_key_and_with_what_restarts(reviewer: Reviewer, api: ApiServer) -> None:
    """The Secret with a suffix is compared with the one that the live Deployment refers to."""
    apply(reviewer, api)
    reviewer.vault.root.write("app", {"password": new_canary("second")})
    report = diff(reviewer)
    assert [(one["name"], one["change"], one["keys"]["changed"], one["newName"]) for one in report["secrets"]] == [
        ("app", "changed", ["A"], True),
        ("stable", "changed", ["A"], False),
    ]
    assert {one["name"]: (one["effect"], one["because"]) for one in report["workloads"]} == {
        "web": ("restarts", ["Secret app"]),
        "old": ("keeps-old", ["Secret stable"]),
    }


def test_a_key_that_somebody_has_put_there_goes(reviewer: Reviewer, api: ApiServer) -> None:
    (_, stable) = apply(reviewer, api)
    api.serve_secret("apps", stable, {"A": b"by hand", "C": b"by hand"})
    (change,) = diff(reviewer)["secrets"]
    assert change["keys"] == {"added": [], "removed": ["C"], "changed": ["A"]}


def test_an_old_secret_that_nobody_refers_to_is_no_earlier_one(reviewer: Reviewer, api: ApiServer) -> None:
    apply(reviewer, api)
    for path in [path for path in api.answers if path.startswith(DEPLOYMENTS)]:
        del api.answers[path]
    reviewer.vault.root.write("app", {"password": new_canary("second")})
    assert found(diff(reviewer)) == {"app": "added", "stable": "changed"}


def test_a_workload_that_refers_to_the_old_name_restarts_though_the_secret_is_there(
    reviewer: Reviewer, api: ApiServer
) -> None:
    apply(reviewer, api)
    web = json.loads(api.answers[DEPLOYMENTS + "web"][1])
    reviewer.vault.root.write("app", {"password": new_canary("second")})
    apply(reviewer, api)
    api.answer(DEPLOYMENTS + "web", web)
    report = diff(reviewer)
    assert report["secrets"] == []
    assert [(one["name"], one["effect"]) for one in report["workloads"]] == [("web", "restarts")]
    assert report["changed"] is True


@pytest.mark.parametrize("given", ["shop", ""])
def test_what_has_no_namespace_is_in_that_of_the_context(reviewer: Reviewer, api: ApiServer, given: str) -> None:
    kubeconfig = Path(reviewer.environment["KUBECONFIG"])
    config = json.loads(kubeconfig.read_text())
    if given:
        config["contexts"][0]["context"]["namespace"] = given
    kubeconfig.write_text(json.dumps(config))
    kustomization = reviewer.repository.path / "app/kustomization.yaml"
    kustomization.write_text(kustomization.read_text().replace("namespace: apps\n", ""))
    apply(reviewer, api, given or "default")
    assert diff(reviewer)["changed"] is False


def test_only_what_the_build_names_is_read_over_one_session(reviewer: Reviewer, api: ApiServer, tmp_path: Path) -> None:
    """And a credential plugin runs once, for the context too."""
    plugin = tmp_path / "plugin"
    credential = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": api.token},
    }
    plugin.write_text(f"#!/bin/sh\necho >>{tmp_path}/runs\necho '{json.dumps(credential)}'\n")
    plugin.chmod(0o755)
    user = {
        "exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(plugin), "interactiveMode": "Never"}
    }
    api.kubeconfig(tmp_path, user)
    names = apply(reviewer, api)
    api.asked.clear()
    assert diff(reviewer)["changed"] is False
    assert {asked.method for asked in api.asked} == {"GET"}
    assert sorted(asked.path for asked in api.asked) == sorted(
        [*(SECRETS + name for name in names), DEPLOYMENTS + "web", DEPLOYMENTS + "old"]
    )
    assert (tmp_path / "runs").read_text() == "\n"


def suffixes(reviewer: Reviewer) -> set[str]:
    """Return the true suffixes of what is built."""
    names: list[str] = [
        resource["metadata"]["name"] for resource in built(reviewer) if resource["kind"] != "Deployment"
    ]
    return {name.rpartition("-")[2] for name in names if "-" in name}


@pytest.mark.parametrize("output", ["text", "markdown", "json"])
def test_neither_values_nor_true_suffixes_are_shown(reviewer: Reviewer, api: ApiServer, output: str) -> None:
    """Also where values were copied into names and texts, and suffixes into other resources."""
    values = {"first": new_canary("first").replace("-", "x"), "second": "second5f0c3a"}
    replacements = """\
- source: {kind: Secret, name: app, fieldPath: data.A}
  targets:
  - select: {kind: ConfigMap, name: copied}
    fieldPaths: [metadata.name]
    options: {encoding: base64}
  - select: {kind: Deployment, name: old}
    fieldPaths: [metadata.labels.copy]
    options: {create: true}
"""
    kustomization = (reviewer.repository.path / "app/kustomization.yaml").read_text()
    more = "replacements: [{path: replacements.yaml}]\nconfigMapGenerator: [{name: settings, literals: [a=b]}]\n"
    reads_settings = '"envFrom": [{"configMapRef": {"name": "settings"}}, '
    reviewer.write(
        {
            "app/kustomization.yaml": kustomization.replace("old.yaml]", "old.yaml, copied.yaml]") + more,
            "app/replacements.yaml": replacements,
            "app/copied.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: copied}\n",
            "app/web.yaml": deployment("web", "app").replace('"envFrom": [', reads_settings),
        }
    )
    reviewer.vault.root.write("app", {"password": values["first"]})
    apply(reviewer, api)
    hidden = suffixes(reviewer)
    reviewer.vault.root.write("app", {"password": values["second"]})
    hidden |= suffixes(reviewer)
    assert len(hidden) >= 3
    ran = reviewer.vaultgen("diff", "app", "--against", "cluster", "--output", output, VAULTGEN_LOG="debug")
    assert ran.status == 1
    assert "Secret app" in ran.stdout
    said = {"stdout": ran.stdout, "stderr": ran.stderr}
    assert_no_canary({**values, "token": api.token}, said)
    assert [suffix for suffix in hidden if suffix in ran.stdout + ran.stderr] == []


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (403, "error[cluster-denied]: the Kubernetes API refused to show Secret apps/app\n"),
        (500, "error[cluster-unavailable]: the Kubernetes API cannot be asked for Secret apps/app: it answered 500\n"),
    ],
)
def test_a_refusal_of_the_cluster_is_told_without_the_suffix(
    reviewer: Reviewer, api: ApiServer, status: int, error: str
) -> None:
    names = apply(reviewer, api)
    api.answer(SECRETS + names[0], {"kind": "Status", "message": "canary-message"}, status)
    ran = reviewer.vaultgen("diff", "app", "--against", "cluster")
    assert (ran.status, ran.stdout) == (4, "")
    assert ran.stderr.startswith(error)
    assert "canary" not in ran.stderr
    assert not any(name in ran.stderr for name in names if name != "stable")


def test_without_a_cluster_vault_is_not_asked(reviewer: Reviewer) -> None:
    ran = reviewer.vaultgen("diff", "app", "--against", "cluster", KUBECONFIG="", VAULT_ADDR="http://127.0.0.1:1")
    assert ran.status == 4
    assert ran.stderr.startswith("error[cluster-unavailable]: the Kubernetes API cannot be asked for credentials: ")


def test_a_directory_of_that_name_can_be_named(reviewer: Reviewer) -> None:
    reviewer.write(tree(entry("app", "A=a"), directory="cluster"))
    report = reviewer.diff("--against", "./cluster")
    assert report["against"] == "./cluster"
    assert {(one["change"], one["namespace"]) for one in report["secrets"]} == {("added", "apps"), ("removed", "")}


# --- the page ---


def test_the_page_shows_what_is_printed(reviewer: Reviewer, api: ApiServer) -> None:
    kubeconfig = Path(reviewer.environment["KUBECONFIG"])
    kubeconfig.write_text(kubeconfig.read_text().replace('"test"', '"production"'))
    commit_shop(reviewer)
    apply(reviewer, api, "default")
    reviewer.vault.root.write("my-app/database", {"password": "rotated"})
    said, printed = reviewer.follows("docs/diff.md#the-cluster")
    assert printed == said


def test_the_role_of_the_page_allows_what_is_read(reviewer: Reviewer, api: ApiServer) -> None:
    (role,) = [found.trees()[0] for found in yaml_blocks(CHECKOUT / "docs/diff.md")]
    allowed = {
        ("get", f"{'/apis/' + group if group else '/api'}/", resource)
        for rule in role["rules"]
        for verb in rule["verbs"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
    apply(reviewer, api)
    api.asked.clear()
    diff(reviewer)
    for asked in api.asked:
        before, _, rest = asked.path.partition("/v1/")
        assert (asked.method.lower(), f"{before}/", rest.split("/")[2]) in allowed
