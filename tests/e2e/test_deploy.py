"""deploy/, built by the real kustomize, and the Containerfile. tests/flux asks the real API server about the same."""

import importlib
import importlib.util
import re
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from support.deployed import DEPLOY, Object, built, container_of, one_of
from support.kubernetes_objects import unknown_in
from support.kustomize import CHECKOUT
from vaultgen import __version__

CONTAINERFILE = (CHECKOUT / "Containerfile").read_text()
OWN_KINDS = {"CustomResourceDefinition"}


@pytest.fixture(scope="module")
def objects() -> list[Object]:
    return built()


def test_every_file_is_listed() -> None:
    listed = yaml.safe_load((DEPLOY / "kustomization.yaml").read_text())["resources"]
    assert {*listed, "kustomization.yaml"} == {path.name for path in DEPLOY.iterdir()}


def test_the_objects_have_no_field_that_an_api_server_does_not_know(objects: list[Object]) -> None:
    assert [
        (one["kind"], faults) for one in objects if one["kind"] not in OWN_KINDS and (faults := unknown_in(one))
    ] == []


def test_all_of_it_is_in_the_namespace_of_flux(objects: list[Object]) -> None:
    """Where Flux's policies let its controllers reach each other."""
    cluster_wide = {"CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding"}
    assert {one["metadata"].get("namespace") for one in objects if one["kind"] not in cluster_wide} == {"flux-system"}
    (subject,) = one_of(objects, "ClusterRoleBinding")["subjects"]
    assert subject == {"kind": "ServiceAccount", "name": "vaultgen", "namespace": "flux-system"}


def test_the_overlay_in_the_comment_builds(tmp_path: Path) -> None:
    text = (DEPLOY / "kustomization.yaml").read_text()
    overlay = "\n".join(re.findall(r"^#   (.*)$", text, re.MULTILINE))
    (tmp_path / "deploy").mkdir()
    for path in DEPLOY.iterdir():
        (tmp_path / "deploy" / path.name).write_text(path.read_text())
    (tmp_path / "kustomization.yaml").write_text(overlay)
    before, after = container_of(built()), container_of(built(tmp_path))
    assert before["args"][1:] == after["args"][1:]
    assert after["args"][0] == "--vault-address=https://vault.my-company.example:8200"
    assert after["image"] == f"registry.example.com/vaultgen:{__version__}"


# --- rights ---


def rules(objects: list[Object], name: str) -> list[tuple[str, str, str]]:
    """Return (group, resource, verb) of each right of a ClusterRole."""
    return [
        (group, resource, verb)
        for rule in one_of(objects, "ClusterRole", name)["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    ]


def test_the_controller_may_read_no_secret_and_issue_no_token(objects: list[Object]) -> None:
    rights = rules(objects, "vaultgen")
    assert {resource for group, resource, _ in rights if group == ""} == {"events", "namespaces"}
    assert not any("*" in right for right in rights)
    assert {group for group, _, _ in rights} == {
        "", "apiextensions.k8s.io", "source.toolkit.fluxcd.io", "vaultgen.dev",
    }  # fmt: skip
    assert [one["metadata"]["name"] for one in objects if one["kind"] in ("Role", "RoleBinding")] == []


def test_the_controller_writes_only_its_own_kinds_and_events(objects: list[Object]) -> None:
    written = {resource for _, resource, verb in rules(objects, "vaultgen") if verb not in ("get", "list", "watch")}
    assert {resource.partition("/")[0] for resource in written} == {"vaultartifacts", "externalartifacts", "events"}


def test_writing_a_vaultartifact_is_for_admins(objects: list[Object]) -> None:
    """It equals reading what its ServiceAccount reads."""
    labels = {
        one["metadata"]["name"]: {
            label.rpartition("/")[2] for label in one["metadata"]["labels"] if label.startswith("rbac.authorization")
        }
        for one in objects
        if one["kind"] == "ClusterRole"
    }
    assert labels == {
        "vaultgen": set(),
        "vaultgen-admin": {"aggregate-to-admin"},
        "vaultgen-view": {"aggregate-to-view"},
    }
    assert {verb for _, _, verb in rules(objects, "vaultgen-view")} == {"get", "list", "watch"}


# --- the Pod ---


def test_the_pod_meets_the_restricted_standard(objects: list[Object]) -> None:
    pod = one_of(objects, "Deployment")["spec"]["template"]["spec"]
    assert not pod.keys() & {"hostNetwork", "hostPID", "hostIPC", "initContainers"}
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container_of(objects)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert all(volume.keys() == {"name", "emptyDir"} for volume in pod["volumes"])


def test_there_is_never_more_than_one(objects: list[Object]) -> None:
    spec = one_of(objects, "Deployment")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})


