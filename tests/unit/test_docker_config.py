"""The value of .dockerconfigjson."""

import json

import pytest

from vaultgen.docker_config import Login, docker_config
from vaultgen.redacted import Redacted


def _login(server: str, username: str = "u", password: str = "p", email: str = "") -> Login:
    return Login(*map(Redacted, (server, username, password, email)))


def _content(*logins: Login) -> bytes:
    content = docker_config(logins).reveal()
    assert isinstance(content, bytes)
    return content


def test_one_registry() -> None:
    assert _content(_login("registry.example.com", email="a@b")) == (
        b'{"auths":{"registry.example.com":{"username":"u","password":"p","email":"a@b","auth":"dTpw"}}}'
    )


def test_registries_are_sorted_and_an_empty_part_is_left_out() -> None:
    assert _content(_login("b"), _login("a", username="")) == (
        b'{"auths":{"a":{"password":"p","auth":"OnA="},"b":{"username":"u","password":"p","auth":"dTpw"}}}'
    )


@pytest.mark.parametrize("password", ["<>&", '"\\', "é😀", "\u2028\u2029", "\0\x1f\t\n\x7f", "a:b", "%s{}", "'"])
def test_any_text_comes_back(password: str) -> None:
    content = _content(_login("a", password=password))
    assert json.loads(content)["auths"]["a"]["password"] == password
    assert not any(character in content.decode() for character in "<>&\u2028\u2029")


def test_it_is_wrapped() -> None:
    assert repr(docker_config((_login("a"),))) == "[redacted]"
