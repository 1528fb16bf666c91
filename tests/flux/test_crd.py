"""The CustomResourceDefinition on the real API server: what it takes, what it refuses and in which words."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.canaries import new_plain_canary
from support.cluster_client import ApiRefused, ClusterClient
from support.odd_times import NO_TIMES, TIMES
from support.vault_artifacts import ARTIFACT, EVERY_FIELD, STATUS
from vaultgen.controller.conditions import succeeded
from vaultgen.controller.external_artifact import Publication
from vaultgen.controller.resolve import Resolved, Version
from vaultgen.controller.resource import VaultArtifact

DEPLOY = Path(__file__).parents[2] / "deploy"

Change = Callable[[dict[str, Any]], object]


@pytest.fixture(autouse=True)
def _installed(client: ClusterClient) -> None:
    client.install_crds((DEPLOY / "crd.yaml").read_text())


def made(client: ClusterClient, namespace: str, tree: dict[str, Any], change: Change = lambda _: None) -> Any:
    """Apply a changed copy of an object in a namespace, and return it as the API server has it."""
    tree = copy.deepcopy(tree)
    tree["metadata"]["namespace"] = namespace
    change(tree["spec"])
    (applied,) = client.apply(tree)
    return applied


def test_every_field_is_kept(client: ClusterClient, namespace: str) -> None:
    """One that the schema did not know would be pruned without a word."""
    assert made(client, namespace, EVERY_FIELD)["spec"] == EVERY_FIELD["spec"]


def test_the_status_is_kept_and_is_no_part_of_the_object(client: ClusterClient, namespace: str) -> None:
    applied = made(client, namespace, {**ARTIFACT, "status": STATUS})
    # Until the controller has looked, kstatus takes nobody for ready.
    assert applied["status"] == {"observedGeneration": -1}
    (written,) = client.apply(
        {**ARTIFACT, "metadata": applied["metadata"] | {"managedFields": None}, "status": STATUS}, status=True
    )
    assert written["status"] == STATUS
    assert written["metadata"]["generation"] == applied["metadata"]["generation"]


@pytest.mark.parametrize("text", [*TIMES, *NO_TIMES])
def test_whatever_vault_says_of_times_the_status_is_taken(client: ClusterClient, namespace: str, text: str) -> None:
    applied = made(client, namespace, ARTIFACT)
    resolved = Resolved([], [Version("secret/data/app", "", 1, text)])
    now = "2026-01-02T03:04:05Z"
    publication = Publication("sha256:00", "externalartifact/a/b/00.tar.gz", "http://a/b", "main@sha1:00", now)
    status = succeeded(VaultArtifact(applied), publication, resolved, now)
    name = {"name": "my-app", "namespace": namespace}
    (written,) = client.apply({**ARTIFACT, "metadata": name, "status": status}, status=True)
    assert written["status"] == status


def test_a_list_shows_how_each_is(client: ClusterClient, namespace: str) -> None:
    made(client, namespace, ARTIFACT)
    name = {"name": "my-app", "namespace": namespace}
    client.apply({**ARTIFACT, "metadata": name, "status": STATUS}, status=True)
    path = f"/apis/vaultgen.dev/v1alpha1/namespaces/{namespace}/vaultartifacts"
    table = client.request("GET", path, accept="application/json;as=Table;v=v1;g=meta.k8s.io")
    columns = [column["name"] for column in table["columnDefinitions"]]
    assert columns == ["Name", "Age", "Ready", "Status", "Revision"]
    (row,) = table["rows"]
    assert row["cells"][2:] == ["True", STATUS["conditions"][0]["message"], STATUS["artifact"]["revision"]]


def test_it_has_a_short_name_and_categories(client: ClusterClient) -> None:
    resources = client.request("GET", "/apis/vaultgen.dev/v1alpha1")["resources"]
    (found,) = [resource for resource in resources if resource["name"] == "vaultartifacts"]
    assert found["shortNames"] == ["vart"]
    assert found["categories"] == ["all", "fluxcd", "fluxcd-sources"]


REFUSED: dict[str, tuple[Change, str]] = {
    "no method": (
        lambda spec: spec["vault"].update(auth={}),
        "spec.vault.auth: Invalid value: exactly one of kubernetes and token must be given",
    ),
    "two methods": (
        lambda spec: spec["vault"]["auth"].update(token={"secretRef": {"name": "vault-auth"}}),
        "spec.vault.auth: Invalid value: exactly one of kubernetes and token must be given",
    ),
    "a value": (
        lambda spec: spec["secretGenerator"][0]["files"].update(password="canary"),
        "spec.secretGenerator[0].files: Invalid value: each value must be a reference such as vault:",
    ),
    "a file": (
        lambda spec: spec["secretGenerator"][0]["files"].update(logo="assets/logo.png"),
        "each value must be a reference",
    ),
    "no file": (lambda spec: spec["secretGenerator"][0].update(files={}), "should have at least 1 properties"),
    "a private key": (
        lambda spec: spec["encryption"]["age"].update(recipients=["AGE-SECRET-KEY-1CANARY"]),
        "spec.encryption.age.recipients: Invalid value: each must be the public half of an age key, age1…",
    ),
    "nobody to encrypt for": (
        lambda spec: spec["encryption"]["age"].update(recipients=[]),
        "spec.encryption.age.recipients",
    ),
    "itself": (
        lambda spec: spec.update(sourceRef={"kind": "ExternalArtifact", "name": "my-app"}),
        "spec.sourceRef: Invalid value: this is the ExternalArtifact that the object publishes; take another source",
    ),
    "another kind of source": (
        lambda spec: spec["sourceRef"].update(kind="HelmRepository"),
        'spec.sourceRef.kind: Unsupported value: "HelmRepository"',
    ),
    "no address": (lambda spec: spec["vault"].pop("address"), "spec.vault.address: Required value"),
    "a socket": (
        lambda spec: spec["vault"].update(address="unix:///run/vault.sock"),
        "spec.vault.address: Invalid value: must be a URL that begins with https:// or http://",
    ),
    "no URL": (lambda spec: spec["vault"].update(address="vault.example.com:8200"), "must be a URL that begins with"),
    "no host": (lambda spec: spec["vault"].update(address="https://:8200"), "must be a URL that begins with"),
    "a password": (
        lambda spec: spec["vault"].update(address="https://ci:canary@vault.example.com:8200"),
        "spec.vault.address: Invalid value: must not hold a user name or password",
    ),
    "a query": (
        lambda spec: spec["vault"].update(address="https://vault.example.com/?a=canary"),
        "spec.vault.address: Invalid value: must not have a query or a fragment",
    ),
    "a fragment": (
        lambda spec: spec["vault"].update(address="https://vault.example.com/#canary"),
        "spec.vault.address: Invalid value: must not have a query or a fragment",
    ),
    "an interval in words": (
        lambda spec: spec.update(interval="hourly"),
        "spec.interval: Invalid value",
    ),
    "an interval that Vault would feel": (
        lambda spec: spec.update(interval="9999ms"),
        'spec.interval: Invalid value: "9999ms": must be 10s or more',
    ),
    "such a one after a failure": (
        lambda spec: spec.update(retryInterval="0h9s"),
        'spec.retryInterval: Invalid value: "0h9s": must be 10s or more',
    ),
    "one Secret twice": (
        lambda spec: spec["secretGenerator"].append({**spec["secretGenerator"][0], "namespace": "default"}),
        "spec.secretGenerator: Invalid value: each Secret, by namespace and name, may be made by one entry only",
    ),
    "another behavior": (
        lambda spec: spec["secretGenerator"][0].update(behavior="append"),
        "spec.secretGenerator[0].behavior: Unsupported value",
    ),
    "a namespace of another form": (
        lambda spec: spec["sourceRef"].update(namespace="../kube-system"),
        "spec.sourceRef.namespace: Invalid value",
    ),
}
"""What is wrong → how the object is changed, and what the API server says."""


@pytest.mark.parametrize("wrong", REFUSED)
def test_a_mistake_is_refused_in_words(wrong: str, client: ClusterClient, namespace: str) -> None:
    change, words = REFUSED[wrong]
    with pytest.raises(ApiRefused) as caught:
        made(client, namespace, ARTIFACT, change)
    assert caught.value.status == 422
    # Older API servers name the type of a value between the two; none quotes it.
    message = caught.value.message.replace('Invalid value: "string": ', "Invalid value: ")
    message = message.replace('Invalid value: "object": ', "Invalid value: ")
    message = message.replace('Invalid value: "array": ', "Invalid value: ")
    assert words in message
    assert "canary" not in message.lower()


def test_what_may_be_a_secret_is_not_quoted(client: ClusterClient, namespace: str) -> None:
    """Whatever stands where a reference, a public key or an address was meant."""
    canary = new_plain_canary("pasted")

    def paste(spec: dict[str, Any]) -> None:
        spec["secretGenerator"][0]["files"] = {"password": canary}
        spec["encryption"]["age"]["recipients"] = [canary]
        spec["vault"]["address"] = f"https://ci:{canary}@vault.example.com"

    with pytest.raises(ApiRefused) as caught:
        made(client, namespace, ARTIFACT, paste)
    assert canary not in caught.value.message


@pytest.mark.parametrize(
    "change",
    [
        lambda spec: spec.update(sourceRef={"kind": "GitRepository", "name": "my-app"}),
        lambda spec: spec.update(sourceRef={"kind": "ExternalArtifact", "name": "other"}),
        lambda spec: spec.update(sourceRef={"kind": "ExternalArtifact", "name": "my-app", "namespace": "elsewhere"}),
        lambda spec: spec["vault"].update(address="http://openbao.vault.svc.cluster.local:8200/behind/a@path"),
        lambda spec: spec["vault"].update(address="https://[fd00::1]:8200"),
        lambda spec: spec.pop("secretGenerator"),
        lambda spec: spec.update(interval="1h30m"),
        lambda spec: spec.update(interval="10s", retryInterval="0.2m"),
        lambda spec: spec["secretGenerator"].append({**spec["secretGenerator"][0], "namespace": "apps"}),
    ],
    ids=["a name", "another", "elsewhere", "plain", "IPv6", "no entry", "interval", "short", "namespaces"],
)
def test_what_only_looks_like_a_mistake_is_taken(change: Change, client: ClusterClient, namespace: str) -> None:
    made(client, namespace, ARTIFACT, change)


def test_its_bounds_can_be_reached(client: ClusterClient, namespace: str) -> None:
    """The rules are evaluated within their budget on the largest object that the schema allows."""

    def grow(spec: dict[str, Any]) -> None:
        files = {f"key-{number}": "vault:" + "x" * 200 for number in range(128)}
        name = "a" * 249
        spec["secretGenerator"] = [{"name": f"{name}-{number:02}", "files": files} for number in range(32)]
        spec["encryption"]["age"]["recipients"] = ["age1" + "q" * 58] * 16

    made(client, namespace, ARTIFACT, grow)


def test_kubectl_explains_every_field(client: ClusterClient) -> None:
    crd = yaml.safe_load((DEPLOY / "crd.yaml").read_text())
    served = client.request("GET", "/openapi/v3/apis/vaultgen.dev/v1alpha1")
    published = served["components"]["schemas"]["dev.vaultgen.v1alpha1.VaultArtifact"]
    own = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    assert published["properties"]["spec"]["properties"].keys() == own.keys()
