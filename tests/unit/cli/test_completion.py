"""The scripts, and what they ask: in the real shells, where these are installed."""

import os
import shutil
import subprocess

import pytest

from support.kustomize import vaultgen_directory
from vaultgen.cli import app
from vaultgen.cli.completion import SHELLS

BASH = """
eval "$(vaultgen completion bash)"
COMP_WORDS=(vaultgen "$@")
COMP_CWORD=$#
COMPREPLY=()
_vaultgen_completion vaultgen
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def environment() -> dict[str, str]:
    path = os.pathsep.join([str(vaultgen_directory()), os.environ.get("PATH", os.defpath)])
    return {**os.environ, "PATH": path}


def require(shell: str) -> str:
    """Return the path of a shell, or skip the test."""
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"no {shell}")
    return found


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_valid_in_its_shell(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "_VAULTGEN_COMPLETE" in script
    done = subprocess.run([require(shell), "-n"], input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("words", [["comp"], ["completion", "ba"], ["explain", "seal"], ["install", "--un"]])
def test_bash_completes(words: list[str], environment: dict[str, str]) -> None:
    """What a completion asks: with words, without a terminal, as the program that a build starts as well."""
    done = subprocess.run(
        [require("bash"), "--norc", "-c", BASH, "bash", *words],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [
        {"comp": "completion", "ba": "bash", "seal": "sealed", "--un": "--uninstall"}[words[-1]]
    ]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_commands_are_completed_with_what_they_do(shell: str, environment: dict[str, str]) -> None:
    asked = {"_VAULTGEN_COMPLETE": f"{shell}_complete", "COMP_WORDS": "vaultgen ex", "COMP_CWORD": "1"}
    if shell == "fish":
        asked["COMP_CWORD"] = "ex"
    done = subprocess.run(
        [str(vaultgen_directory() / "vaultgen")],
        env=environment | asked,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "explain" in done.stdout
    assert app.COMMANDS["explain"] in done.stdout


@pytest.mark.parametrize(
    ("option", "typed", "offered"),
    [
        ("against", "c", [("cluster", "plain"), ("c", "dir")]),
        ("against", "over", [("over", "dir")]),
        ("kustomize", "/usr", [("/usr", "file")]),
    ],
)
def test_an_option_is_completed_with_what_it_takes(option: str, typed: str, offered: list[tuple[str, str]]) -> None:
    context = app.app.make_context("vaultgen", [])
    command = app.app.get_command(context, "diff")
    assert command
    (parameter,) = (one for one in command.params if one.name == option)
    assert [(item.value, item.type) for item in parameter.shell_complete(context, typed)] == offered


def test_commands_are_completed_without_importing_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def import_module(name: str) -> None:
        raise AssertionError(name)

    monkeypatch.setattr(app, "import_module", import_module)
    context = app.app.make_context("vaultgen", [])
    assert [item.value for item in app.app.shell_complete(context, "ex")] == ["explain"]
    assert {item.value for item in app.app.shell_complete(context, "")} == set(app.COMMANDS)


def test_another_shell_is_a_wrong_command_line() -> None:
    assert app.main(["completion", "tcsh"]) == 2
