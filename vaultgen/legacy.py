"""Face: kustomize's legacy exec plugin, for kubectl and for builds without ``--enable-exec``.

kustomize starts it in the root of the kustomization, with the path of a temporary config file and any words of
``argsOneLiner``; it shows standard error only when the build fails.
"""

import gc
import os
import sys

from vaultgen.errors import Fault
from vaultgen.function import Outcome, Surroundings, debug_log, finish, run_document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn


def main(arguments: "Sequence[str] | None" = None) -> "NoReturn":
    """Bind ``run`` to the process; the first argument (of the command line, unless given) names the config file."""
    gc.disable()
    environ = dict(os.environ)
    root = environ.get("KUSTOMIZE_PLUGIN_CONFIG_ROOT") or os.getcwd()
    config_file = next(iter(sys.argv[1:] if arguments is None else arguments), "")
    finish(run(config_file, Surroundings(environ, root, debug_log(environ))))


def run(config_file: str, surroundings: Surroundings) -> Outcome:
    """Answer the document in a file; never raises, and on any fault stdout is empty and the status is not 0."""
    try:
        # Not KUSTOMIZE_PLUGIN_CONFIG_STRING: kustomize leaves that out for a document above 128 KiB.
        with open(config_file, "rb") as file:
            config = file.read()
    except OSError:
        from vaultgen.errors.report import exit_status, report

        faults = (Fault("file-unreadable", facts={"path": config_file or '""', "why": "it cannot be opened"}),)
        return Outcome(b"", report(faults), exit_status(faults))
    return run_document(config, surroundings)
