"""Redirects: to the same path of the same server they are followed, to any other place they are not."""

import pytest

from vaultgen.errors import Fault
from vaultgen.redacted import Redacted
from vaultgen.vault.address import parse_address
from vaultgen.vault.message import Request, Response
from vaultgen.vault.redirect import redirected_target, without_token
from vaultgen.vault.settings import Settings


def target(
    location: str, status: int = 307, method: str = "GET", address: str = "http://vault.test:8200"
) -> str | Fault:
    headers = {"location": location} if location else {}
    request = Request(method, "x")
    return redirected_target(Response(status, Redacted(b""), headers), request, Settings(parse_address(address)))


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("/v1/x", "/v1/x"),
        ("/v1/x#top", "/v1/x"),
        ("/gateway/v1/x", "/gateway/v1/x"),
        ("/v1/%78", "/v1/%78"),
        ("http://vault.test:8200/v1/x", "/v1/x"),
        ("HTTP://Vault.Test:8200/v1/x", "/v1/x"),
    ],
)
def test_the_same_server_is_asked_again(location: str, path: str) -> None:
    assert target(location) == path


def test_a_default_port_is_the_same_server_too() -> None:
    assert target("https://vault.test:443/v1/x", address="https://vault.test") == "/v1/x"


@pytest.mark.parametrize(
    "location",
    ["/login?next=/v1/x", "/v1/y", "/v1/x/", "/x", "/v1/x?version=2", "/v1/x%2Fy", "http://vault.test:8200/"],
)
def test_another_path_is_refused(location: str) -> None:
    """It may lead to another secret, or to a page to log in at, which the token is nothing for."""
    found = target(location)
    assert isinstance(found, Fault)
    assert found.facts == {"address": "http://vault.test:8200", "target": "another path"}


def test_what_is_asked_for_stays_part_of_the_path() -> None:
    request = Request("GET", "secret/data/ä b", "version=2")
    settings = Settings(parse_address("http://vault.test"))
    location = "/v1/secret/data/%C3%A4%20b?version=2"
    assert redirected_target(Response(307, Redacted(b""), {"location": location}), request, settings) == location


def test_redirects_can_be_switched_off() -> None:
    settings = Settings(parse_address("http://vault.test"), follows_redirects=False)
    response = Response(307, Redacted(b""), {"location": "/v1/x"})
    found = redirected_target(response, Request("GET", "x"), settings)
    assert isinstance(found, Fault)
    assert found.facts["target"] == "http://vault.test while VAULT_DISABLE_REDIRECTS is set"


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("https://vault.test:8200/v1/x", "https://vault.test:8200"),
        ("http://vault.test/v1/x", "http://vault.test"),
        ("http://vault.test:8201/v1/x", "http://vault.test:8201"),
        ("http://elsewhere.test:8200/v1/canary?canary", "http://elsewhere.test:8200"),
        ("http://canary:canary@vault.test/", "http://vault.test"),
        ("http://vault.test:8200@elsewhere.test/", "http://elsewhere.test"),
        ("http://elsewhere.test\\@vault.test:8200/", "http://vault.test:8200"),
        ("//elsewhere.test/v1/x", "http://vault.test:8200"),
        ("http://canary canary/", "a place that is no address"),
        ("canary://vault.test:8200/x", "a place that is no address"),
        ("javascript:canary", "http://vault.test:8200"),
        ("v1/x", "http://vault.test:8200"),
        ("/v1/../../x", "http://vault.test:8200"),
        ("/v1/%2E%2e/x", "http://vault.test:8200"),
        ("/v1/a b", "http://vault.test:8200"),
        ("/v1/a\tb", "http://vault.test:8200"),
        ("/v1/\xe4", "http://vault.test:8200"),
        ("", "http://vault.test:8200"),
    ],
)
def test_any_other_place_is_refused_and_only_its_host_shown(location: str, shown: str) -> None:
    found = target(location)
    if isinstance(found, str):
        pytest.fail(f"followed to {found}")
    assert found.code == "redirected"
    assert found.facts == {"address": "http://vault.test:8200", "target": shown}


@pytest.mark.parametrize(("status", "followed"), [(301, False), (302, False), (303, False), (307, True), (308, True)])
def test_a_login_follows_only_where_its_method_is_kept(status: int, followed: bool) -> None:
    assert isinstance(target("/v1/x", status, "POST"), str) is followed


def test_over_a_unix_socket_only_a_path_is_followed() -> None:
    assert target("/v1/x", address="unix:///run/bao.sock") == "/v1/x"
    assert isinstance(target("http://localhost/v1/x", address="unix:///run/bao.sock"), Fault)


@pytest.mark.parametrize("token", ["S.Secret", "s.secret"])
def test_a_host_that_says_the_token_back_is_not_shown(token: str) -> None:
    fault = Fault("redirected", facts={"address": "http://vault.test:8200", "target": "https://s.secret.test"})
    shown = without_token(fault, Request("GET", "secret/data/app", token=Redacted(token)))
    assert "s.secret" not in shown.facts["target"]
    assert without_token(fault, Request("GET", "secret/data/app")) == fault
    assert without_token(fault, Request("GET", "secret/data/app", token=Redacted("s.other"))) == fault
