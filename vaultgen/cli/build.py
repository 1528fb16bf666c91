"""``vaultgen build``: kustomize build over one Vault session, masked unless asked otherwise."""

import os
import sys
from collections.abc import Mapping, Sequence

import click

from vaultgen.build import Builder, Options, Show
from vaultgen.cli.files import tell_written, write_result
from vaultgen.cli.options import build_options, file_or_standard_output, kustomize_flags
from vaultgen.cli.terminal import waiting
from vaultgen.errors import refuse
from vaultgen.errors.report import clean
from vaultgen.function import MODE, debug_log

_REST = "# Secrets of the tree itself, or of kustomize, are shown as they are\n"
_REVEAL = "which the API server refuses; --reveal shows them\n"
REAL_NAMES = f"# masked: name suffixes are true, values are stand-ins, {_REVEAL}{_REST}"
HEADERS: dict[Show, str] = {
    "masked": f"# masked: values and name suffixes are stand-ins, {_REVEAL}{_REST}",
    "placeholder": "# placeholders, made without Vault: words in place of values, which the API server refuses\n"
    + _REST,
    "appliable": "# placeholders, made without Vault\n",
    "revealed": "",
}


class _Build(click.Command):
    """Lets --placeholder stand alone in front of DIR: its word belongs to it only behind a =."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, ["--placeholder=marked" if one == "--placeholder" else one for one in args])


@click.command(cls=_Build)
@click.argument("directory", metavar="[DIR]", default=".", type=click.Path(exists=True, file_okay=False))
@kustomize_flags
@click.option(
    "--reveal", is_flag=True, help="Show values, to apply them: vaultgen build --reveal DIR | kubectl apply -f -"
)
@click.option(
    "--real-names", is_flag=True, help="Masked, with true name suffixes: a weak value can be guessed from them."
)
@click.option(
    "--placeholder",
    type=click.Choice(["marked", "appliable"]),
    metavar="[=appliable]",
    help="Build without Vault, network or credential. The API server refuses the Secrets, unless =appliable.",
)
@click.option(
    "--encrypt-age",
    "recipients",
    metavar="RECIPIENT",
    multiple=True,
    help="Write to -o DIR the tree that stock Flux builds, values encrypted for this age key; may be repeated.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE|DIR",
    type=click.Path(),
    callback=file_or_standard_output,
    help="Write there, not to standard output.",
)
@build_options
def command(
    directory: str,
    flags: tuple[str, ...],
    reveal: bool,
    real_names: bool,
    placeholder: str | None,
    recipients: tuple[str, ...],
    output: str | None,
    kustomize: str,
    allow_function: tuple[str, ...],
    allow_remote: tuple[str, ...],
) -> int:
    """Build DIR with the real kustomize, over one Vault session.

    Values are masked unless --reveal or --placeholder is given: kustomize itself gets stand-ins, so that nothing in the
    output can tell a value of vaultgen's documents. Secrets that stand in the tree in plain, and those of kustomize's
    own secretGenerator, are printed as they are.

    Before anything runs, the tree is looked through: functions other than vaultgen and remote bases are refused unless
    allowed by name; what is allowed runs with your rights, as does all that a remote base names. Exit status: 1 where
    kustomize itself fails, else that of what was refused.

    \b
    Examples:
      vaultgen build overlays/production
      vaultgen build --placeholder overlays/production
      vaultgen build --reveal overlays/production | kubectl apply -f -
      vaultgen build apps -- --load-restrictor LoadRestrictionsNone
      vaultgen build --encrypt-age age1… -o out overlays/production
    """
    environ = dict(os.environ)
    show = _show(reveal, real_names, placeholder, environ.get(MODE, ""))
    options = Options(kustomize, allow_function, allow_remote, flags)
    if recipients:
        if options != Options() or show != "masked" or real_names:
            raise click.UsageError("--encrypt-age runs no kustomize and shows nothing: it goes with -o DIR alone")
        _encrypt(directory, recipients, output, environ)
        return 0
    if output and os.path.isdir(output):
        raise click.UsageError(f"{output} is a directory")
    builder = Builder(show, environ, options, debug_log(environ))
    try:
        with waiting(f"building {directory}"):
            built = builder.build_with_real_names(directory) if real_names else builder.build(directory)
    finally:
        builder.close()
    # kustomize quotes the tree, which must not write to the terminal.
    sys.stderr.write("\n".join(map(clean, built.messages.split("\n"))))
    if built.status:
        return built.status
    text = (REAL_NAMES if real_names else HEADERS[show]).encode() + built.output
    if output:
        write_result(output, text)
    else:
        sys.stdout.buffer.write(text)
        sys.stdout.buffer.flush()
    return 0


def _encrypt(directory: str, recipients: Sequence[str], output: str | None, environ: Mapping[str, str]) -> None:
    """Write the tree for Flux, and say what a Flux Kustomization has to know of it."""
    from vaultgen.encrypted_tree import check_target, encrypted_tree, write_tree

    if not output:
        raise click.UsageError("--encrypt-age needs -o DIR, which must be empty or not there")
    check_target(output)
    with waiting(f"building {directory}"):
        tree = encrypted_tree(directory, recipients, environ, debug_log(environ))
    write_tree(tree.files, output)
    made = "1 Secret" if tree.secrets == 1 else f"{tree.secrets} Secrets"
    tell_written(output, f"{made}, encrypted; the path for Flux is {tree.path}")


def _show(reveal: bool, real_names: bool, placeholder: str | None, mode: str) -> Show:
    if sum((reveal, real_names, placeholder is not None)) > 1:
        raise click.UsageError("--reveal, --real-names and --placeholder exclude each other")
    if mode and mode != "placeholder":
        raise refuse("bad-setting", name=MODE, why="the one mode is placeholder")
    if mode and (reveal or real_names):
        raise click.UsageError(f"with {MODE}=placeholder there are no values and no true names")
    if placeholder or mode:
        return "appliable" if placeholder == "appliable" else "placeholder"
    return "revealed" if reveal else "masked"
