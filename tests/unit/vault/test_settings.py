"""Settings: where each comes from, what wins, and which credentials stay at home."""

import pytest

from vaultgen.document.model import Tls, VaultConfig
from vaultgen.errors import Fault, Refused
from vaultgen.vault.environment import RateLimit
from vaultgen.vault.settings import Settings, read_settings, require_home

HOME = {"VAULT_ADDR": "https://vault.test:8200"}
ELSEWHERE = VaultConfig(address="https://elsewhere.test")


def faults(config: VaultConfig, environ: dict[str, str]) -> list[Fault]:
    with pytest.raises(Refused) as raised:
        read_settings(config, environ)
    return list(raised.value.faults)


def test_the_environment_wins_over_the_document() -> None:
    settings = read_settings(
        VaultConfig("https://other.test", "other", Tls(ca_file="ca.pem", server_name="other")),
        {**HOME, "VAULT_NAMESPACE": "/team/a/", "VAULT_CACERT": "/etc/ca.pem", "BAO_TLS_SERVER_NAME": "vault.internal"},
    )
    assert settings.address.text == "https://vault.test:8200"
    assert settings.vault_namespace == "team/a"
    assert settings.tls.ca is not None
    assert settings.tls.ca.source == "VAULT_CACERT"
    assert settings.tls.server_name == "vault.internal"


def test_the_document_is_used_where_the_environment_is_silent() -> None:
    tls = Tls("ca.pem", "vault", "c.pem", "k.pem")
    settings = read_settings(VaultConfig("https://vault.test", "team", tls), {})
    assert settings.address_source == "vault.address"
    assert settings.vault_namespace == "team"
    assert settings.tls.ca is not None
    assert (settings.tls.ca.kind, settings.tls.ca.value.reveal()) == ("document", "ca.pem")
    assert settings.tls.client_key is not None
    assert settings.tls.client_key.source == "vault.tls.clientKeyFile"


def test_an_agents_address_comes_first() -> None:
    settings = read_settings(VaultConfig(), {**HOME, "VAULT_AGENT_ADDR": "unix:///run/agent.sock"})
    assert settings.address.socket == "/run/agent.sock"
    assert settings.address_source == "VAULT_AGENT_ADDR"


def test_the_defaults_are_those_of_the_command_lines() -> None:
    settings = read_settings(VaultConfig(), HOME)
    assert (settings.timeout, settings.attempts, settings.rate_limit, settings.proxy) == (60.0, 3, None, None)
    assert settings.follows_redirects


def test_every_other_variable_is_read() -> None:
    settings = read_settings(
        VaultConfig(),
        {
            **HOME,
            "VAULT_CLIENT_TIMEOUT": "1m30s",
            "VAULT_MAX_RETRIES": "0",
            "VAULT_RATE_LIMIT": "5:7",
            "VAULT_SKIP_VERIFY": "true",
            "VAULT_DISABLE_REDIRECTS": "1",
            "VAULT_HEADERS": '{"X-Access": "open"}',
            "VAULT_CLIENT_CERT": "/etc/c.pem",
            "VAULT_CLIENT_KEY": "/etc/k.pem",
            "VAULT_CAPATH": "/etc/cas",
            "VAULT_PROXY_ADDR": "http://proxy.test:3128",
        },
    )
    assert settings.timeout == 90.0
    assert settings.attempts == 1
    assert settings.rate_limit == RateLimit(5.0, 7)
    assert [(name, text.reveal()) for name, text in settings.headers] == [("X-Access", "open")]
    assert settings.tls.skip_verify
    assert not settings.follows_redirects
    assert settings.tls.ca is not None
    assert settings.tls.ca.kind == "directory"
    assert settings.proxy is not None
    assert settings.proxy.text == "http://proxy.test:3128"


def test_a_timeout_of_nothing_means_the_default() -> None:
    """As in OpenBao's api/client.go; a build without a deadline would hang for ever."""
    assert read_settings(VaultConfig(), {**HOME, "VAULT_CLIENT_TIMEOUT": "0"}).timeout == 60.0


def test_without_an_address_nothing_is_guessed() -> None:
    assert [fault.code for fault in faults(VaultConfig(), {})] == ["no-address"]


def test_an_address_with_a_password_is_refused_and_not_shown() -> None:
    (fault,) = faults(VaultConfig(), {"VAULT_ADDR": "http://ci:canary@vault.test"})
    assert (fault.code, fault.facts["source"]) == ("bad-address", "VAULT_ADDR")
    assert "canary" not in str(fault.facts)


def test_a_bad_address_in_the_document_has_its_place() -> None:
    (fault,) = faults(VaultConfig("vault.test"), {})
    assert (fault.code, fault.place.field) == ("bad-address", "vault.address")


def test_all_bad_settings_are_told_at_once() -> None:
    environ = {
        "VAULT_ADDR": "vault.test",
        "VAULT_CLIENT_TIMEOUT": "soon",
        "BAO_MAX_RETRIES": "many",
        "VAULT_RATE_LIMIT": "x",
        "VAULT_SKIP_VERIFY": "perhaps",
        "VAULT_HEADERS": "{",
        "VAULT_NAMESPACE": "a//b",
        "VAULT_CLIENT_KEY": "k.pem",
        "VAULT_HTTP_PROXY": "socks5://proxy.test",
    }
    found = faults(VaultConfig(), environ)
    assert [fault.code for fault in found] == ["bad-address"] + ["bad-setting"] * 8
    names = {fault.facts["name"] for fault in found[1:]}
    assert names == {"BAO_MAX_RETRIES", *environ} - {"VAULT_ADDR", "BAO_ADDR"}


