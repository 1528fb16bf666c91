import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from support.memory_api import MemoryApi
from support.vault_artifact import body
from vaultgen.controller.events import Events
from vaultgen.controller.external_artifact import Publication
from vaultgen.controller.resource import VaultArtifact

NOW = "2026-01-02T03:04:05Z"
EXTERNAL = {"metadata": {"name": "my-app", "namespace": "team-a", "uid": "e"}}
PUBLICATION = Publication("sha256:2", "path", "http://example.com/path", "main@sha1:1", NOW)
OWNER = VaultArtifact(body())


class Notified:
    """What notification-controller would have got."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.events: list[dict[str, Any]] = []


@pytest.fixture
def notified() -> Iterator[Notified]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            running.events.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(202)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    running = Notified(f"http://127.0.0.1:{server.server_port}/")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield running
    server.shutdown()
    thread.join()
    server.server_close()


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


def test_notification_controller_is_told_of_the_kind_that_it_knows(notified: Notified) -> None:
    Events(MemoryApi(), notified.address).send(OWNER, EXTERNAL, "info", "NewArtifact", "text", NOW, PUBLICATION)
    (event,) = notified.events
    assert event["involvedObject"]["kind"] == "ExternalArtifact"
    assert (event["severity"], event["reason"], event["message"]) == ("info", "NewArtifact", "text")
    assert event["timestamp"] == NOW
    assert event["metadata"] == {
        "source.toolkit.fluxcd.io/revision": "latest@sha256:2",
        "source.toolkit.fluxcd.io/originRevision": "main@sha1:1",
    }


def test_an_event_that_cannot_be_sent_is_no_failure() -> None:
    api = MemoryApi()
    api.refuses = lambda method, path: 403
    Events(api, "http://127.0.0.1:1/").send(OWNER, EXTERNAL, "info", "NewArtifact", "text", NOW)
    assert api.created == []


def test_a_long_text_is_cut() -> None:
    api = MemoryApi()
    Events(api).send(OWNER, None, "error", "Refused", "x" * 5000, NOW)
    assert len(api.created[0]["message"]) == 1000
