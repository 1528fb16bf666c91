"""What the answers to a login mean. The contract tests hold the same against a real server."""

import pytest

from support.fake_exchange import FakeExchange, login_answer
from support.login import SETTINGS, log_in_with, refused
from vaultgen.document.model import CredentialSource, JwtAuth, UserpassAuth
from vaultgen.errors import Fault
from vaultgen.redacted import Redacted
from vaultgen.vault.login.answer import NO_TOKEN
from vaultgen.vault.message import Session

CANARY = {"errors": ["canary of the server"]}
LOGIN = ("POST", "auth/gitlab/login")
PROBE = ("GET", "auth/gitlab/login")
MOUNTS = ("GET", "sys/internal/ui/mounts")
IN_NAMESPACE = SETTINGS._replace(vault_namespace="team-a")


def jwt(role: str = "ci") -> JwtAuth:
    return JwtAuth(CredentialSource(env="VAULT_ID_TOKEN"), role, "gitlab")


def fault_of(exchange: FakeExchange, role: str = "ci", namespace: bool = False) -> Fault:
    environ = {"VAULT_ID_TOKEN": "ey.canary.x"}
    settings = IN_NAMESPACE if namespace else SETTINGS
    return refused(lambda: log_in_with(jwt(role), environ=environ, exchange=exchange, settings=settings))


def test_a_login_gives_the_token_of_its_answer() -> None:
    exchange = FakeExchange({LOGIN: login_answer("s.issued")})
    session = log_in_with(jwt(), environ={"VAULT_ID_TOKEN": "ey.j.wt\n"}, exchange=exchange)
    assert session == Session(Redacted("s.issued"), "the jwt login", True)
    assert exchange.asked == [LOGIN]
    assert exchange.body() == {"role": "ci", "jwt": "ey.j.wt"}
    assert exchange.requests[0].token == NO_TOKEN  # an agent would add its own


def test_no_role_is_sent_where_none_is_named() -> None:
    exchange = FakeExchange({LOGIN: login_answer()})
    log_in_with(jwt(""), environ={"VAULT_ID_TOKEN": "ey.j.wt"}, exchange=exchange)
    assert exchange.body() == {"jwt": "ey.j.wt"}


@pytest.mark.parametrize("status", [400, 401])
def test_a_refusal_names_the_role_where_there_is_one(status: int) -> None:
    exchange = FakeExchange({LOGIN: (status, CANARY)})
    fault = fault_of(exchange)
    assert (fault.code, fault.facts) == ("login-role", {"method": "jwt", "mount": "gitlab", "role": "ci"})
    assert exchange.asked == [LOGIN], "no further question is needed"
    fault = fault_of(FakeExchange({LOGIN: (status, CANARY)}), role="")
    assert (fault.code, fault.facts) == ("login-denied", {"method": "jwt", "mount": "gitlab"})


@pytest.mark.parametrize("status", [403, 404, 405])
@pytest.mark.parametrize(
    "probe", [(405, CANARY), (400, CANARY), Fault("timeout", facts={"address": "", "seconds": ""})]
)
def test_a_refusal_by_a_method_that_is_there_is_no_missing_mount(
    status: int, probe: tuple[int, object] | Fault
) -> None:
    exchange = FakeExchange({LOGIN: (status, CANARY), PROBE: probe})
    assert fault_of(exchange).code == "login-role"
    assert exchange.asked == [LOGIN, PROBE]
    assert (exchange.requests[1].body, exchange.requests[1].token) == (None, None)


@pytest.mark.parametrize("status", [403, 404, 405])
@pytest.mark.parametrize("probe", [(403, CANARY), (404, CANARY)])
def test_a_missing_auth_method_is_told(status: int, probe: tuple[int, object]) -> None:
    fault = fault_of(FakeExchange({LOGIN: (status, CANARY), PROBE: probe}))
    assert (fault.code, fault.facts) == ("login-mount", {"method": "jwt", "mount": "gitlab"})


def test_an_unknown_namespace_is_told() -> None:
    exchange = FakeExchange({LOGIN: (404, CANARY), MOUNTS: (404, CANARY)})
    fault = fault_of(exchange, namespace=True)
    assert (fault.code, fault.facts) == ("namespace-unknown", {"namespace": "team-a"})


def test_a_missing_auth_method_in_a_known_namespace_is_told_as_such() -> None:
    exchange = FakeExchange({LOGIN: (404, CANARY), MOUNTS: (200, {}), PROBE: (404, CANARY)})
    assert fault_of(exchange, namespace=True).code == "login-mount"


def test_a_demand_for_a_second_factor_is_told() -> None:
    auth = {"client_token": "", "mfa_requirement": {"mfa_request_id": "canary", "mfa_constraints": {}}}
    assert fault_of(FakeExchange({LOGIN: (200, {"auth": auth})})).code == "mfa-required"


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>canary</html>", b"[]", b"{}", b'{"auth":null}', b'{"auth":{}}', b'{"auth":{"client_token":7}}',
     b'{"auth":{"client_token":null}}', b'{"auth":["canary"]}', b'\xff', b"[" * 100_000],
)  # fmt: skip
def test_an_answer_without_a_token_is_refused(body: bytes) -> None:
    fault = fault_of(FakeExchange({LOGIN: (200, body)}))
    assert (fault.code, fault.facts) == ("answer-not-json", {"address": "https://vault.test:8200"})