@pytest.mark.parametrize("name", ["vault.test:8200", ".vault.test", "vault test", "vault\n"])
def test_a_server_name_that_is_none_is_refused(name: str) -> None:
    (fault,) = faults(VaultConfig(), {**HOME, "VAULT_TLS_SERVER_NAME": name})
    assert (fault.code, fault.facts["name"]) == ("bad-setting", "VAULT_TLS_SERVER_NAME")
    (fault,) = faults(VaultConfig("https://vault.test", tls=Tls(server_name=name)), {})
    assert fault.facts["name"] == "vault.tls.serverName"


def test_a_document_does_not_say_whose_certificate_the_address_of_the_environment_has() -> None:
    assert read_settings(VaultConfig(tls=Tls(server_name="evil.test")), HOME).tls.server_name == ""


@pytest.mark.parametrize("name", ["VAULT_CACERT", "BAO_CACERT", "VAULT_CAPATH"])
def test_a_relative_path_of_the_environment_is_refused(name: str) -> None:
    """kustomize starts the function inside the tree that is built, one of whose files it would be."""
    (fault,) = faults(VaultConfig(), {**HOME, name: "ca.pem"})
    assert (fault.code, fault.facts["name"]) == ("bad-setting", name)


@pytest.mark.parametrize("half", ["VAULT_CLIENT_CERT", "VAULT_CLIENT_KEY", "BAO_CLIENT_CERT_BYTES"])
def test_half_a_client_certificate_is_refused(half: str) -> None:
    (fault,) = faults(VaultConfig(), {**HOME, half: "x"})
    assert (fault.code, fault.facts["name"]) == ("bad-setting", half)


@pytest.mark.parametrize("name", ["VAULT_ADDR", "BAO_ADDR", "VAULT_AGENT_ADDR"])
def test_an_address_of_the_environment_is_home(name: str) -> None:
    require_home(read_settings(ELSEWHERE, {name: "https://vault.test"}), "VAULT_TOKEN")


@pytest.mark.parametrize(
    "listed", ["https://elsewhere.test:443", "https://a.test, HTTPS://Elsewhere.test/", "https://elsewhere.test/"]
)
def test_a_listed_address_is_home(listed: str) -> None:
    require_home(read_settings(ELSEWHERE, {"VAULTGEN_ALLOWED_ADDRESSES": listed}), "VAULT_TOKEN")


@pytest.mark.parametrize(
    "listed",
    [
        "",
        "http://elsewhere.test",
        "https://elsewhere.test:8200",
        "https://elsewhere.test.evil.test",
        "https://sub.elsewhere.test",
        "https://elsewhere.test/vault",
    ],
)
def test_a_credential_does_not_follow_an_address_of_the_document(listed: str) -> None:
    settings = read_settings(ELSEWHERE, {"VAULTGEN_ALLOWED_ADDRESSES": listed})
    with pytest.raises(Refused) as raised:
        require_home(settings, "the file ~/.vault-token")
    (fault,) = raised.value.faults
    assert fault.code == "credential-leaves-home"
    assert fault.facts == {"source": "the file ~/.vault-token", "address": "https://elsewhere.test"}


def test_a_list_of_addresses_with_an_error_is_refused() -> None:
    """An entry that is skipped silently would look like a server that is not allowed."""
    (fault,) = faults(ELSEWHERE, {"VAULTGEN_ALLOWED_ADDRESSES": "elsewhere.test"})
    assert (fault.code, fault.facts["name"]) == ("bad-setting", "VAULTGEN_ALLOWED_ADDRESSES")


@pytest.mark.parametrize(
    ("environ", "source"),
    [
        ({"VAULT_HEADERS": '{"X-Access": "canary"}'}, "VAULT_HEADERS"),
        ({"VAULT_CLIENT_CERT": "/c.pem", "VAULT_CLIENT_KEY": "/k.pem"}, "VAULT_CLIENT_KEY"),
        ({"BAO_CLIENT_CERT_BYTES": "c", "BAO_CLIENT_KEY_BYTES": "k"}, "BAO_CLIENT_KEY_BYTES"),
    ],
)
def test_headers_and_client_keys_of_the_environment_stay_home(environ: dict[str, str], source: str) -> None:
    (fault,) = faults(ELSEWHERE, environ)
    assert (fault.code, fault.facts["source"]) == ("credential-leaves-home", source)


def test_a_client_key_of_the_document_may_go_where_the_document_says() -> None:
    config = VaultConfig("https://elsewhere.test", tls=Tls(client_cert_file="c.pem", client_key_file="k.pem"))
    assert not read_settings(config, {}).at_home


def test_settings_never_show_what_they_hold() -> None:
    environ = {**HOME, "VAULT_HEADERS": '{"X-Access": "canary"}', "VAULT_PROXY_ADDR": "http://ci:canary@proxy.test"}
    settings = read_settings(VaultConfig(), {**environ, "BAO_CLIENT_CERT_BYTES": "c", "BAO_CLIENT_KEY_BYTES": "canary"})
    assert isinstance(settings, Settings)
    assert "canary" not in repr(settings)
