from email.utils import formatdate

import pytest

from vaultgen.doctor.clock import check_clock
from vaultgen.doctor.verdict import Verdict
from vaultgen.redacted import Redacted
from vaultgen.vault.message import Response

NOW = 1_800_000_000.7


def seen(ahead: float) -> Verdict:
    """Return the verdict where this machine is ahead of the server by some seconds."""
    date = formatdate(NOW - ahead, usegmt=True)
    return check_clock(Response(200, Redacted(b""), {"date": date}), NOW)


@pytest.mark.parametrize("ahead", [-0.9, -0.2, 0.0, 0.3, 0.9])
def test_less_than_a_second_is_no_difference(ahead: float) -> None:
    assert (seen(ahead).outcome, seen(ahead).seen) == ("ok", "agrees with Vault's")


@pytest.mark.parametrize(("ahead", "words"), [(20, "ahead of"), (-20, "behind")])
def test_a_small_difference_is_told(ahead: float, words: str) -> None:
    assert seen(ahead).outcome == "ok"
    assert words in seen(ahead).seen


@pytest.mark.parametrize("ahead", [-86400, -90, 90, 86400])
def test_a_large_one_is_to_be_looked_at(ahead: float) -> None:
    verdict = seen(ahead)
    assert (verdict.outcome, verdict.advice) == ("warn", "let NTP set the clocks")
    assert abs(int(verdict.seen.split()[3]) - abs(ahead)) <= 1


@pytest.mark.parametrize("headers", [{}, {"date": "canary"}, {"date": ""}])
def test_without_a_date_nothing_is_known(headers: dict[str, str]) -> None:
    assert check_clock(Response(200, Redacted(b""), headers), NOW).outcome == "skip"
