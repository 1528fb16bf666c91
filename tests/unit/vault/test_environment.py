"""How the texts of variables are read."""

from collections.abc import Callable

import pytest

from vaultgen.vault import environment
from vaultgen.vault.address import Unusable
from vaultgen.vault.environment import RateLimit, Variable, find


def test_openbaos_name_comes_before_vaults() -> None:
    assert find({"VAULT_ADDR": "v", "BAO_ADDR": "b"}, "ADDR") == Variable("BAO_ADDR", "b")


def test_an_empty_variable_counts_as_unset() -> None:
    assert find({"VAULT_ADDR": "v", "BAO_ADDR": ""}, "ADDR") == Variable("VAULT_ADDR", "v")
    assert find({"VAULT_ADDR": ""}, "ADDR") is environment.UNSET


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90.0), ("90s", 90.0), ("1m30s", 90.0), ("1.5h", 5400.0), ("250ms", 0.25), ("0", 0.0)]
)
def test_a_duration_is_seconds_or_gos_notation(text: str, seconds: float) -> None:
    assert environment.duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "limit"), [("10", RateLimit(10.0, 10)), ("0.5", RateLimit(0.5, 1)), ("2.5:20", RateLimit(2.5, 20))]
)
def test_a_rate_limit_has_a_burst(text: str, limit: RateLimit) -> None:
    assert environment.rate_limit(text) == limit


@pytest.mark.parametrize(("text", "value"), [("1", True), ("t", True), ("TRUE", True), ("0", False), ("False", False)])
def test_a_truth_value_is_read_as_go_does(text: str, value: bool) -> None:
    assert environment.boolean(text) is value


def test_headers_are_a_json_object() -> None:
    assert environment.headers('{"CF-Access": "x y", "B": "z"}') == (("CF-Access", "x y"), ("B", "z"))


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (environment.duration, "-1"),
        (environment.duration, "canary"),
        (environment.duration, "1m canary"),
        (environment.duration, "\u0661"),
        (environment.count, "-1"),
        (environment.count, "1e3"),
        (environment.count, "99999999999"),
        (environment.boolean, "canary"),
        (environment.boolean, "yes"),
        (environment.rate_limit, "0"),
        (environment.rate_limit, "10:"),
        (environment.rate_limit, "canary"),
        (environment.headers, "canary"),
        (environment.headers, '["canary"]'),
        (environment.headers, '{"a": 1}'),
        (environment.headers, '{"a": "canary\\r\\nX-Vault-Token: x"}'),
        (environment.headers, '{"X-Vault-Token": "canary"}'),
        (environment.headers, '{"x-vault-namespace": "canary"}'),
        (environment.headers, '{"Host": "canary"}'),
        (environment.headers, '{"Transfer-Encoding": "chunked"}'),
        (environment.headers, '{"a b": "canary"}'),
        (environment.headers, '{"": "canary"}'),
        (environment.headers, "[" * 100_000),
    ],
)
def test_what_cannot_be_read_is_refused_without_being_quoted(parse: Callable[[str], object], text: str) -> None:
    with pytest.raises(Unusable) as raised:
        parse(text)
    assert "canary" not in raised.value.why
