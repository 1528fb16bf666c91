"""Addresses: what is taken, what is refused, and which are the same server."""

import pytest

from vaultgen.vault.address import Address, Unusable, parse_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("http://127.0.0.1:8200", Address("http", "127.0.0.1", 8200)),
        ("https://Vault.Example.com", Address("https", "vault.example.com", 443)),
        ("HTTP://vault/", Address("http", "vault", 80)),
        ("https://[2001:DB8::1]:8200", Address("https", "2001:db8::1", 8200)),
        ("https://gate.example.com/vault/", Address("https", "gate.example.com", 443, "/vault")),
        ("unix:///run/bao.sock", Address("unix", "localhost", 0, socket="/run/bao.sock")),
    ],
)
def test_an_address_is_taken_apart(text: str, address: Address) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "vault.example.com:8200",
        "ftp://vault",
        "http://",
        "http://:8200",
        "http://user:canary@vault",
        "http://canary@vault:8200",
        "http://vault:0",
        "http://vault:65536",
        "http://vault:eight",
        "http://vault:8200?x=1",
        "http://vault:8200#x",
        "http://vault/a/../b",
        "http://vault/a//b",
        "http://vault\n",
        "http://va ult",
        "http://[::1",
        "http://[vault]",
        "http://[::1]8200",
        "http://::1:8200",
        "http://vält",
        "http://vault\\x",
        "unix://run/bao.sock",
    ],
)
def test_what_is_no_address_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(Unusable) as raised:
        parse_address(text)
    assert "canary" not in raised.value.why
    assert raised.value.why.isprintable()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("https://vault/v1", "it ends in /v1, which is added to it: leave that out"),
        ("https://gate/vault/v1/", "it ends in /v1, which is added to it: leave that out"),
        ('"https://vault"', "it begins with a quote or a space: leave that out"),
        (" https://vault", "it begins with a quote or a space: leave that out"),
        ("https://vault/ui", "it leads to the pages for people, /ui: leave that out"),
        ("https://vault/ui/vault/secrets", "it leads to the pages for people, /ui: leave that out"),
    ],
)
def test_an_address_of_something_else_at_the_server_is_told(text: str, why: str) -> None:
    with pytest.raises(Unusable) as raised:
        parse_address(text)
    assert raised.value.why == why


def test_the_same_server_is_recognised_however_it_is_written() -> None:
    one = parse_address("https://Vault.example.com/a")
    assert one.is_same_server(parse_address("https://vault.example.com:443"))
    assert not one.is_same_server(parse_address("http://vault.example.com:443"))
    assert not one.is_same_server(parse_address("https://vault.example.com:8200"))
    assert not parse_address("unix:///a").is_same_server(parse_address("unix:///b"))


@pytest.mark.parametrize("text", ["http://vault:8200", "https://[::1]:8200/x", "unix:///run/bao.sock", "https://vault"])
def test_the_text_of_an_address_is_the_address_again(text: str) -> None:
    assert parse_address(text).text == text
