import json

import pytest

from vaultgen.doctor.seal import check_seal
from vaultgen.doctor.verdict import Verdict
from vaultgen.redacted import Redacted
from vaultgen.vault.address import parse_address
from vaultgen.vault.message import Response
from vaultgen.vault.settings import Settings

SETTINGS = Settings(parse_address("https://vault.test:8200"))


def seen(body: object, status: int = 200) -> tuple[Verdict, bool]:
    """Return the verdict, and whether to ask on."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    check = check_seal(SETTINGS, Response(status, Redacted(content)))
    verdict = next(check)
    with pytest.raises(StopIteration) as end:
        next(check)
    return verdict, end.value.value


def test_an_unsealed_one_will_do() -> None:
    verdict, goes_on = seen({"initialized": True, "sealed": False, "version": "2.7.2"})
    assert (verdict.outcome, verdict.seen, goes_on) == ("ok", "unsealed, version 2.7.2", True)


@pytest.mark.parametrize("version", ["canary", "1.2", "1.2.3canary", "1.2.3.canary", ["1.2.3"], None])
def test_nothing_else_that_it_says_is_shown(version: object) -> None:
    verdict, _ = seen({"sealed": False, "version": version, "cluster_name": "canary"})
    assert verdict.seen == "unsealed"


def test_a_sealed_one_fails_as_a_build_does() -> None:
    verdict, goes_on = seen({"initialized": True, "sealed": True})
    assert (verdict.outcome, verdict.code, goes_on) == ("fail", "sealed", False)


def test_one_that_was_never_initialised_fails() -> None:
    verdict, goes_on = seen({"initialized": False, "sealed": True})
    assert (verdict.outcome, goes_on) == ("fail", False)
    assert verdict.advice == "run `vault operator init` or `bao operator init` there, and unseal it"


@pytest.mark.parametrize("body", [b"<html>canary</html>", ["canary"], {}, {"sealed": "canary"}])
def test_something_else_fails_as_a_build_does(body: object) -> None:
    verdict, goes_on = seen(body)
    assert (verdict.outcome, verdict.code, goes_on) == ("fail", "answer-not-json", False)
    assert "canary" not in verdict.seen


def test_something_in_between_may_not_let_the_question_pass() -> None:
    """That is no reason not to log in."""
    verdict, goes_on = seen(b"", 404)
    assert (verdict.outcome, goes_on) == ("warn", True)
