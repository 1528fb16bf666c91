"""Login with role id and secret id, plain and wrapped."""

import pytest

from support.fake_exchange import FakeExchange, login_answer
from support.login import SETTINGS, log_in_with, refused
from vaultgen.document.model import AppRoleAuth, CredentialSource
from vaultgen.errors import Fault
from vaultgen.redacted import Redacted
from vaultgen.vault.message import Session

LOGIN = ("POST", "auth/approle/login")
LOOKUP = ("POST", "sys/wrapping/lookup")
UNWRAP = ("POST", "sys/wrapping/unwrap")
ROLE_ID = CredentialSource(text="role-id")
WRAPPED = AppRoleAuth(ROLE_ID, CredentialSource(env="VAULT_SECRET_ID", wrapped=True))
ENVIRON = {"VAULT_SECRET_ID": "s.canary-wrapping\n"}
RIGHT = "auth/approle/role/my-app/secret-id"


def lookup_answer(path: object) -> tuple[int, object]:
    return 200, {"data": {"creation_path": path, "creation_ttl": 60}}


def test_role_id_and_secret_id_are_sent() -> None:
    exchange = FakeExchange({("POST", "auth/team/approle/login"): login_answer()})
    auth = AppRoleAuth(CredentialSource(file="role"), CredentialSource(env="VAULT_SECRET_ID"), "team/approle")
    session = log_in_with(
        auth, environ={"VAULT_SECRET_ID": "secret-id\n"}, files={"role": b"role-id\n"}, exchange=exchange
    )
    assert session == Session(Redacted("s.issued"), "the approle login", True)
    assert exchange.body() == {"role_id": "role-id", "secret_id": "secret-id"}


def test_no_secret_id_is_sent_where_none_is_named() -> None:
    exchange = FakeExchange({LOGIN: login_answer()})
    log_in_with(AppRoleAuth(ROLE_ID), exchange=exchange)
    assert exchange.body() == {"role_id": "role-id"}


@pytest.mark.parametrize(("status", "code"), [(400, "login-denied"), (403, "login-mount")])
def test_refusals_need_no_second_request(status: int, code: str) -> None:
    """A GET at this login is a server error, which would be tried again."""
    exchange = FakeExchange({LOGIN: (status, {"errors": ["canary"]})})
    assert refused(lambda: log_in_with(AppRoleAuth(ROLE_ID), exchange=exchange)).code == code
    assert exchange.asked == [LOGIN]


def test_a_wrapped_secret_id_is_looked_up_before_it_is_unwrapped() -> None:
    exchange = FakeExchange(
        {LOOKUP: lookup_answer(RIGHT), UNWRAP: (200, {"data": {"secret_id": "secret-id"}}), LOGIN: login_answer()}
    )
    log_in_with(WRAPPED, environ=ENVIRON, exchange=exchange)
    assert exchange.asked == [LOOKUP, UNWRAP, LOGIN]
    assert exchange.body(0) == {"token": "s.canary-wrapping"}
    assert exchange.requests[0].token is None
    assert exchange.requests[1].token == Redacted("s.canary-wrapping")
    assert exchange.body(2) == {"role_id": "role-id", "secret_id": "secret-id"}


@pytest.mark.parametrize(
    "path",
    [
        "auth/approle/role/my-app/role-id",
        "auth/other/role/my-app/secret-id",
        "auth/approle/role/secret-id",
        "auth/approle/role//secret-id",
        "auth/approle/role/a/b/secret-id",
        "sys/wrapping/wrap",
        "secret/data/canary",
        "",
        None,
        7,
    ],
)
def test_what_was_wrapped_elsewhere_is_not_unwrapped(path: object) -> None:
    exchange = FakeExchange({LOOKUP: lookup_answer(path)})
    fault = refused(lambda: log_in_with(WRAPPED, environ=ENVIRON, exchange=exchange))
    assert (fault.code, fault.facts) == (
        "unwrap-failed",
        {
            "source": "the environment variable VAULT_SECRET_ID",
            "why": "it does not wrap a secret id of auth/approle",
        },
    )
    assert exchange.asked == [LOOKUP]


@pytest.mark.parametrize("status", [400, 403, 404])
@pytest.mark.parametrize("at", [LOOKUP, UNWRAP])
def test_a_wrapping_token_that_was_used_already_is_told(status: int, at: tuple[str, str]) -> None:
    exchange = FakeExchange({LOOKUP: lookup_answer(RIGHT)} | {at: (status, {"errors": ["canary"]})})
    fault = refused(lambda: log_in_with(WRAPPED, environ=ENVIRON, exchange=exchange))
    assert fault.facts["why"] == "it was used already, has expired, or is no wrapping token"
    assert LOGIN not in exchange.asked


def test_an_unknown_namespace_is_told_before_the_wrapping_token_is_blamed() -> None:
    exchange = FakeExchange({LOOKUP: (404, {}), ("GET", "sys/internal/ui/mounts"): (404, {})})
    settings = SETTINGS._replace(vault_namespace="team-a")
    fault = refused(lambda: log_in_with(WRAPPED, environ=ENVIRON, exchange=exchange, settings=settings))
    assert fault.code == "namespace-unknown"


@pytest.mark.parametrize("data", [{}, {"secret_id": 7}, {"secret_id": None}, None, ["canary"]])
def test_a_wrapping_token_without_a_secret_id_is_told(data: object) -> None:
    exchange = FakeExchange({LOOKUP: lookup_answer(RIGHT), UNWRAP: (200, {"data": data})})
    fault = refused(lambda: log_in_with(WRAPPED, environ=ENVIRON, exchange=exchange))
    assert fault.facts["why"] == "it holds no secret id"


def test_a_fault_of_the_transport_is_passed_on() -> None:
    sealed = Fault("sealed", facts={"address": "https://vault.test:8200"})
    exchange = FakeExchange({LOOKUP: sealed})
    assert refused(lambda: log_in_with(WRAPPED, environ=ENVIRON, exchange=exchange)) == sealed
