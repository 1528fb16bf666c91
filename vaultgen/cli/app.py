"""The command line's entry: which commands there are, and how each ends.

A command is a module of this package with a ``command``; it is imported when it is used, and not for the list of
commands: that would take half a second.
"""

import errno
import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from vaultgen import __version__
from vaultgen.cli.terminal import no_colour_is_wanted, say
from vaultgen.errors import Fault, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

SECTIONS: dict[str, dict[str, str]] = {
    "Build": {
        "build": "Build DIR with the real kustomize, over one Vault session",
        "diff": "Show what applying DIR would change, and which workloads restart",
        "lock": "Pin the versions that builds of DIR read",
    },
    "Check": {
        "lint": "Find what a build of DIR would refuse, skip or get wrong",
        "doctor": "Look for what would keep a build of DIR from working",
        "policy": "Print the least policy, in HCL, for what DIR reads",
    },
    "Set up": {
        "init": "Turn a builtin secretGenerator into a generator file",
        "import": "Turn ExternalSecrets and their like into a generator document",
        "install": "Put the legacy plugin where kustomize and kubectl look for it",
        "completion": "Print the script that makes a shell complete",
    },
    "Look up": {
        "explain": "Say what a reference reads, or what a code or lint rule means",
        "schema": "Print the JSON Schema of a document",
    },
    "In a cluster": {
        "controller": "Run in a cluster, and publish what stock Flux applies",
        "flux": "Set up and follow an application in a cluster with Flux",
    },
    "Started by kustomize": {
        "plugin": "Act as kustomize's legacy plugin",
    },
}
"""Commands with their first words, in the order in which they are listed; a test holds them to the commands' own."""

COMMANDS = {name: summary for section in SECTIONS.values() for name, summary in section.items()}

MODULES = {"import": "cli.import_resources", "controller": "controller.command"}
"""Of the commands that are not in a module of their own name: one is a keyword, one a face of its own."""

FOUND_STATUS = 1
"""Of a command that checks something: it is not as it should be."""
USAGE_STATUS = 2
INTERRUPTED_STATUS = 130
UNREAD_STATUS = 141
"""What other programs end with when a pipe is closed that they write to: 128 + SIGPIPE."""
COMPLETION = "_VAULTGEN_COMPLETE"
"""Set by a shell that completes a command line."""


class _Commands(click.Group):
    """Finds a command by the name of its module."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = MODULES.get(cmd_name, f"cli.{cmd_name}")
        command: click.Command = import_module(f"vaultgen.{module}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            from vaultgen.cli.usage import no_such_command

            raise no_such_command(args[0], COMMANDS, ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except click.BadOptionUsage as error:
            # click does not tell whose option it is.
            name = ctx.invoked_subcommand or ""
            if error.ctx is None and (command := self.get_command(ctx, name)):
                error.ctx = click.Context(command, parent=ctx, info_name=name)
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, COMMANDS))
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), summary) for name, summary in commands.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        from click.shell_completion import CompletionItem

        names = [CompletionItem(name, help=text) for name, text in COMMANDS.items() if name.startswith(incomplete)]
        # Without the names of click's own answer, for whose help each command would be imported.
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]


@click.group(cls=_Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="vaultgen", message="%(prog)s %(version)s")
@click.pass_context
def app(context: click.Context) -> None:
    """kustomize's secretGenerator, with its values in Vault or OpenBao.

    Started by kustomize, without arguments, vaultgen is an exec function: a VaultSecretGenerator listed in
    `generators:` becomes Secrets.

    \b
    Examples:
      vaultgen init apps/my-app
      vaultgen build apps/my-app
      kustomize build --enable-alpha-plugins --enable-exec apps/my-app
    """
    if no_colour_is_wanted():
        context.color = False
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def main(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit status.

    0 is success, 2 a mistake in the command line, 130 an interrupt, 141 that nobody reads the output any more; a
    refusal has the status of its family.
    """
    if sys.stdout is None:
        # Closed from the start (>&-): as with /dev/null, what is printed goes nowhere.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - as long as the process
    try:
        return _run(arguments)
    except BrokenPipeError:
        _print_no_more()
        return UNREAD_STATUS


def _run(arguments: Sequence[str]) -> int:
    try:
        status = app.main(list(arguments), prog_name="vaultgen", standalone_mode=False)
        return status if isinstance(status, int) else 0
    except SystemExit as ended:
        # click's own way to end: after a completion, and where a pipe is broken.
        if COMPLETION in os.environ and isinstance(ended.code, int):
            return ended.code
        return UNREAD_STATUS
    except click.UsageError as error:
        from vaultgen.cli.usage import report_of

        say(report_of(error))
        return USAGE_STATUS
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED_STATUS
    except Refused as refused:
        faults = refused.faults
    except Exception as error:
        faults = (_fault(error),)
    from vaultgen.errors.report import exit_status, report

    say(report(faults))
    return exit_status(faults)


def _fault(error: Exception) -> Fault:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Fault("file-not-written", facts={"path": "the output", "why": "no space is left"})
    from vaultgen.function import unknown_fault

    return unknown_fault(error)


def _print_no_more() -> None:
    """Let what is still buffered go nowhere: Python would complain of the pipe when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)
