"""The ways to a real OpenBao, and the states in which it answers nobody."""

import contextlib
from collections.abc import Mapping

import pytest

from support.login import TreeFiles
from support.openbao import OpenBao
from support.vault_client import VaultClient, VaultRefused
from support.vault_namespace import VaultNamespace
from vaultgen.document.model import CredentialSource, UserpassAuth, VaultConfig
from vaultgen.errors import Refused
from vaultgen.ports import Answer, Read
from vaultgen.vault import retry
from vaultgen.vault.backend import connect

APP = Read("secret/data/app")


def read_app(environ: Mapping[str, str], config: VaultConfig | None = None) -> object:
    """Return the password, or the codes of the faults."""
    try:
        with contextlib.closing(connect(config or VaultConfig(), environ, TreeFiles())) as backend:
            answer = backend.read_all([APP])[APP]
    except Refused as refused:
        return [fault.code for fault in refused.faults]
    assert isinstance(answer, Answer)
    return answer.fields["password"].reveal()


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.001)


@pytest.fixture
def environ(vault_namespace: VaultNamespace, vault: VaultClient) -> dict[str, str]:
    vault.write("app", {"password": "x"})
    return vault_namespace.environment()


def test_plain_http_and_a_unix_socket_lead_there(openbao: OpenBao, environ: dict[str, str]) -> None:
    assert read_app(environ) == "x"
    assert read_app({**environ, "BAO_ADDR": openbao.socket_address}) == "x"


def test_https_leads_there_with_the_right_ca_only(openbao: OpenBao, environ: dict[str, str]) -> None:
    assert openbao.certificates is not None
    secure = {**environ, "VAULT_ADDR": openbao.https_address}
    assert read_app({**secure, "VAULT_CACERT": str(openbao.certificates.ca)}) == "x"
    assert read_app({**secure, "VAULT_CACERT": str(openbao.certificates.stranger_ca)}) == ["tls-untrusted"]
    assert read_app(secure) == ["tls-untrusted"]
    named = {"VAULT_CACERT": str(openbao.certificates.ca), "VAULT_TLS_SERVER_NAME": "other.test"}
    assert read_app({**secure, **named}) == ["tls-hostname"]


def test_a_server_that_wants_a_client_certificate_is_given_one(openbao: OpenBao, environ: dict[str, str]) -> None:
    certificates = openbao.certificates
    assert certificates is not None
    mutual = {**environ, "VAULT_ADDR": openbao.mutual_tls_address, "VAULT_CACERT": str(certificates.ca)}
    own = {"VAULT_CLIENT_CERT": str(certificates.client_cert), "VAULT_CLIENT_KEY": str(certificates.client_key)}
    stranger = {
        "VAULT_CLIENT_CERT": str(certificates.stranger_cert),
        "VAULT_CLIENT_KEY": str(certificates.stranger_key),
    }
    assert read_app({**mutual, **own}) == "x"
    assert read_app(mutual) == ["tls-failed"]
    assert read_app({**mutual, **stranger}) == ["tls-failed"]


def test_the_wrong_scheme_is_told_either_way(openbao: OpenBao, environ: dict[str, str]) -> None:
    assert read_app({**environ, "VAULT_ADDR": openbao.https_address.replace("https", "http")}) == ["plain-http"]
    assert read_app({**environ, "VAULT_ADDR": openbao.address.replace("http", "https")}) == ["tls-failed"]


def test_the_wrong_scheme_is_told_of_a_login_too(openbao: OpenBao, environ: dict[str, str]) -> None:
    """Its body is not read, so the connection is reset behind the answer."""
    config = VaultConfig(auth=(UserpassAuth("ci", CredentialSource(env="VAULT_PASSWORD")),))
    login = {**environ, "VAULT_TOKEN": "", "VAULT_PASSWORD": "x" * 20_000}
    assert read_app({**login, "VAULT_ADDR": openbao.https_address.replace("https", "http")}, config) == ["plain-http"]


def test_a_sealed_server_is_told_as_such(sealed_openbao: OpenBao) -> None:
    assert read_app({"VAULT_ADDR": sealed_openbao.address, "VAULT_TOKEN": "s.x"}) == ["sealed"]


def test_a_server_that_nobody_initialised_says_that_it_is_sealed(uninitialised_openbao: OpenBao) -> None:
    assert read_app({"VAULT_ADDR": uninitialised_openbao.address, "VAULT_TOKEN": "s.x"}) == ["sealed"]


def test_a_quota_is_waited_for(openbao: OpenBao, environ: dict[str, str], vault_namespace: VaultNamespace) -> None:
    """A quota of this test's own; with it used up, the run tries again until it lets through, or gives up."""
    quota = f"sys/quotas/rate-limit/of-{vault_namespace.name or 'all'}"
    path = f"{vault_namespace.name}/secret/".lstrip("/")
    root = openbao.client()
    root.request("POST", quota, {"rate": 0.001, "interval": "1h", "path": path})
    try:
        reader = VaultClient(openbao.address, vault_namespace.token, vault_namespace.name)
        with contextlib.suppress(VaultRefused):
            for _ in range(5):
                reader.request("GET", "secret/data/app")
        assert read_app(environ) == ["rate-limited"]
    finally:
        root.request("DELETE", quota)
    assert read_app(environ) == "x"


def test_a_token_that_a_login_gave_has_ended_after_the_run(
    vault_namespace: VaultNamespace, vault: VaultClient, environ: dict[str, str]
) -> None:
    vault.enable_auth("userpass")
    vault.request("POST", "auth/userpass/users/ci", {"password": "pw", "token_policies": ["read-all"]})
    config = VaultConfig(auth=(UserpassAuth("ci", CredentialSource(env="VAULT_PASSWORD")),))
    environ = {**environ, "VAULT_TOKEN": "", "VAULT_PASSWORD": "pw"}
    before = accessors(vault)
    assert read_app(environ, config) == "x"
    assert accessors(vault) == before


def accessors(vault: VaultClient) -> set[str]:
    return set(vault.request("LIST", "auth/token/accessors")["data"]["keys"])


def test_a_write_of_a_later_version_is_read_by_the_same_session(environ: dict[str, str], vault: VaultClient) -> None:
    """Connections outlive a read_all(), and nothing is kept that was read."""
    with contextlib.closing(connect(VaultConfig(), environ, TreeFiles())) as backend:
        first = backend.read_all([APP])[APP]
        vault.write("app", {"password": "y"})
        second = backend.read_all([APP])[APP]
    assert [answer.fields["password"].reveal() for answer in (first, second) if isinstance(answer, Answer)] == [
        "x",
        "y",
    ]
