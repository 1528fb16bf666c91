import logging
from typing import Any

import pytest
import urllib3

from support.eventually import eventually
from support.webhook import Webhook, running_webhook
from vaultgen.controller import notifications
from vaultgen.controller.notifications import Notifications


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event that is answered late would be sent again."""
    monkeypatch.setattr(notifications, "TIMEOUT_SECONDS", 60.0)


def event(reason: str) -> dict[str, Any]:
    return {"involvedObject": {"namespace": "team-a", "name": "my-app"}, "reason": reason}


def reasons(webhook: Webhook) -> list[str]:
    return [one["reason"] for one in webhook.received]


def sender(address: str, attempts: int = 3) -> Notifications:
    return Notifications(address, urllib3.PoolManager(), [0.0] * (attempts - 1))


def test_events_arrive_in_their_order() -> None:
    with running_webhook() as webhook:
        sending = sender(webhook.address)
        for reason in "abc":
            sending.send(event(reason))
        assert eventually(lambda: reasons(webhook) == ["a", "b", "c"])


@pytest.mark.parametrize("status", [500, 503])
def test_an_event_is_sent_again_where_the_server_failed(status: int) -> None:
    with running_webhook(status, status) as webhook:
        sending = sender(webhook.address)
        sending.send(event("a"))
        sending.send(event("b"))
        assert eventually(lambda: reasons(webhook) == ["a", "a", "a", "b"])


@pytest.mark.parametrize("status", [200, 202, 400, 404, 429])
def test_an_event_that_was_answered_is_not_sent_again(status: int) -> None:
    with running_webhook(status) as webhook:
        sending = sender(webhook.address)
        sending.send(event("a"))
        sending.send(event("b"))
        assert eventually(lambda: reasons(webhook) == ["a", "b"])


def test_of_an_event_that_is_given_up_the_log_tells(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), running_webhook(500, 500, 404, 429) as webhook:
        sending = sender(webhook.address, attempts=2)
        for reason in ("failed", "unknown", "known", "taken"):
            sending.send(event(reason))
        assert eventually(lambda: reasons(webhook) == ["failed", "failed", "unknown", "known", "taken"])
    told = [(vars(record)["object"], vars(record)["reason"]) for record in caplog.records]
    assert told == [("team-a/my-app", "failed"), ("team-a/my-app", "unknown")]


def test_an_address_where_nothing_is_takes_none(caplog: pytest.LogCaptureFixture) -> None:
    with running_webhook() as webhook:
        address = webhook.address
    with caplog.at_level(logging.WARNING):
        for one in (address, "http://[::bad/"):
            sender(one).send(event("a"))
        assert eventually(lambda: len(caplog.records) == 2)


def test_the_end_does_not_wait_for_another_attempt() -> None:
    with running_webhook(500) as webhook:
        sending = Notifications(webhook.address, urllib3.PoolManager(), [3600.0])
        sending.send(event("a"))
        sending.send(event("b"))
        assert eventually(lambda: reasons(webhook) == ["a"])
        sending.close()
        assert eventually(lambda: reasons(webhook) == ["a", "b"])


def test_no_more_than_a_bound_wait(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(notifications, "WAITING", 1)
    with caplog.at_level(logging.WARNING), running_webhook(500) as webhook:
        sending = Notifications(webhook.address, urllib3.PoolManager(), [3600.0])
        sending.send(event("a"))
        assert eventually(lambda: reasons(webhook) == ["a"])
        sending.send(event("b"))
        sending.send(event("c"))
        assert [vars(record)["reason"] for record in caplog.records] == ["c"]
        sending.close()
