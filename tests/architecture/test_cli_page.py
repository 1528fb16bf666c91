"""docs/cli.md says what the commands say, and their examples are command lines that they take."""

import re
import shlex
from types import ModuleType

import click
import pytest

from support.doc_scripts import DOCS, doc_script
from vaultgen.cli import app


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """docs/from_cli.py."""
    return doc_script("from_cli")


def test_the_page_holds_the_programs_own_help(script: ModuleType) -> None:
    """Run ``python docs/from_cli.py`` after a change of a command, of its options, or of exit statuses."""
    page = (DOCS / "cli.md").read_text()
    assert script.with_generated(page) == page


@pytest.mark.parametrize("name", ["", *app.COMMANDS])
def test_what_the_page_holds_is_what_is_printed(
    name: str, script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(script.COLUMNS + 2))
    assert app.main([*filter(None, [name]), "--help"]) == 0
    assert capsys.readouterr().out == script.help_of(name) + "\n"


@pytest.mark.parametrize("name", sorted(app.COMMANDS.keys() - {"plugin"}))
def test_each_command_has_examples_that_it_takes(
    name: str, script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But for ``plugin``, which nobody types. Files and directories count as there."""
    monkeypatch.setattr(click.Path, "convert", lambda self, value, parameter, context: value)
    whole = click.Context(app.app, **app.app.context_settings)
    command = app.app.get_command(whole, name)
    assert command
    examples = re.findall(rf"^    .*?vaultgen {name}\b(.*?)(?:[|>#)].*)?$", script.help_of(name), re.MULTILINE)
    assert examples
    for example in examples:
        command.make_context(name, shlex.split(example), whole).close()
