"""Proxies, by the rules of Go's programs."""

import base64

import pytest

from vaultgen.document.model import VaultConfig
from vaultgen.vault.address import Unusable, parse_address
from vaultgen.vault.environment import Variable
from vaultgen.vault.proxy import is_direct, parse_proxy
from vaultgen.vault.settings import read_settings

PROXY = "http://proxy.test:3128"


def proxy_of(address: str, **environ: str) -> str:
    proxy = read_settings(VaultConfig(), {"VAULT_ADDR": address, **environ}).proxy
    return proxy.text if proxy else ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (PROXY, PROXY),
        ("proxy.test", "http://proxy.test:80"),
        ("HTTP://Proxy.test:3128/", PROXY),
        ("http://[::1]:3128", "http://[::1]:3128"),
    ],
)
def test_a_proxy_is_taken_apart(value: str, text: str) -> None:
    assert parse_proxy(Variable("HTTP_PROXY", value)).text == text


def test_a_proxys_password_is_sent_and_never_shown() -> None:
    proxy = parse_proxy(Variable("HTTP_PROXY", "http://ci:c%40nary:x@proxy.test:3128"))
    assert proxy.authorization is not None
    assert proxy.authorization.reveal() == "Basic " + base64.b64encode(b"ci:c@nary:x").decode()
    assert "nary" not in repr(proxy)
    assert proxy.text == PROXY


@pytest.mark.parametrize("value", ["https://proxy.test", "socks5://proxy.test", "http://", "http://proxy.test:x"])
def test_what_is_no_http_proxy_is_refused(value: str) -> None:
    with pytest.raises(Unusable):
        parse_proxy(Variable("HTTP_PROXY", value))


def test_the_scheme_of_the_address_chooses_the_variable() -> None:
    environ = {"HTTP_PROXY": "http://plain.test", "https_proxy": "http://secure.test"}
    assert proxy_of("http://vault.test", **environ) == "http://plain.test:80"
    assert proxy_of("https://vault.test", **environ) == "http://secure.test:80"


def test_vaults_own_variable_holds_for_every_address() -> None:
    environ = {"VAULT_PROXY_ADDR": PROXY, "VAULT_HTTP_PROXY": "http://b.test", "HTTPS_PROXY": "http://c.test"}
    assert proxy_of("https://vault.test", NO_PROXY="*", **environ) == PROXY
    assert proxy_of("http://127.0.0.1:8200", VAULT_HTTP_PROXY=PROXY) == PROXY


@pytest.mark.parametrize(
    "address", ["http://localhost:8200", "http://127.0.0.1:8200", "http://127.9.9.9", "http://[::1]:1"]
)
def test_loopback_is_never_proxied(address: str) -> None:
    assert proxy_of(address, HTTP_PROXY=PROXY) == ""


def test_a_unix_socket_is_never_proxied() -> None:
    assert proxy_of("unix:///run/bao.sock", HTTP_PROXY=PROXY, VAULT_PROXY_ADDR=PROXY) == ""


@pytest.mark.parametrize(
    "exceptions",
    [
        "*",
        "vault.example.com",
        "VAULT.Example.com",
        "example.com",
        ".example.com",
        "*.example.com",
        "vault.example.com:8200",
        "example.com:8200",
        "a.test, vault.example.com",
    ],
)
def test_a_listed_host_is_reached_directly(exceptions: str) -> None:
    assert is_direct(parse_address("http://vault.example.com:8200"), exceptions)


@pytest.mark.parametrize(
    "exceptions",
    [
        "",
        ",",
        "ample.com",
        ".vault.example.com",
        "*.vault.example.com",
        "vault.example.com:443",
        "vault",
        "10.0.0.0/8",
        ":8200",
    ],
)
def test_another_host_is_not(exceptions: str) -> None:
    assert not is_direct(parse_address("http://vault.example.com:8200"), exceptions)


@pytest.mark.parametrize(
    ("host", "exceptions", "direct"),
    [
        ("10.1.2.3", "10.0.0.0/8", True),
        ("10.1.2.3", "10.1.2.3", True),
        ("10.1.2.3", "10.1.2.3:8200", True),
        ("10.1.2.3", "10.1.2.3:443", False),
        ("11.1.2.3", "10.0.0.0/8", False),
        ("10.1.2.3", "10.0.0.0/99", False),
        ("[2001:db8::1]", "2001:db8::/32", True),
        ("[2001:db8::1]", "2001:db8::1", True),
        ("[2001:db8::1]", "[2001:db8::1]:8200", True),
        ("[2001:db8::1]", "[2001:db8::2]", False),
    ],
)
def test_addresses_are_compared_as_numbers(host: str, exceptions: str, direct: bool) -> None:
    assert is_direct(parse_address(f"http://{host}:8200"), exceptions) is direct
