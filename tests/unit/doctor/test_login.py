"""Which credential is named, and which is left alone; that a login works is shown elsewhere."""

from collections.abc import Mapping

import pytest

from support.fake_exchange import FakeExchange, login_answer
from support.login import SETTINGS, TreeFiles
from vaultgen.doctor.login import check_login, words
from vaultgen.doctor.verdict import Verdict
from vaultgen.document.model import (
    AppRoleAuth,
    Auth,
    CertAuth,
    CredentialSource,
    JwtAuth,
    KubernetesAuth,
    LoginAuth,
    ServiceAccountRef,
    TokenAuth,
    UserpassAuth,
    VaultConfig,
)
from vaultgen.vault.address import parse_address
from vaultgen.vault.message import Session
from vaultgen.vault.settings import Settings

SECRET = CredentialSource(env="VAULT_X")


def seen(
    *auth: Auth,
    settings: Settings = SETTINGS,
    exchange: FakeExchange | None = None,
    environ: Mapping[str, str] | None = None,
) -> tuple[list[Verdict], Session | None]:
    """Return the verdicts, and the session that comes of them."""
    check = check_login(VaultConfig(auth=auth), settings, environ or {}, exchange or FakeExchange(), TreeFiles())
    verdicts = []
    while True:
        try:
            verdicts.append(next(check))
        except StopIteration as end:
            assert "canary" not in "".join(verdict.seen + verdict.advice for verdict in verdicts)
            return verdicts, end.value


@pytest.mark.parametrize("name", ["VAULT_TOKEN", "BAO_TOKEN"])
def test_a_token_of_the_environment_comes_first(name: str) -> None:
    (verdict,), session = seen(UserpassAuth("ci", SECRET), environ={"VAULT_X": "canary", name: "s.canary"})
    assert (verdict.outcome, verdict.seen) == ("ok", f"with the token from {name}")
    assert session


def test_a_method_of_the_document_is_named() -> None:
    exchange = FakeExchange({("POST", "auth/userpass/login/ci"): login_answer()})
    (verdict,), session = seen(UserpassAuth("ci", SECRET), exchange=exchange, environ={"VAULT_X": "canary"})
    assert (verdict.outcome, verdict.seen) == ("ok", "userpass at auth/userpass as ci")
    assert session
    assert session.acquired


def test_an_agent_is_named() -> None:
    settings = SETTINGS._replace(address=parse_address("unix:///run/agent.sock"))
    (verdict,), session = seen(settings=settings)
    assert verdict.seen == "an agent adds its own token"
    assert session


def test_no_credential_fails_as_a_build_does() -> None:
    (verdict,), session = seen()
    assert (verdict.outcome, verdict.code, session) == ("fail", "no-credential", None)


def test_a_refusal_fails_as_a_build_does() -> None:
    exchange = FakeExchange({("POST", "auth/userpass/login/ci"): (400, {"errors": ["canary"]})})
    (verdict,), session = seen(UserpassAuth("ci", SECRET), exchange=exchange, environ={"VAULT_X": "canary"})
    assert (verdict.outcome, verdict.code, session) == ("fail", "login-denied", None)


def test_a_credential_that_stays_home_fails_as_a_build_does() -> None:
    settings = SETTINGS._replace(at_home=False)
    exchange = FakeExchange()
    (verdict,), _ = seen(
        UserpassAuth("ci", SECRET), settings=settings, exchange=exchange, environ={"VAULT_X": "canary"}
    )
    assert verdict.code == "credential-leaves-home"
    assert exchange.requests == []


def test_a_wrapped_secret_id_is_left_alone() -> None:
    """It opens once, and that is for the build."""
    auth = AppRoleAuth(CredentialSource(text="role"), SECRET._replace(wrapped=True))
    exchange = FakeExchange()
    (verdict,), session = seen(auth, exchange=exchange, environ={"VAULT_X": "canary"})
    assert (verdict.outcome, session, exchange.requests) == ("skip", None, [])


@pytest.mark.parametrize(
    ("auth", "said"),
    [
        (TokenAuth(SECRET), "with the token from the environment variable VAULT_X"),
        (JwtAuth(SECRET, "ci", "gitlab"), "jwt at auth/gitlab with role ci, with the environment variable VAULT_X"),
        (JwtAuth(SECRET), "jwt at auth/jwt, with the environment variable VAULT_X"),
        (KubernetesAuth("app"), "kubernetes at auth/kubernetes with role app"),
        (
            KubernetesAuth("app", service_account_ref=ServiceAccountRef("apps", "web")),
            "kubernetes at auth/kubernetes with role app, as ServiceAccount apps/web",
        ),
        (AppRoleAuth(CredentialSource(text="canary"), SECRET), "appRole at auth/approle"),
        (CertAuth("web"), "cert at auth/cert with role web"),
        (CertAuth(), "cert at auth/cert"),
        (LoginAuth("ldap", "corp", {"password": SECRET}), "ldap at auth/corp"),
    ],
)
def test_each_method_has_its_words(auth: Auth, said: str) -> None:
    assert words(auth) == said
