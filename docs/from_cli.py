"""Writes what docs/cli.md says of commands and exit statuses: run it after a change there."""

from collections.abc import Iterator
from pathlib import Path

import click

from vaultgen.cli.app import INTERRUPTED_STATUS, SECTIONS, UNREAD_STATUS, USAGE_STATUS, app
from vaultgen.errors.catalogue import EXIT_STATUS
from vaultgen.errors.meaning import FAMILIES

CLI = Path(__file__).resolve().parent / "cli.md"
COLUMNS = 78
"""What click leaves of a terminal with 80 or more."""

FOUND = "A check found something, or `diff` a change; of `build`: kustomize itself failed."


def with_generated(page: str) -> str:
    """Return the text of docs/cli.md with the parts between its markers written anew."""
    return _replaced(_replaced(page, "statuses", _statuses()), "commands", _commands())


def _replaced(page: str, name: str, text: str) -> str:
    begin, end = f"<!-- {name}: begin; written by docs/from_cli.py -->\n", f"<!-- {name}: end -->\n"
    before, rest = page.split(begin)
    _, after = rest.split(end)
    return f"{before}{begin}\n{text}\n{end}{after}"


def _statuses() -> str:
    rows = {0: "All is done, and nothing was found.", 1: FOUND, USAGE_STATUS: "The command line itself is wrong."}
    rows |= {status: f"`{family}`: {FAMILIES[family]}" for family, status in EXIT_STATUS.items()}
    rows[INTERRUPTED_STATUS] = "It was interrupted (Ctrl-C)."
    rows[UNREAD_STATUS] = "What reads the output has ended before the end of it, such as `head`."
    return "\n".join(
        ["| Status | Meaning |", "| --- | --- |", *(f"| {status} | {rows[status]} |" for status in sorted(rows))]
    )


def _commands() -> str:
    return "\n".join(_helps()).rstrip("\n")


def _helps() -> Iterator[str]:
    yield f"```text\n$ vaultgen --help\n{help_of()}\n```\n"
    for title, commands in SECTIONS.items():
        yield f"### {title}\n"
        for name in commands:
            for words in (name, *(f"{name} {below}" for below in _below(name))):
                yield f"#### `vaultgen {words}`\n\n```text\n{help_of(words)}\n```\n"


def _below(name: str) -> Iterator[str]:
    """Yield the commands of a command that is a group."""
    command = app.get_command(click.Context(app), name)
    if isinstance(command, click.Group):
        yield from command.list_commands(click.Context(command))


def help_of(words: str = "") -> str:
    """Return what ``vaultgen WORDS --help`` prints; a command of a group has two words."""
    command: click.Command | None = app
    context = click.Context(app, info_name="vaultgen", terminal_width=COLUMNS, **app.context_settings)
    for word in words.split():
        command = command.get_command(context, word) if isinstance(command, click.Group) else None
        if command is None:
            raise ValueError(f"no command {words}")
        context = click.Context(command, info_name=word, parent=context, terminal_width=COLUMNS)
    return (command or app).get_help(context)


if __name__ == "__main__":
    CLI.write_text(with_generated(CLI.read_text()))
