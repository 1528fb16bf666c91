"""The tables of docs/auth.md say what the code does: environment variables, parameters of login methods."""

import ast
import inspect
import re
import ssl
from collections.abc import Iterator
from typing import Any

import hvac.api.auth_methods

from support.kustomize import CHECKOUT
from support.markdown import commands, section
from support.yaml_blocks import yaml_blocks
from vaultgen.document.model import LoginAuth, VaultConfig
from vaultgen.document.read import read_document
from vaultgen.vault.login.credential import ALLOWED_ENV, is_allowed
from vaultgen.vault.login.through_hvac import METHODS
from vaultgen.vault.settings import read_settings

PAGE = CHECKOUT / "docs/auth.md"
OF_ANY_PROGRAM = ("VAULT_", "BAO_", "VAULTGEN_", "KUSTOMIZE_", "KUBE", "XDG_", "HOME")
"""How the names of variables begin that stand in the source as they are."""


class Recorder(dict[str, str]):
    """An environment that knows what it was asked for."""

    def __init__(self, **variables: str) -> None:
        super().__init__(variables)
        self.asked: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, default)


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table below a heading of the page."""
    lines = [line for line in section(PAGE, heading).splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def names_in(text: str) -> list[str]:
    """Return what stands between backticks."""
    return re.findall("`([^`]+)`", text)


# --- environment variables ---


def documented() -> set[str]:
    """Return the variables in the page's table, those of Vault in both spellings, those of proxies in both cases."""
    names = {name for variables, _ in rows("environment-variables") for name in names_in(variables)}
    proxies = {name.lower() for name in names if re.fullmatch("(HTTPS?|NO)_PROXY", name)}
    return names | {name.replace("VAULT_", "BAO_", 1) for name in names if name.startswith("VAULT_")} | proxies


def asked_for_settings() -> set[str]:
    """Return the variables that are looked at on the way to a server."""
    asked = set()
    for address in ("http://vault.test", "https://vault.test"):
        for proxy in ({}, {"HTTP_PROXY": "http://proxy.test", "HTTPS_PROXY": "http://proxy.test"}):
            environment = Recorder(**proxy)
            read_settings(VaultConfig(address), environment)
            asked |= environment.asked
    return asked


def named_in_source() -> Iterator[str]:
    """Yield the texts of the package that are names of variables."""
    for path in (CHECKOUT / "vaultgen").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and re.fullmatch("[A-Z][A-Z_]+[A-Z]", text) and text.startswith(OF_ANY_PROGRAM):
                yield text


def test_the_table_of_variables_is_what_the_code_looks_at() -> None:
    system = ssl.get_default_verify_paths()
    read = {*asked_for_settings(), *named_in_source(), system.openssl_cafile_env, system.openssl_capath_env}
    assert documented() == read


def test_variables_said_to_change_nothing_are_not_looked_at() -> None:
    (sentence,) = [line for line in section(PAGE, "environment-variables").splitlines() if "change nothing" in line]
    assert names_in(sentence)
    assert not set(names_in(sentence)) & asked_for_settings()


# --- parameters of login methods ---


def test_the_table_of_other_methods_is_what_hvac_takes() -> None:
    table = {names_in(method)[0]: (names_in(needs), names_in(may)) for method, needs, may in rows("other-methods")}
    assert table.keys() == METHODS.keys()
    for method, (class_name, function_name) in METHODS.items():
        login = getattr(getattr(hvac.api.auth_methods, class_name), function_name)
        takes = [
            parameter
            for name, parameter in inspect.signature(login).parameters.items()
            if name not in ("self", "use_token", "mount_point", "path")
        ]
        needs = [parameter.name for parameter in takes if parameter.default is parameter.empty]
        may = [parameter.name for parameter in takes if parameter.default is not parameter.empty]
        assert table[method] == (needs, may), method


def test_the_blocks_of_other_methods_give_what_these_take() -> None:
    """With the variables that the page has allowed for them."""
    table = {names_in(method)[0]: (names_in(needs), names_in(may)) for method, needs, may in rows("other-methods")}
    allowed = commands("docs/auth.md#other-methods").strip().partition("=")
    assert allowed[0] == f"export {ALLOWED_ENV}"
    found = [block for block in yaml_blocks(PAGE) if "#other-methods" in block.key]
    assert len(found) == 2
    for block in found:
        (auth,) = read_document(block.trees()[0]).vault.auth
        assert isinstance(auth, LoginAuth)
        needs, may = table[auth.method]
        assert set(needs) <= auth.parameters.keys() <= {*needs, *may}
        for source in auth.parameters.values():
            assert not source.env or is_allowed(source.env, {ALLOWED_ENV: allowed[2]})
