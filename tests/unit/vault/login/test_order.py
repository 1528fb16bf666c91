"""Which credential a run uses."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from support.fake_exchange import FakeExchange, login_answer
from support.login import SETTINGS, FakeCluster, log_in_with, refused
from vaultgen.document.model import (
    AppRoleAuth,
    Auth,
    CertAuth,
    CredentialSource,
    JwtAuth,
    KubernetesAuth,
    LoginAuth,
    SecretRef,
    ServiceAccountRef,
    TokenAuth,
    UserpassAuth,
)
from vaultgen.errors import Refused
from vaultgen.redacted import Redacted
from vaultgen.vault.address import parse_address
from vaultgen.vault.message import Session
from vaultgen.vault.settings import Pem, Settings, TlsSettings

FROM_ENV = TokenAuth(CredentialSource(env="VAULT_MY_TOKEN"))
FROM_FILE = TokenAuth(CredentialSource(file="token.txt"))
FROM_SECRET = TokenAuth(CredentialSource(secret_ref=SecretRef("flux-system", "vault-auth", "token")))
NOT_AT_HOME = Settings(parse_address("https://vault.test:8200"), "vault.address", at_home=False)


@pytest.mark.parametrize(
    ("environ", "token", "source"),
    [
        ({"VAULT_TOKEN": "s.v"}, "s.v", "VAULT_TOKEN"),
        ({"BAO_TOKEN": "s.b"}, "s.b", "BAO_TOKEN"),
        ({"BAO_TOKEN": "s.b", "VAULT_TOKEN": "s.v"}, "s.b", "BAO_TOKEN"),
        ({"BAO_TOKEN": "", "VAULT_TOKEN": "s.v"}, "s.v", "VAULT_TOKEN"),
        ({"BAO_TOKEN": " \n", "VAULT_TOKEN": "s.v\n"}, "s.v", "VAULT_TOKEN"),
    ],
)
def test_a_token_in_the_environment_wins_over_the_document(environ: Mapping[str, str], token: str, source: str) -> None:
    exchange = FakeExchange()
    auth = UserpassAuth("ci", CredentialSource(text="password"))
    session = log_in_with(auth, environ=environ, exchange=exchange)
    assert session == Session(Redacted(token), source, False)
    assert exchange.requests == [], "a token needs no request"


def test_the_first_method_whose_credential_is_present_is_used() -> None:
    session = log_in_with(FROM_ENV, FROM_FILE, FROM_SECRET, files={"token.txt": b"s.file\n"})
    assert session == Session(Redacted("s.file"), "the file token.txt", False)


def test_the_failure_of_a_method_is_final() -> None:
    """What was denied must not become a success with more rights by another method."""
    exchange = FakeExchange({("POST", "auth/userpass/login/ci"): (400, {"errors": ["canary"]})})
    present = UserpassAuth("ci", CredentialSource(env="VAULT_PASSWORD"))
    environ = {"VAULT_PASSWORD": "canary", "VAULT_MY_TOKEN": "s.canary"}
    fault = refused(lambda: log_in_with(present, FROM_ENV, environ=environ, exchange=exchange))
    assert fault.code == "login-denied"


def test_a_credential_that_is_present_and_unusable_is_final() -> None:
    environ = {"VAULT_MY_TOKEN": "s.canary"}
    fault = refused(lambda: log_in_with(FROM_FILE, FROM_ENV, environ=environ, files={"token.txt": b"\n"}))
    assert (fault.code, fault.facts["why"]) == ("bad-credential", "it is empty")


def test_a_file_that_may_not_be_read_is_not_a_missing_one() -> None:
    outside = TokenAuth(CredentialSource(file="../token.txt"))
    fault = refused(lambda: log_in_with(outside, FROM_ENV, environ={"VAULT_MY_TOKEN": "s.canary"}))
    assert fault.code == "file-outside-root"


@pytest.mark.parametrize(
    "absent",
    [
        FROM_ENV,
        FROM_FILE,
        FROM_SECRET,
        TokenAuth(CredentialSource(file="/nowhere/token")),
        KubernetesAuth("my-app"),
        KubernetesAuth("my-app", token_file="/nowhere/token"),
        KubernetesAuth("my-app", service_account_ref=ServiceAccountRef("apps", "my-app")),
        JwtAuth(CredentialSource(env="VAULT_ID_TOKEN")),
        AppRoleAuth(CredentialSource(text="id"), CredentialSource(env="VAULT_SECRET_ID")),
        AppRoleAuth(CredentialSource(env="VAULT_ROLE_ID")),
        CertAuth("web"),
        UserpassAuth("ci", CredentialSource(env="VAULT_PASSWORD")),
        LoginAuth("ldap", "ldap", {"username": CredentialSource(text="ci"), "password": CredentialSource(env="BAO_P")}),
    ],
)
def test_a_method_whose_credential_is_absent_is_passed_over(absent: Auth, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vaultgen.vault.login.methods.POD_TOKEN_FILE", "/nowhere/token")
    last = TokenAuth(CredentialSource(env="BAO_LAST"))
    assert log_in_with(absent, last, environ={"BAO_LAST": "s.last"}).token == Redacted("s.last")


def test_a_blank_variable_counts_as_absent() -> None:
    session = log_in_with(FROM_ENV, FROM_FILE, environ={"VAULT_MY_TOKEN": " \n"}, files={"token.txt": b"s.file"})
    assert session.source == "the file token.txt"


def test_a_secret_counts_as_present_where_a_cluster_is_configured() -> None:
    cluster = FakeCluster()
    environ = {"VAULT_MY_TOKEN": "s.canary"}
    fault = refused(lambda: log_in_with(FROM_SECRET, FROM_ENV, environ=environ, cluster=lambda: cluster))
    assert fault.code == "cluster-not-found"


def test_a_token_is_read_from_a_secret_as_the_article_keeps_it() -> None:
    cluster = FakeCluster({("flux-system", "vault-auth"): {"token": b"s.secret\n"}})
    session = log_in_with(FROM_SECRET, cluster=lambda: cluster)
    assert session == Session(Redacted("s.secret"), "the Secret flux-system/vault-auth", False)


def test_a_secret_without_the_key_is_told_by_its_key() -> None:
    cluster = FakeCluster({("flux-system", "vault-auth"): {"other": b"canary"}})
    fault = refused(lambda: log_in_with(FROM_SECRET, cluster=lambda: cluster))
    assert (fault.code, fault.facts["what"]) == ("cluster-not-found", "key token of Secret flux-system/vault-auth")


def test_a_client_certificate_makes_the_cert_method_present() -> None:
    settings = SETTINGS._replace(tls=TlsSettings(client_cert=Pem("VAULT_CLIENT_CERT", "file", Redacted("c.pem"))))
    exchange = FakeExchange({("POST", "auth/cert/login"): login_answer("s.cert")})
    session = log_in_with(CertAuth("web"), settings=settings, exchange=exchange)
    assert session == Session(Redacted("s.cert"), "the cert login", True)


def home_with(directory: Path, content: bytes) -> dict[str, str]:
    (directory / ".vault-token").write_bytes(content)
    return {"HOME": str(directory)}


def test_what_a_login_on_the_command_line_stored_is_found(tmp_path: Path) -> None:
    assert log_in_with(environ=home_with(tmp_path, b"s.home\n")) == Session(Redacted("s.home"), "~/.vault-token", False)


def test_the_document_wins_over_the_stored_token(tmp_path: Path) -> None:
    environ = home_with(tmp_path, b"s.home") | {"VAULT_MY_TOKEN": "s.mine"}
    assert log_in_with(FROM_ENV, environ=environ).token == Redacted("s.mine")


def test_the_stored_token_is_used_where_the_document_names_nothing_present(tmp_path: Path) -> None:
    assert log_in_with(FROM_ENV, environ=home_with(tmp_path, b"s.home")).source == "~/.vault-token"


def test_an_empty_stored_token_is_none(tmp_path: Path) -> None:
    assert refused(lambda: log_in_with(environ=home_with(tmp_path, b"\n"))).code == "no-credential"


def test_a_stored_token_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / ".vault-token").mkdir()
    fault = refused(lambda: log_in_with(environ={"HOME": str(tmp_path)}))
    assert (fault.code, fault.facts) == ("file-unreadable", {"path": "~/.vault-token", "why": "it is a directory"})


@pytest.mark.parametrize(
    "settings",
    [
        Settings(parse_address("unix:///run/agent.sock")),
        Settings(parse_address("http://127.0.0.1:8100"), "VAULT_AGENT_ADDR"),
        Settings(parse_address("http://127.0.0.1:8100"), "BAO_AGENT_ADDR"),
    ],
)
def test_an_agent_adds_its_own_token(settings: Settings) -> None:
    assert log_in_with(settings=settings) == Session(None, "the agent", False)


def test_a_token_that_is_there_is_sent_to_an_agent_too(tmp_path: Path) -> None:
    settings = Settings(parse_address("unix:///run/agent.sock"))
    assert log_in_with(settings=settings, environ=home_with(tmp_path, b"s.home")).token == Redacted("s.home")


def test_without_any_credential_all_that_was_looked_at_is_named() -> None:
    auth: tuple[Auth, ...] = (
        FROM_ENV,
        FROM_SECRET,
        KubernetesAuth("my-app", service_account_ref=ServiceAccountRef("apps", "my-app")),
        KubernetesAuth("my-app", token_file="/nowhere/token"),
        CertAuth(),
    )
    fault = refused(lambda: log_in_with(*auth))
    assert fault.code == "no-credential"
    assert fault.facts["tried"] == (
        "BAO_TOKEN, VAULT_TOKEN, the environment variable VAULT_MY_TOKEN, "
        "the Secret flux-system/vault-auth (no cluster is configured), "
        "a token for ServiceAccount apps/my-app (no cluster is configured), "
        "the file /nowhere/token, a TLS client certificate, ~/.vault-token"
    )


@pytest.mark.parametrize(
    ("auth", "source"),
    [
        (FROM_ENV, "the environment variable VAULT_MY_TOKEN"),
        (FROM_FILE, "the file token.txt"),
        (FROM_SECRET, "the Secret flux-system/vault-auth"),
        (KubernetesAuth("my-app", token_file="token.txt"), "the file token.txt"),
        (
            KubernetesAuth("my-app", service_account_ref=ServiceAccountRef("apps", "my-app")),
            "the ServiceAccount apps/my-app",
        ),
        (JwtAuth(CredentialSource(env="VAULT_MY_TOKEN")), "the environment variable VAULT_MY_TOKEN"),
        (
            AppRoleAuth(CredentialSource(text="id"), CredentialSource(env="VAULT_MY_TOKEN")),
            "the environment variable VAULT_MY_TOKEN",
        ),
        (AppRoleAuth(CredentialSource(file="token.txt")), "the file token.txt"),
        (UserpassAuth("ci", CredentialSource(file="token.txt")), "the file token.txt"),
        (
            LoginAuth("github", "github", {"token": CredentialSource(env="VAULT_MY_TOKEN")}),
            "the environment variable VAULT_MY_TOKEN",
        ),
    ],
)
def test_a_credential_never_follows_an_address_that_only_the_document_names(auth: Auth, source: str) -> None:
    exchange = FakeExchange()
    cluster = FakeCluster({("flux-system", "vault-auth"): {"token": b"s.canary"}}, {("apps", "my-app"): "canary"})
    fault = refused(
        lambda: log_in_with(
            auth,
            environ={"VAULT_MY_TOKEN": "s.canary"},
            files={"token.txt": b"s.canary"},
            cluster=lambda: cluster,
            settings=NOT_AT_HOME,
            exchange=exchange,
        )
    )
    assert (fault.code, fault.facts["source"]) == ("credential-leaves-home", source)
    assert (exchange.requests, cluster.asked) == ([], []), "neither Vault nor the cluster was asked"


def test_tokens_that_no_document_names_stay_home_too(tmp_path: Path) -> None:
    environ = {"VAULT_TOKEN": "s.canary"}
    fault = refused(lambda: log_in_with(environ=environ, settings=NOT_AT_HOME))
    assert fault.facts["source"] == "the environment variable VAULT_TOKEN"
    environ = home_with(tmp_path, b"s.canary")
    fault = refused(lambda: log_in_with(environ=environ, settings=NOT_AT_HOME))
    assert fault.facts["source"] == "the file ~/.vault-token"


def test_nothing_is_sent_to_an_address_that_only_the_document_names() -> None:
    """Not even what stands in the document: the request comes from inside the network."""
    exchange = FakeExchange({("POST", "auth/approle/login"): login_answer()})
    with pytest.raises(Refused) as raised:
        log_in_with(AppRoleAuth(CredentialSource(text="id")), settings=NOT_AT_HOME, exchange=exchange)
    assert [fault.code for fault in raised.value.faults] == ["credential-leaves-home"]


def test_a_variable_that_is_not_allowed_is_refused_whether_it_is_set_or_not() -> None:
    """Else the fault would tell a pull request which variables the build has."""
    auth = (
        TokenAuth(CredentialSource(env="VAULT_X")),
        TokenAuth(CredentialSource(env="AWS_SECRET_ACCESS_KEY")),
        LoginAuth(
            "ldap", "ldap", {"username": CredentialSource(env="VAULTGEN_X"), "password": CredentialSource(env="P")}
        ),
    )
    outcomes = []
    for environ in ({"VAULT_X": "s.canary"}, {"AWS_SECRET_ACCESS_KEY": "canary"}):
        with pytest.raises(Refused) as caught:
            log_in_with(*auth, environ=environ)
        outcomes.append([(fault.code, fault.place.field, fault.facts["name"]) for fault in caught.value.faults])
    assert (
        outcomes[0]
        == outcomes[1]
        == [
            ("env-not-allowed", "vault.auth[1]", "AWS_SECRET_ACCESS_KEY"),
            ("env-not-allowed", "vault.auth[2]", "VAULTGEN_X"),
            ("env-not-allowed", "vault.auth[2]", "P"),
        ]
    )


@pytest.mark.parametrize("allowed", ["CI_TOKEN", "A,CI_TOKEN", "A, CI_TOKEN ,B", "A CI_TOKEN"])
def test_where_the_build_runs_further_variables_can_be_allowed(allowed: str) -> None:
    auth = TokenAuth(CredentialSource(env="CI_TOKEN"))
    environ = {"CI_TOKEN": "s.ci", "VAULTGEN_ALLOWED_ENV": allowed}
    assert log_in_with(auth, environ=environ).token == Redacted("s.ci")


@pytest.mark.parametrize("allowed", ["", "CI", "CI_TOKEN_2", "ci_token"])
def test_a_variable_is_allowed_by_its_whole_name(allowed: str) -> None:
    auth = TokenAuth(CredentialSource(env="CI_TOKEN"))
    environ = {"CI_TOKEN": "s.canary", "VAULTGEN_ALLOWED_ENV": allowed}
    fault = refused(lambda: log_in_with(auth, environ=environ))
    assert (fault.code, fault.place.field) == ("env-not-allowed", "vault.auth")
