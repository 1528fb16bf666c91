"""What people are told by an Alert: the real notification-controller between the controller and a webhook."""

import http.client
import itertools
import json
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from support.application import Application, Files
from support.application_files import generator, text
from support.canaries import assert_no_canary, new_canary
from support.cluster_client import ClusterClient, Object, condition
from support.eventually import eventually
from support.flux_cluster import Cluster, Flux, running_notifications
from support.kustomize import CHECKOUT
from support.openbao import OpenBao
from support.running_controller import RunningController, running_controller
from support.webhook import Webhook, running_webhook
from support.yaml_blocks import yaml_blocks

PASSWORD = "vault:secret/data/app?key=password"
FILES: Files = {
    "top/kustomization.yaml": text({"generators": ["vaultgen.yaml"]}),
    "top/vaultgen.yaml": generator({"name": "app", "files": [f"password={PASSWORD}"]}),
}
SUMMARY = "vaultgen in the production cluster"
TEAM = {"annotations": {"event.toolkit.fluxcd.io/team": "a", "example.com/token": "none"}}

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def events_address(cluster: Cluster, flux: Flux) -> Iterator[str]:
    """Where the real notification-controller takes events; ``flux`` has installed its kinds."""
    with running_notifications(cluster) as address:
        yield address


@pytest.fixture(scope="module")
def controller(
    cluster: Cluster, openbao: OpenBao, events_address: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningController]:
    """The controller, with an address for its events."""
    home = tmp_path_factory.mktemp("controller")
    with running_controller(cluster, home, [openbao.address], f"--events-addr={events_address}") as running:
        yield running


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    """Where the Provider leads to."""
    with running_webhook() as running:
        yield running


def alert_of_the_page(namespace: str) -> dict[str, Object]:
    """Return what docs/flux.md shows, by its kind, moved to a namespace."""
    (found,) = [block.text for block in yaml_blocks(CHECKOUT / "docs/flux.md") if block.file == "alert.yaml"]
    objects = {one["kind"]: one for one in yaml.safe_load_all(found)}
    for one in objects.values():
        one["metadata"]["namespace"] = namespace
    return objects


def listen(client: ClusterClient, namespace: str, webhook: Webhook, events_address: str, severity: str) -> None:
    """Have the page's Alert lead to the webhook, and return once notification-controller knows of it."""
    objects = alert_of_the_page(namespace)
    objects["Provider"]["spec"]["address"] = webhook.address
    objects["Alert"]["spec"]["eventSeverity"] = severity
    client.apply(*objects.values())

    def is_known() -> bool:
        post(events_address, namespace, f"probe {next(_numbers)}")
        return bool(webhook.received)

    assert eventually(is_known)


def post(events_address: str, namespace: str, message: str) -> None:
    address = urlsplit(events_address)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    event = {
        "involvedObject": {"kind": "ExternalArtifact", "namespace": namespace, "name": "probe"},
        "severity": "error",
        "timestamp": "2026-01-02T03:04:05Z",
        "message": message,
        "reason": "Probe",
        "reportingController": "test",
    }
    connection.request("POST", "/", json.dumps(event), {"Content-Type": "application/json"})
    connection.getresponse().read()
    connection.close()


def told(webhook: Webhook) -> list[Any]:
    """Return what arrived of vaultgen, but that its watch of sources is behind that of its own objects."""
    ours = (one for one in webhook.received if one["reportingController"] == "vaultgen")
    return [one for one in ours if one["reason"] != "SourceNotReady"]


def leave_the_second_of(changed: Object) -> None:
    """Return once a later change can be told from an object's last one: times of conditions are whole seconds."""
    second = datetime.fromisoformat(condition(changed)["lastTransitionTime"]).timestamp()
    assert eventually(lambda: time.time() >= second + 1)


def test_an_alert_takes_the_kind_of_the_page_and_not_our_own(
    client: ClusterClient, namespace: str, events_address: str
) -> None:
    alert = alert_of_the_page(namespace)["Alert"]
    assert client.takes(alert)
    alert["spec"]["eventSources"][0]["kind"] = "VaultArtifact"
    assert not client.takes(alert)


def test_what_was_never_published_is_told_of(
    application: Application, client: ClusterClient, webhook: Webhook, events_address: str
) -> None:
    """The Alert of the page: failures alone."""
    listen(client, application.namespace, webhook, events_address, "error")
    application.push(FILES)
    application.artifact()
    refusal = application.refusal("ValueMissing: ")
    assert eventually(lambda: bool(told(webhook)))
    (one,) = told(webhook)
    involved = one["involvedObject"]
    assert (involved["kind"], involved["namespace"], involved["name"]) == (
        "ExternalArtifact",
        application.namespace,
        "app",
    )
    assert (one["severity"], f"{one['reason']}: {one['message']}") == ("error", refusal)
    assert one["metadata"] == {"summary": SUMMARY}


def test_a_second_failure_of_the_same_kind_is_told_of(
    application: Application, client: ClusterClient, webhook: Webhook, events_address: str
) -> None:
    """Though notification-controller drops for minutes what it was told already; no value is in what it was told."""
    values = [new_canary("first"), new_canary("second")]
    listen(client, application.namespace, webhook, events_address, "info")
    application.write(password=values[0])
    revision = application.push(FILES)
    application.artifact()
    application.published()
    client.merge("VaultArtifact", application.namespace, "app", {"metadata": TEAM})
    for value in values:
        application.write(passwort=value)
        leave_the_second_of(application.look())
        application.write(password=values[0])
        application.look()
        application.published()
    # In no certain order: notification-controller sends each in a thread of its own.
    expected = ["NewArtifact", "Succeeded", "Succeeded", "ValueMissing", "ValueMissing"]
    assert eventually(lambda: len(told(webhook)) >= len(expected))
    assert sorted(one["reason"] for one in told(webhook)) == expected
    (first,) = [one["metadata"] for one in told(webhook) if one["reason"] == "NewArtifact"]
    external = application.external()
    assert external
    assert (first["revision"], first["originRevision"]) == (external["status"]["artifact"]["revision"], revision)
    assert {"team": "a", "summary": SUMMARY} in [one["metadata"] for one in told(webhook)]
    arrived = {"the webhook": json.dumps(webhook.received)}
    assert_no_canary(dict(zip(("first", "second"), values, strict=True)), arrived)
