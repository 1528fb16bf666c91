"""What we assume of hvac's auth classes."""

import inspect
from typing import Any

import hvac.api.auth_methods
import pytest

from vaultgen.vault.login.through_hvac import METHODS


class Recorder:
    """Takes any call and keeps its name and arguments."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Any:
        def record(*positional: object, **named: Any) -> dict[str, Any]:
            assert not positional
            self.calls.append((name, named))
            return {}

        return record


@pytest.mark.parametrize("method", METHODS)
def test_a_login_is_one_call_of_the_adapters_login(method: str) -> None:
    """No other connection, no look at the environment, no type check of the adapter."""
    class_name, function_name = METHODS[method]
    login = getattr(hvac.api.auth_methods, class_name)
    adapter = Recorder()
    bound = getattr(login(adapter), function_name)
    takes = inspect.signature(bound).parameters
    mount = {name: "a/b" for name in ("mount_point", "path") if name in takes}
    needs = {name: "value" for name, parameter in takes.items() if parameter.default is parameter.empty}
    bound(**needs, **mount)
    ((name, arguments),) = adapter.calls
    assert name == "login"
    assert set(arguments) == {"url", "use_token", "json"}
    assert arguments["url"] in ("/v1/auth/a/b/login", "/v1/auth/a/b/login/value")
    assert isinstance(arguments["json"], dict)


@pytest.mark.parametrize("method", ["ldap", "okta", "radius"])
def test_a_user_name_is_percent_encoded_but_for_its_slashes(method: str) -> None:
    """So decoding once gives the name back, and slashes are ours to refuse."""
    class_name, function_name = METHODS[method]
    adapter = Recorder()
    login = getattr(hvac.api.auth_methods, class_name)(adapter)
    getattr(login, function_name)(username="a%/../ü", password="p", mount_point="m")
    assert adapter.calls[0][1]["url"] == "/v1/auth/m/login/a%25/../%C3%BC"


@pytest.mark.parametrize("method", METHODS)
def test_each_method_names_its_mount_in_one_of_two_ways(method: str) -> None:
    class_name, function_name = METHODS[method]
    takes = inspect.signature(getattr(getattr(hvac.api.auth_methods, class_name), function_name)).parameters
    assert len({"mount_point", "path"} & set(takes)) == 1
    assert "use_token" in takes
