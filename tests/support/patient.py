"""A tree, a home and a PATH that ``vaultgen doctor`` looks at."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from support.kustomize import kustomize, vaultgen_directory

ANNOTATED = """\
apiVersion: vaultgen.dev/v1alpha1
kind: VaultSecretGenerator
metadata:
  name: {name}
  annotations: {{config.kubernetes.io/function: 'exec: {{path: vaultgen}}'}}
{vault}secretGenerator:
- name: {name}
  literals:
{literals}"""


class Seen(NamedTuple):
    """What the doctor says of one check."""

    outcome: str
    seen: str
    advice: str
    code: str
    documents: str


class Examined(NamedTuple):
    """What came of one examination."""

    status: int
    checks: dict[str, list[Seen]]
    """By check, in order."""
    stdout: bytes
    stderr: bytes

    def one(self, check: str) -> Seen:
        """What is said of a check that was made once."""
        (seen,) = self.checks[check]
        return seen

    def failed(self) -> set[str]:
        """The checks that failed."""
        return {check for check, all_seen in self.checks.items() if any(seen.outcome == "fail" for seen in all_seen)}


class Patient:
    """Lies in an empty directory."""

    def __init__(self, sandbox: Path, environment: Mapping[str, str]) -> None:
        self.tree, self.home, self.programs = (sandbox / name for name in ("tree", "home", "bin"))
        for directory in (self.tree, self.home, self.programs):
            directory.mkdir()
        (self.programs / "kustomize").symlink_to(kustomize())
        self.environment = {**environment, "HOME": str(self.home)}

    def write(self, *literals: str, name: str = "app", vault: str = "") -> None:
        """Add a document with these literals, and with a ``vault:`` block if one is given."""
        lines = "".join(f"  - '{literal}'\n" for literal in literals)
        (self.tree / f"{name}.yaml").write_text(ANNOTATED.format(name=name, literals=lines, vault=vault))
        listed = sorted(path.name for path in self.tree.glob("*.yaml") if path.name != "kustomization.yaml")
        (self.tree / "kustomization.yaml").write_text(f"generators: {json.dumps(listed)}\n")

    def runs(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[bytes]":
        """Run a command of vaultgen in the tree; a variable set to an empty text is unset."""
        path = os.pathsep.join([str(self.programs), str(vaultgen_directory()), "/usr/bin:/bin"])
        variables = {"PATH": path, **self.environment, **environment}
        return subprocess.run(
            [str(vaultgen_directory() / "vaultgen"), *arguments],
            cwd=self.tree,
            env={name: value for name, value in variables.items() if value},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=300,
            check=False,
        )

    def is_examined(self, *arguments: str, **environment: str) -> Examined:
        """Run the doctor; ``environment`` is that of ``runs``."""
        done = self.runs("doctor", "--output", "json", *arguments, **environment)
        checks: dict[str, list[Seen]] = {}
        for told in json.loads(done.stdout)["checks"]:
            checks.setdefault(told.pop("check"), []).append(Seen(**told))
        return Examined(done.returncode, checks, done.stdout, done.stderr)
