"""The ``vaultgen`` command: the exec function where kustomize starts it, else the command line."""

import os
import sys


def main() -> int:
    """Run the face that the arguments ask for and return the exit status.

    Without arguments that is the exec KRM function, or help where a person sits at the terminal; ``plugin FILE``
    is the legacy plugin. These two end the process themselves. Anything else is for the command line, and so is a
    shell that completes one: zsh asks without a terminal.
    """
    arguments = sys.argv[1:]
    if not arguments and sys.stdin and not sys.stdin.isatty() and "_VAULTGEN_COMPLETE" not in os.environ:
        # The process is over before collecting cycles would pay: 2.5 ms.
        import gc

        gc.disable()
        from vaultgen.function import main as run_function

        run_function()
    if len(arguments) > 1 and arguments[0] == "plugin" and not arguments[1].startswith("-"):
        # The command of this name does the same; this way click is not imported.
        from vaultgen.legacy import main as run_plugin

        run_plugin(arguments[1:])
    from vaultgen.cli.app import main as run_command

    return run_command(arguments)


if __name__ == "__main__":
    sys.exit(main())
