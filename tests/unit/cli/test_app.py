import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from vaultgen import __version__
from vaultgen.cli import app
from vaultgen.errors import Fault, Refused


def test_no_arguments_print_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main([]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Usage: vaultgen")
    assert all(f"\n  {name} " in out for name in app.COMMANDS)


@pytest.mark.parametrize("name", app.COMMANDS)
def test_each_command_says_what_it_does(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main([name, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"Usage: vaultgen {name} ")


@pytest.mark.parametrize("name", app.COMMANDS)
def test_the_list_has_the_first_words_of_each_command(name: str) -> None:
    """They stand there a second time, so that the list is printed without importing the commands."""
    command = app.app.get_command(click.Context(app.app), name)
    assert command
    assert command.get_short_help_str(limit=200).startswith(app.COMMANDS[name])
    assert len(app.COMMANDS[name]) <= 65, "it would be broken into two lines"


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["--version"]) == 0
    assert capsys.readouterr().out == f"vaultgen {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["bild"], "error: no such command 'bild'\n  hint: did you mean `vaultgen build`?\n"),
        (["help"], "error: no such command 'help'\n  hint: see `vaultgen --help`\n"),
        (
            ["--reveal", "build"],
            "error: no such option '--reveal'\n  hint: options of a command stand behind its name;",
        ),
        (["build", "no/where"], "error: directory 'no/where' does not exist\n  hint: see `vaultgen build --help`\n"),
        *(
            (
                ["lock", *words],
                "error: directory 'secret/data/app' does not exist\n"
                "  hint: the directory stands in front: vaultgen lock DIR --update PATH\n",
            )
            for words in (["--update", "secret/data/app"], ["secret/data/app", "--update"])
        ),
        (["lock", "no/where"], "error: directory 'no/where' does not exist\n  hint: see `vaultgen lock --help`\n"),
        (
            ["diff", "HEAD~1"],
            "error: directory 'HEAD~1' does not exist\n"
            "  hint: a revision stands behind --against: vaultgen diff DIR --against REVISION\n",
        ),
        (
            ["diff", "--against", "HEAD", "no"],
            "error: directory 'no' does not exist\n  hint: see `vaultgen diff --help`",
        ),
        (["build", "-o"], "error: option '-o' requires an argument\n  hint: see `vaultgen build --help`\n"),
        (
            ["flux", "init", "--name"],
            "error: option '--name' requires an argument\n  hint: see `vaultgen flux --help`\n",
        ),
        (["lint", __file__], f"error: '{__file__}' is a file, and no directory\n"),
        (["schema", "x"], "error: 'x' is not one of 'generator', 'flux-kustomization'\n"),
        (["lint", "--output", "x"], "error: invalid value for '--output': 'x' is not one of "),
        (["build", ".", "x"], "error: unexpected argument 'x'\n  hint: one directory is taken; flags for kustomize"),
        (["diff", ".", "x"], "error: unexpected argument 'x'\n  hint: compare with it: --against x\n"),
        (["build", "--enable-exec"], "error: no such option '--enable-exec'\n  hint: leave it out: vaultgen gives it"),
        (
            ["diff", "--enable-helm"],
            "error: no such option '--enable-helm'\n  hint: flags for kustomize stand behind --;",
        ),
        (["build", "--revel"], "error: no such option '--revel'\n  hint: did you mean --reveal?\n"),
        (["init", "--\x1b[31mred"], "error: no such option '--\\x1b[31mred'\n  hint: see `vaultgen init --help`\n"),
        *(
            ([command, "--kustomize", name, "."], "error: kubectl is not kustomize: what it has of it runs no exec")
            for command in ("build", "diff")
            for name in ("kubectl", "/gone/kubectl")
        ),
        (["install", "--kubectl", "--uninstall"], "error: --kubectl and --uninstall exclude each other"),
        (["plugin"], "error: missing argument 'CONFIG_FILE'"),
    ],
)
def test_a_wrong_command_line_has_status_2(
    arguments: list[str], error: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.err.lower().startswith(error.lower())
    assert captured.out == ""


def test_a_group_of_commands_alone_prints_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["flux"]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("Usage: vaultgen flux [OPTIONS] [COMMAND] [ARGS]...\n\n")
    assert captured.err == ""


def test_a_link_to_kubectl_is_no_kustomize_either(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "kubectl").write_text("")
    (tmp_path / "kustomize").symlink_to("kubectl")
    assert app.main(["build", f"--kustomize={tmp_path / 'kustomize'}", "."]) == 2
    assert "`vaultgen install --kubectl`" in capsys.readouterr().err


def fail_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return the status of a command line whose command raises an error."""

    def get_command(*_: object) -> click.Command:
        raise error

    monkeypatch.setattr(app.app, "get_command", get_command)
    return app.main(["init"])


def test_a_refusal_has_the_status_of_its_family(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fail_with(Refused([Fault("no-secret-generator"), Fault("no-address")]), monkeypatch) == 3
    captured = capsys.readouterr()
    assert captured.err.startswith("error[no-secret-generator]: ")
    assert "\nerror[no-address]: " in captured.err
    assert captured.out == ""


def test_an_unknown_exception_is_reported_without_its_message(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fail_with(ValueError("hunter2"), monkeypatch) == 70
    captured = capsys.readouterr()
    assert "ValueError" in captured.err
    assert "hunter2" not in captured.err + captured.out
    assert "Traceback" not in captured.err


def test_an_interrupt_has_the_status_of_its_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    assert fail_with(KeyboardInterrupt(), monkeypatch) == 130


@pytest.mark.parametrize("argument", ["--version", "--help"])
def test_a_command_is_imported_only_when_it_is_used(argument: str) -> None:
    code = f"import sys; from vaultgen.cli.app import main; main(['{argument}']); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    ours = {name for name in loaded if name.startswith("vaultgen")}
    rooms = {"vaultgen", "vaultgen.cli", "vaultgen.cli.app", "vaultgen.cli.terminal"}
    assert ours == {*rooms, "vaultgen.errors", "vaultgen.record"}
    assert "yaml" not in loaded


def run_with_output(output: int | None, arguments: str, *, both: bool = False) -> tuple[int, str]:
    """Run a command line whose output (and errors) go to a descriptor, or are closed; return status and errors."""
    code = "import sys; from vaultgen.cli.app import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, *arguments.split()]
    if output is None:
        command = ["sh", "-c", 'exec "$@" >&-', "sh", *command]
    errors = output if both else subprocess.PIPE
    done = subprocess.run(command, stdout=output, stderr=errors, text=True, check=False)
    return done.returncode, done.stderr or ""


@pytest.mark.parametrize("arguments", ["schema", "--help", "completion bash", "bild", "lint"])
def test_a_reader_that_goes_away_is_no_fault(arguments: str) -> None:
    """A pipe that nobody reads from the start, for errors too."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        assert run_with_output(writing, arguments, both=True) == (141, "")
        if arguments not in ("bild", "lint"):
            assert run_with_output(writing, arguments) == (141, "")
    finally:
        os.close(writing)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_a_full_disk_is_told() -> None:
    with open("/dev/full", "w") as full:
        status, errors = run_with_output(full.fileno(), "schema")
    assert status == 3
    assert errors.startswith("error[file-not-written]: the output cannot be written: no space is left\n")
    assert errors.count("\n") == 2


def test_a_closed_output_takes_what_is_printed() -> None:
    assert run_with_output(None, "schema") == (0, "")
