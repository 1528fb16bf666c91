"""``vaultgen lint`` as it is installed, in an environment in which little else is found."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

from support.kustomize import vaultgen_directory


class Linted(NamedTuple):
    """What a run said."""

    status: int
    stdout: str
    stderr: str

    def findings(self) -> Any:
        """Return the findings of a run with --output json."""
        return json.loads(self.stdout)["findings"]

    def rules(self) -> list[str]:
        """Return the rule of each of them."""
        return [finding["rule"] for finding in self.findings()]


def environment(**more: str) -> dict[str, str]:
    """Return an environment with the program, but without kustomize and without a plugin."""
    return {"PATH": f"{vaultgen_directory()}:/usr/bin:/bin", "HOME": os.environ["HOME"], **more}


def lint(where: Path, *words: str, **more: str) -> Linted:
    """Run ``vaultgen lint`` in a directory."""
    done = subprocess.run(
        [str(vaultgen_directory() / "vaultgen"), "lint", *words],
        cwd=where,
        env=environment(**more),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Linted(done.returncode, done.stdout, done.stderr)
