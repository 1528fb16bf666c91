"""``vaultgen completion``: the script by which a shell completes commands and options."""

import click
from click.shell_completion import get_completion_class

from vaultgen.cli.app import COMPLETION, app

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> None:
    """Print the script that makes a shell complete vaultgen's commands and options.

    It asks the vaultgen on PATH at each TAB, so it need not be renewed.

    \b
    Examples:
      eval "$(vaultgen completion bash)"      # in ~/.bashrc
      eval "$(vaultgen completion zsh)"       # in ~/.zshrc, below compinit
      vaultgen completion fish | source       # in ~/.config/fish/config.fish
    """
    completion = get_completion_class(shell)
    if completion is None:
        raise click.UsageError(f"click has no completion for {shell}")
    click.echo(completion(app, {}, "vaultgen", COMPLETION).source())
