import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.eventually import eventually
from support.memory_api import MemoryApi
from support.vault_artifact import body
from support.webhook import Webhook, running_webhook
from vaultgen.controller import events, notifications
from vaultgen.controller.api import Api
from vaultgen.controller.events import Events
from vaultgen.controller.external_artifact import Publication
from vaultgen.controller.login import Login
from vaultgen.controller.resource import VaultArtifact

NOW = "2026-01-02T03:04:05Z"
EXTERNAL = {"metadata": {"name": "my-app", "namespace": "team-a", "uid": "e"}}
PUBLICATION = Publication("sha256:2", "path", "http://example.com/path", "main@sha1:1", NOW)
OWNER = VaultArtifact(body())
KUBECONFIG = """
current-context: a
contexts: [{name: a, context: {cluster: a}}]
clusters: [{name: a, cluster: {server: 'http://127.0.0.1:%s'}}]
"""


@pytest.fixture
def notified(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    """What notification-controller would have got; it may answer late."""
    monkeypatch.setattr(notifications, "TIMEOUT_SECONDS", 60.0)
    with running_webhook() as webhook:
        yield webhook


def notification(notified: Webhook, owner: VaultArtifact, external: Any, *event: Any, **more: Any) -> Any:
    """Return what is sent for an event."""
    Events(MemoryApi(), notified.address).send(owner, external, *event, **more)
    assert eventually(lambda: bool(notified.received))
    (one,) = notified.received
    return one


def test_both_objects_are_told_of() -> None:
    api = MemoryApi()
    Events(api).send(OWNER, EXTERNAL, "error", "ValueMissing", "text", NOW)
    kinds = [(one["involvedObject"]["kind"], one["involvedObject"]["uid"], one["type"]) for one in api.created]
    assert kinds == [("VaultArtifact", "uid-of-my-app", "Warning"), ("ExternalArtifact", "e", "Warning")]
    assert {one["reason"] for one in api.created} == {"ValueMissing"}


def test_without_an_external_artifact_the_object_alone_is_told_of() -> None:
    api = MemoryApi()
    Events(api).send(OWNER, None, "info", "NewArtifact", "text", NOW)
    assert [(one["involvedObject"]["kind"], one["type"]) for one in api.created] == [("VaultArtifact", "Normal")]


def test_notification_controller_is_told_of_the_kind_that_it_knows(notified: Webhook) -> None:
    event = notification(notified, OWNER, EXTERNAL, "info", "NewArtifact", "text", NOW, PUBLICATION)
    assert event["involvedObject"]["kind"] == "ExternalArtifact"
    assert event["involvedObject"]["uid"] == "e"
    assert (event["severity"], event["reason"], event["message"]) == ("info", "NewArtifact", "text")
    assert event["timestamp"] == NOW
    assert event["metadata"] == {
        "source.toolkit.fluxcd.io/token": NOW,
        "source.toolkit.fluxcd.io/revision": "latest@sha256:2",
        "source.toolkit.fluxcd.io/originRevision": "main@sha1:1",
    }


def test_notification_controller_is_told_of_what_was_never_published(notified: Webhook) -> None:
    event = notification(notified, OWNER, None, "error", "ValueMissing", "text", NOW)
    assert event["involvedObject"] == {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "ExternalArtifact",
        "namespace": "team-a",
        "name": "my-app",
    }


def test_what_an_object_says_for_its_notifications_comes_with_them(notified: Webhook) -> None:
    annotations = {"event.toolkit.fluxcd.io/team": "a", "example.com/token": "canary"}
    owner = VaultArtifact(body(metadata={"annotations": annotations}))
    event = notification(notified, owner, None, "error", "ValueMissing", "text", NOW)
    assert event["metadata"] == {"event.toolkit.fluxcd.io/team": "a", "source.toolkit.fluxcd.io/token": NOW}


def test_what_is_said_again_of_the_same_time_is_known_by_it(notified: Webhook) -> None:
    since = "2026-01-01T00:00:00Z"
    event = notification(notified, OWNER, None, "error", "ValueMissing", "text", NOW, since=since)
    assert event["metadata"] == {"source.toolkit.fluxcd.io/token": since}


def test_an_event_that_the_cluster_does_not_take_is_no_failure() -> None:
    api = MemoryApi()
    api.refuses = lambda method, path: 403
    Events(api).send(OWNER, EXTERNAL, "info", "NewArtifact", "text", NOW)
    assert api.created == []


def test_an_api_server_that_is_silent_is_waited_for_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And not as long as for what else is to be written."""
    monkeypatch.setattr(events, "SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        kubeconfig = tmp_path / "kubeconfig"
        kubeconfig.write_text(KUBECONFIG % listener.getsockname()[1])
        with Login({"KUBECONFIG": str(kubeconfig)}) as login:
            Events(Api(login, 1)).send(OWNER, EXTERNAL, "error", "Refused", "text", NOW)
        listener.setblocking(False)
        listener.accept()[0].close()
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_a_long_text_is_cut() -> None:
    api = MemoryApi()
    Events(api).send(OWNER, None, "error", "Refused", "x" * 5000, NOW)
    assert len(api.created[0]["message"]) == 1000