def test_a_token_that_no_header_can_hold_is_refused() -> None:
    fault = fault_of(FakeExchange({LOGIN: login_answer("s.canary\r\nX-Evil: 1")}))
    assert (fault.code, fault.facts["source"]) == ("bad-credential", "the login's answer")


@pytest.mark.parametrize("status", [204, 409, 413])
def test_any_other_status_is_told_by_its_number(status: int) -> None:
    fault = fault_of(FakeExchange({LOGIN: (status, CANARY)}))
    assert (fault.code, fault.facts["status"]) == ("bad-request", str(status))


def test_a_fault_of_the_transport_is_passed_on() -> None:
    sealed = Fault("sealed", facts={"address": "https://vault.test:8200"})
    assert fault_of(FakeExchange({LOGIN: sealed})) == sealed


USER = "ci@corp.example"
"""Vault's userpass has no users with such a character; its answers here are those of Vault 1.21.4."""
FAILED = Fault("server-error", facts={"address": "https://vault.test:8200", "status": "500", "attempts": "1"})


def user_fault(this: tuple[int, object] | Fault, another: tuple[int, object] | Fault) -> Fault:
    """Return the fault of a login that the server failed at; the others are its answers to a GET."""
    at = f"auth/userpass/login/{USER}"
    script = {("POST", at): FAILED, ("GET", at): this, ("GET", "auth/userpass/login/vaultgen"): another}
    auth = UserpassAuth(USER, CredentialSource(env="VAULT_PASSWORD"))
    return refused(lambda: log_in_with(auth, environ={"VAULT_PASSWORD": "canary"}, exchange=FakeExchange(script)))


def test_a_user_name_that_vault_fails_at_is_denied() -> None:
    fault = user_fault(FAILED, (405, CANARY))
    assert (fault.code, fault.facts) == ("login-denied", {"method": "userpass", "mount": "userpass"})


@pytest.mark.parametrize(
    ("this", "another"), [((405, CANARY), (405, CANARY)), (FAILED, FAILED), (FAILED, (403, CANARY))]
)
def test_a_server_that_fails_whoever_logs_in_is_to_blame_itself(
    this: tuple[int, object] | Fault, another: tuple[int, object] | Fault
) -> None:
    assert user_fault(this, another) == FAILED


@pytest.mark.parametrize("mount", ["a/../../sys", "..", "a//b", "/a", "a/", ".", "a\nb"])
def test_a_mount_that_leads_to_another_path_is_refused(mount: str) -> None:
    exchange = FakeExchange()
    auth = JwtAuth(CredentialSource(env="VAULT_ID_TOKEN"), "ci", mount)
    fault = refused(lambda: log_in_with(auth, environ={"VAULT_ID_TOKEN": "ey.canary.x"}, exchange=exchange))
    assert fault.code == "bad-auth-parameter"
    assert "mount" in fault.facts["why"]
    assert exchange.requests == []


def test_a_mount_may_have_several_parts() -> None:
    exchange = FakeExchange({("POST", "auth/team/ci/gitlab/login"): login_answer()})
    auth = JwtAuth(CredentialSource(env="VAULT_ID_TOKEN"), "ci", "team/ci/gitlab")
    assert log_in_with(auth, environ={"VAULT_ID_TOKEN": "ey.j.wt"}, exchange=exchange).acquired


def userpass(name: str) -> UserpassAuth:
    return UserpassAuth(name, CredentialSource(env="VAULT_PASSWORD"))


@pytest.mark.parametrize("name", ["ci", "a b", "a?b", "a#b", "a%2fb", "a..b", "müller"])
def test_a_user_name_is_one_part_of_the_path(name: str) -> None:
    """Its percent-encoding is the wire's."""
    exchange = FakeExchange({("POST", f"auth/userpass/login/{name}"): login_answer()})
    session = log_in_with(userpass(name), environ={"VAULT_PASSWORD": "pass word\n"}, exchange=exchange)
    assert session.source == "the userpass login"
    assert exchange.body() == {"password": "pass word"}


@pytest.mark.parametrize("name", [".", "..", "u/../../sys/x", "a/b", "a\nb", "a\0", "/"])
def test_a_user_name_that_leads_to_another_path_is_refused(name: str) -> None:
    exchange = FakeExchange()
    fault = refused(lambda: log_in_with(userpass(name), environ={"VAULT_PASSWORD": "canary"}, exchange=exchange))
    assert (fault.code, fault.facts["method"]) == ("bad-auth-parameter", "userpass")
    assert "user name" in fault.facts["why"]
    assert exchange.requests == []


def test_a_refused_user_is_told_without_the_name() -> None:
    login, probe = ("POST", "auth/userpass/login/canary"), ("GET", "auth/userpass/login/vaultgen")
    exchange = FakeExchange({login: (404, CANARY), probe: (405, CANARY)})
    fault = refused(lambda: log_in_with(userpass("canary"), environ={"VAULT_PASSWORD": "x"}, exchange=exchange))
    assert fault.code == "login-denied"
    assert exchange.asked == [login, probe]
