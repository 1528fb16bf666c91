import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from vaultgen import __main__, function, legacy
from vaultgen.cli import app


class Ended(Exception):
    """Stands for the end of the process."""


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """What was started, face by face; the process does not really end."""
    calls: list[object] = []

    def face(name: str, *, ends: bool) -> Callable[..., int]:
        def start(*arguments: object) -> int:
            calls.append((name, *arguments))
            if ends:
                raise Ended
            return 7

        return start

    monkeypatch.setattr(function, "main", face("function", ends=True))
    monkeypatch.setattr(legacy, "main", face("legacy", ends=True))
    monkeypatch.setattr(app, "main", face("cli", ends=False))
    with open(os.devnull) as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        yield calls


@pytest.mark.parametrize(
    ("arguments", "face"),
    [
        ([], ("function",)),
        (["plugin", "/tmp/config", "word"], ("legacy", ["/tmp/config", "word"])),
    ],
)
def test_a_build_starts_its_face(
    arguments: list[str], face: tuple[object, ...], started: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["vaultgen", *arguments])
    monkeypatch.setattr("gc.disable", lambda: None)
    with pytest.raises(Ended):
        __main__.main()
    assert started == [face]


@pytest.mark.parametrize("arguments", [["init", "."], ["--help"], ["plugin"], ["plugin", "--help"], ["unknown"]])
def test_anything_else_is_for_the_command_line(
    arguments: list[str], started: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["vaultgen", *arguments])
    assert __main__.main() == 7
    assert started == [("cli", arguments)]


def test_without_standard_input_it_is_for_the_command_line(
    started: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["vaultgen"])
    monkeypatch.setattr(sys, "stdin", None)
    assert __main__.main() == 7
    assert started == [("cli", [])]


def test_typed_alone_in_a_terminal_it_prints_help() -> None:
    terminal, side = pty.openpty()
    done = subprocess.run([sys.executable, "-m", "vaultgen"], stdin=side, capture_output=True, text=True, check=False)
    os.close(terminal)
    os.close(side)
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: vaultgen")


def test_started_with_empty_input_it_says_who_starts_it() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "vaultgen"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr.startswith("error[not-a-resource-list]")


def test_a_build_imports_no_command_line() -> None:
    code = "import sys; import vaultgen.__main__, vaultgen.legacy; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"click", "vaultgen.cli", "pathlib", "argparse", "subprocess"} & set(loaded)