def test_no_service_puts_variables_into_the_pod(objects: list[Object]) -> None:
    """One named vault would: VAULT_PORT and others."""
    assert one_of(objects, "Deployment")["spec"]["template"]["spec"]["enableServiceLinks"] is False


def test_ports_lead_where_the_controller_listens(objects: list[Object]) -> None:
    container = container_of(objects)
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    flags = dict(argument.split("=", 1) for argument in container["args"] if "=" in argument)
    listening = {name: f":{ports[name]}" for name in ports}
    assert listening == {
        "http": flags["--storage-addr"],
        "http-prom": flags["--metrics-addr"],
        "healthz": flags["--health-addr"],
    }
    (port,) = one_of(objects, "Service")["spec"]["ports"]
    assert (port["port"], port["targetPort"]) == (80, "http")
    annotations = one_of(objects, "Deployment")["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/port"] == str(ports["http-prom"])
    assert {container[probe]["httpGet"]["port"] for probe in ("livenessProbe", "readinessProbe")} == {"healthz"}


def test_the_selectors_find_the_pod(objects: list[Object]) -> None:
    labels = one_of(objects, "Deployment")["spec"]["template"]["metadata"]["labels"].items()
    assert one_of(objects, "Service")["spec"]["selector"].items() <= labels
    assert one_of(objects, "Deployment")["spec"]["selector"]["matchLabels"].items() <= labels
    assert one_of(objects, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"].items() <= labels


def test_artifacts_are_for_kustomize_controller_alone(objects: list[Object]) -> None:
    policy = one_of(objects, "NetworkPolicy")["spec"]
    open_to = {port["port"]: peer for rule in policy["ingress"] for port in rule["ports"] for peer in rule["from"]}
    assert open_to == {
        "http": {"podSelector": {"matchLabels": {"app": "kustomize-controller"}}},
        "http-prom": {"namespaceSelector": {}},
    }


COMMAND = "vaultgen.controller.command"


@pytest.mark.skipif(importlib.util.find_spec(COMMAND) is None, reason="there is no such command")
def test_every_argument_is_a_flag_of_the_controller(objects: list[Object]) -> None:
    command: Any = importlib.import_module(COMMAND).command
    flags = {flag for parameter in command.params for flag in (*parameter.opts, *parameter.secondary_opts)}
    assert {argument.partition("=")[0] for argument in container_of(objects)["args"]} <= flags
    assert isinstance(command.make_context("controller", list(container_of(objects)["args"])), click.Context)


# --- the image ---


def test_the_image_is_that_of_this_version(objects: list[Object]) -> None:
    """A short name of no registry: whoever builds the image says where it lies."""
    assert container_of(objects)["image"] == f"vaultgen:{__version__}"
    assert f"-t vaultgen:{__version__} " in CONTAINERFILE


def test_the_image_runs_the_controller_as_the_user_of_the_pod(objects: list[Object]) -> None:
    context = one_of(objects, "Deployment")["spec"]["template"]["spec"]["securityContext"]
    assert f"\nUSER {context['runAsUser']}:{context['runAsGroup']}\n" in CONTAINERFILE
    assert CONTAINERFILE.endswith('\nENTRYPOINT ["vaultgen", "controller"]\n')
    assert not container_of(objects).keys() & {"command", "workingDir"}


def test_what_the_image_is_made_of_is_there_and_reaches_the_build() -> None:
    sent = {line[1:] for line in (CHECKOUT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        name for names in re.findall(r"^COPY (?!--)(.*) \S+$", CONTAINERFILE, re.MULTILINE) for name in names.split()
    }
    assert sent == copied
    assert all((CHECKOUT / name).exists() for name in copied)
