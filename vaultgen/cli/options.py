"""Options that commands share."""

import shutil
from collections.abc import Callable
from typing import Any, TypeVar

import click

from vaultgen.cli.usage import Misused
from vaultgen.kustomize.binary import is_kubectl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_Command = TypeVar("_Command", bound=Callable[..., Any])

_OWN_FLAGS = {
    "--output": "it would write to a file of any mode",
    "--enable-exec": "a build without it leaves Secrets out and says nothing",
    "--enable-alpha-plugins": "no build works without it",
    "--help": "see `kustomize build --help`",
}
_SHORT = {"-o": "--output", "-h": "--help"}


def completed_as(kind: str, *words: str) -> Callable[[click.Context, click.Parameter, str], "list[CompletionItem]"]:
    """Return what lets a shell complete an option by its own means (``file``, ``dir``), and by some words."""

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> "list[CompletionItem]":
        from click.shell_completion import CompletionItem

        found = [CompletionItem(word) for word in words if word.startswith(incomplete)]
        return [*found, CompletionItem(incomplete, type=kind)]

    return complete


def file_or_standard_output(context: click.Context, parameter: click.Parameter, path: str | None) -> str | None:
    """Return the path that ``-o`` names; None for standard output, as ``-`` is everywhere (``./-`` names a file)."""
    return None if path == "-" else path


def _no_kubectl(context: click.Context, parameter: click.Parameter, kustomize: str) -> str:
    if is_kubectl(shutil.which(kustomize) or kustomize):
        hint = "name a kustomize, or leave --kustomize out; `vaultgen install --kubectl` lets kubectl build by itself"
        raise Misused("kubectl is not kustomize: what it has of it runs no exec functions", context, hint)
    return kustomize


_OF_A_BUILD = (
    click.option(
        "--kustomize",
        metavar="PATH",
        default="",
        callback=_no_kubectl,
        shell_complete=completed_as("file"),
        help="The kustomize to run; the one on PATH unless given.",
    ),
    click.option(
        "--allow-function", metavar="NAME", multiple=True, help="Let the tree run this program, image or GROUP/KIND."
    ),
    click.option("--allow-remote", metavar="URL", multiple=True, help="Let the tree fetch this, letter for letter."),
)


def build_options(function: _Command) -> _Command:
    """Add what a command takes that builds: ``kustomize``, ``allow_function`` and ``allow_remote``."""
    for option in reversed(_OF_A_BUILD):
        function = option(function)
    return function


def kustomize_flags(function: _Command) -> _Command:
    """Add the argument ``flags``: what stands behind ``--`` and is for kustomize, but for what vaultgen sets itself."""
    return click.argument("flags", nargs=-1, metavar="[-- KUSTOMIZE-FLAG...]", callback=_for_kustomize)(function)


def _for_kustomize(context: click.Context, parameter: click.Parameter, flags: tuple[str, ...]) -> tuple[str, ...]:
    if flags and not flags[0].startswith("-"):
        other = f"compare with it: --against {flags[0]}"
        is_compared = any(one.name == "against" for one in context.command.params)
        hint = other if is_compared else "one directory is taken; flags for kustomize stand behind --"
        raise Misused(f"unexpected argument '{flags[0]}'", context, hint)
    for flag in flags:
        name = _SHORT.get(flag[:2], flag.partition("=")[0])
        if name in _OWN_FLAGS:
            has_file = name == "--output" and any("-o" in one.opts for one in context.command.params)
            instead = "; give -o FILE in front of the --" if has_file else ""
            raise click.UsageError(f"{name} cannot be handed to kustomize: {_OWN_FLAGS[name]}{instead}", context)
    return flags
