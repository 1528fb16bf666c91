"""What is said about a wrong command line: click's mistakes in our words, with what to do."""

import re
from collections.abc import Collection

import click

from vaultgen.errors.report import clean


class Misused(click.UsageError):
    """A mistake with a hint of its own."""

    def __init__(self, message: str, context: click.Context, hint: str) -> None:
        super().__init__(message, context)
        self.hint = hint


def no_such_command(name: str, known: Collection[str], context: click.Context) -> Misused:
    """Return the mistake of a command that is not there; the hint names one that is nearly the same."""
    from difflib import get_close_matches

    close = get_close_matches(name.lower(), known, 1)
    return Misused(f"no such command '{name}'", context, f"did you mean `vaultgen {close[0]}`?" if close else "")


def report_of(error: click.UsageError) -> str:
    """Return the text for standard error."""
    return f"error: {clean(_message(error))}\n  hint: {clean(_hint(error))}\n"


def _message(error: click.UsageError) -> str:
    # Of an argument click names the metavar, which says nothing that the message does not.
    is_argument = isinstance(error, click.BadParameter) and isinstance(error.param, click.Argument)
    told = error.message if is_argument and not isinstance(error, click.MissingParameter) else error.format_message()
    if isinstance(error, click.NoSuchOption):
        return f"no such option '{error.option_name}'"
    message = re.sub(r"^Directory (.*) is a file\.$", r"\1 is a file, and no directory", told, flags=re.DOTALL)
    message = " ".join(message.split()).rstrip(".")
    return message[:1].lower() + message[1:]


def _hint(error: click.UsageError) -> str:
    if isinstance(error, Misused) and error.hint:
        return error.hint
    help_of = f"see `{error.ctx.command_path if error.ctx else 'vaultgen'} --help`"
    if isinstance(error, click.NoSuchOption) and error.possibilities:
        from difflib import get_close_matches

        close = get_close_matches(error.option_name, error.possibilities, 1, cutoff=0.0)
        return f"did you mean {close[0]}?"
    if not isinstance(error, click.NoSuchOption) or error.ctx is None:
        return help_of
    if isinstance(error.ctx.command, click.Group):
        return f"options of a command stand behind its name; {help_of}"
    if any(parameter.name == "flags" for parameter in error.ctx.command.params):
        from vaultgen.kustomize.binary import FLAGS

        if error.option_name in FLAGS:
            return "leave it out: vaultgen gives it to kustomize itself"
        return f"flags for kustomize stand behind --; {help_of}"
    return help_of
