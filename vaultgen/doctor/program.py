"""Programs that a build would start, asked for their version."""

import subprocess
from collections.abc import Mapping, Sequence

PRIVATE = ("VAULT_", "BAO_", "VAULTGEN_")
"""Variables that a question for a version need not see."""
SECONDS = 20


def output_of(command: Sequence[str], environ: Mapping[str, str]) -> str | None:
    """Return what a program prints on standard output; None where it fails, cannot be started, or takes too long."""
    try:
        done = subprocess.run(  # noqa: S603 - a program that the user has on PATH, or named
            command,
            env={name: value for name, value in environ.items() if not name.startswith(PRIVATE)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode(errors="replace") if done.returncode == 0 else None
