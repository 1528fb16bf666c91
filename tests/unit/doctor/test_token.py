from typing import Any

import pytest

from support.fake_exchange import FakeExchange
from vaultgen.doctor.token import check_token
from vaultgen.doctor.verdict import Verdict
from vaultgen.errors import Fault
from vaultgen.redacted import Redacted
from vaultgen.vault.address import parse_address
from vaultgen.vault.message import Session
from vaultgen.vault.settings import Settings

SETTINGS = Settings(parse_address("https://vault.test:8200"))
LISTING = ("GET", "sys/internal/ui/mounts")
LOOKUP = ("GET", "auth/token/lookup-self")
GOOD: dict[str, Any] = {
    "id": "s.canary",
    "accessor": "canary",
    "display_name": "canary",
    "meta": {"canary": "canary"},
    "ttl": 3600,
    "num_uses": 0,
    "renewable": True,
    "policies": ["default", "my-app"],
    "identity_policies": ["my-app", "team"],
}


def seen(
    data: object = None, *, acquired: bool = False, namespace: str = "", script: "dict[Any, Any] | None" = None
) -> tuple[Verdict, bool]:
    """Return the verdict on a token of which Vault says ``data``, and whether it may be used."""
    answers = {LISTING: (200, {"data": {}}), LOOKUP: (200, {"data": data}), **(script or {})}
    exchange = FakeExchange(answers)
    settings = SETTINGS._replace(vault_namespace=namespace)
    check = check_token(settings, Session(Redacted("s.canary"), "VAULT_TOKEN", acquired), exchange)
    verdict = next(check)
    with pytest.raises(StopIteration) as end:
        next(check)
    assert "canary" not in verdict.seen + verdict.advice
    assert all(request.token == Redacted("s.canary") for request in exchange.requests)
    return verdict, end.value.value


def test_a_good_one_will_do() -> None:
    verdict, may_be_used = seen(GOOD)
    assert (verdict.outcome, verdict.seen) == ("ok", "valid for 60 minutes more, renewable, 3 policies")
    assert may_be_used


@pytest.mark.parametrize(
    ("ttl", "words"),
    [
        (0, "valid, without an end"),
        (7200, "for 2 hours more"),
        (200_000, "for 2 days more"),
        (301, "for 5 minutes more"),
    ],
)
def test_its_time_is_told(ttl: int, words: str) -> None:
    verdict, _ = seen({**GOOD, "ttl": ttl})
    assert verdict.outcome == "ok"
    assert words in verdict.seen


def test_one_that_ends_soon_is_to_be_looked_at() -> None:
    verdict, may_be_used = seen({**GOOD, "ttl": 100, "renewable": False, "policies": ["a"], "identity_policies": None})
    assert (verdict.outcome, verdict.advice, may_be_used) == ("warn", "log in again", True)
    assert verdict.seen == "valid for 100 s more, not renewable, 1 policy"


def test_one_of_a_login_may_be_short() -> None:
    """Each build acquires its own."""
    assert seen({**GOOD, "ttl": 100}, acquired=True)[0].outcome == "ok"


def test_root_is_to_be_looked_at() -> None:
    verdict, _ = seen({**GOOD, "ttl": 0, "policies": ["root"], "identity_policies": []})
    assert (verdict.outcome, verdict.seen) == (
        "warn",
        "valid, without an end, renewable, 1 policy: it may do everything",
    )


def test_one_of_few_uses_is_to_be_looked_at() -> None:
    verdict, _ = seen({**GOOD, "num_uses": 4})
    assert verdict.outcome == "warn"
    assert "good for 4 more requests" in verdict.seen


@pytest.mark.parametrize(
    "lookup",
    [(403, {"errors": ["canary"]}), (200, b"canary"), (200, ["canary"]), (200, {"data": "canary"}), Fault("timeout")],
)
def test_one_that_may_not_look_itself_up_is_good_all_the_same(lookup: object) -> None:
    verdict, may_be_used = seen(script={LOOKUP: lookup})
    assert (verdict.outcome, may_be_used) == ("warn", True)


@pytest.mark.parametrize(
    ("listing", "namespace", "code"),
    [
        ((403, {"errors": ["canary"]}), "", "token-invalid"),
        ((404, {"errors": ["canary"]}), "team-a", "namespace-unknown"),
        ((404, {"errors": ["canary"]}), "", "bad-request"),
        ((418, b"canary"), "", "bad-request"),
        (Fault("rate-limited", facts={"address": "a", "attempts": "1"}), "", "rate-limited"),
    ],
)
def test_one_that_vault_does_not_accept_fails_as_a_build_does(listing: object, namespace: str, code: str) -> None:
    verdict, may_be_used = seen(namespace=namespace, script={LISTING: listing})
    assert (verdict.outcome, verdict.code, may_be_used) == ("fail", code, False)


@pytest.mark.parametrize("data", [{}, {"ttl": "canary", "policies": "canary", "num_uses": [1]}, {"ttl": 10**30}])
def test_an_odd_answer_is_no_failure(data: object) -> None:
    verdict, _ = seen(data)
    assert verdict.seen == "valid, without an end, not renewable, 0 policies"
