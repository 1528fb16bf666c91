"""Which answers are worth another attempt, and when it is made."""

import datetime
import email.utils

import pytest

from vaultgen.redacted import Redacted
from vaultgen.vault.address import parse_address
from vaultgen.vault.environment import RateLimit
from vaultgen.vault.message import Response
from vaultgen.vault.proxy import Proxy
from vaultgen.vault.retry import FIRST_PAUSE, LONGEST_PAUSE, Pace, Trouble, pause, trouble
from vaultgen.vault.settings import Settings

SETTINGS = Settings(parse_address("http://vault.test:8200"))


def of(status: int, body: bytes = b"", method: str = "GET", settings: Settings = SETTINGS) -> Trouble | None:
    return trouble(Response(status, Redacted(body)), method, settings, 2)


@pytest.mark.parametrize("status", [400, 403, 404, 405, 413, 418])
def test_an_answer_to_the_request_itself_is_handed_on(status: int) -> None:
    assert of(status) is None


@pytest.mark.parametrize(
    ("status", "body", "code", "again"),
    [
        (412, b"", "server-error", True),
        (429, b"", "rate-limited", True),
        (500, b"", "server-error", True),
        (501, b"", "server-error", False),
        (502, b"", "server-error", True),
        (503, b"", "server-error", True),
        (503, b'{"errors":["Vault is sealed"]}', "sealed", True),
        (504, b"", "server-error", True),
        (400, b"Client sent an HTTP request to an HTTPS server.\n", "plain-http", False),
        (400, b"<h1>The plain HTTP request was sent to HTTPS port</h1>", "plain-http", False),
    ],
)
def test_a_server_in_trouble_is_recognised(status: int, body: bytes, code: str, again: bool) -> None:
    found = of(status, body)
    assert found is not None
    assert (found.fault.code, found.again) == (code, again)
    assert found.fault.facts["address"] == "http://vault.test:8200"
    assert (found.fault.facts["status"], found.fault.facts["attempts"]) == (str(status), "2")


@pytest.mark.parametrize(
    ("status", "again"), [(412, True), (429, True), (503, True), (500, False), (502, False), (504, False)]
)
def test_a_login_is_repeated_only_if_the_server_says_that_it_did_nothing(status: int, again: bool) -> None:
    found = of(status, method="POST")
    assert found is not None
    assert found.again is again


def test_a_proxy_that_wants_a_password_is_named() -> None:
    settings = SETTINGS._replace(proxy=Proxy("proxy.test", 3128, Redacted("Basic canary")))
    found = of(407, settings=settings)
    assert found is not None
    assert (found.fault.code, found.fault.facts["proxy"]) == ("proxy-failed", "http://proxy.test:3128")
    assert "canary" not in str(found)


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, FIRST_PAUSE), (2, 2 * FIRST_PAUSE), (3, 4 * FIRST_PAUSE), (99, LONGEST_PAUSE)]
)
def test_pauses_double_and_jitter(attempt: int, seconds: float) -> None:
    pauses = {pause(attempt) for _ in range(100)}
    assert all(0.5 * seconds <= one <= 1.5 * seconds for one in pauses)
    assert len(pauses) > 10


def test_retry_after_is_honoured_in_seconds_and_as_a_date() -> None:
    def after(text: str) -> float:
        return pause(1, Response(429, Redacted(b""), {"retry-after": text}))

    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=100)
    assert after("30") == 30.0
    assert 90.0 < after(email.utils.format_datetime(later, usegmt=True)) <= 100.0
    assert after("soon") < 1.0
    assert after("-5") < 1.0


def test_without_a_limit_requests_start_at_once() -> None:
    pace = Pace(None)
    assert [pace.start(1.0) for _ in range(100)] == [0.0] * 100


def test_a_rate_limit_lets_a_burst_through_and_then_its_rate() -> None:
    pace = Pace(RateLimit(10.0, 2))
    assert [pace.start(100.0), pace.start(100.0)] == [0.0, 0.0]
    assert pace.start(100.0) == pytest.approx(100.1)
    assert pace.start(100.11) == 0.0
    assert pace.start(100.11) > 100.11
    assert [pace.start(200.0), pace.start(200.0)] == [0.0, 0.0], "no more than a burst is saved up"
    assert pace.start(200.0) > 200.0


def test_a_pause_holds_everything_back() -> None:
    pace = Pace(None)
    pace.pause(5.0)
    pace.pause(4.0)
    assert pace.start(4.5) == 5.0
    assert pace.start(5.0) == 0.0
