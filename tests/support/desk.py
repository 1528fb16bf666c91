"""Somebody at a desk: a directory with kustomizations, and vaultgen's command line in it."""

import json
import os
import subprocess
from pathlib import Path
from typing import NamedTuple

from support.kustomize import kustomize, vaultgen_directory
from support.vault_namespace import VaultNamespace

_GENERATOR = """\
apiVersion: vaultgen.dev/v1alpha1
kind: VaultSecretGenerator
metadata:
  name: {name}
  annotations:
    config.kubernetes.io/function: |
      exec: {{path: vaultgen}}
secretGenerator:
- name: {name}
  literals: {literals}
"""


class Ran(NamedTuple):
    """What a command left behind."""

    status: int
    stdout: str
    stderr: str

    @property
    def codes(self) -> list[str]:
        """The codes of the faults, in order."""
        return [line[6:].partition("]")[0] for line in self.stderr.splitlines() if line.startswith("error[")]


class Desk:
    """Works in ``directory``, with ``environment`` laid over an empty one."""

    def __init__(self, directory: Path, vault: VaultNamespace) -> None:
        """Take an empty directory, and the Vault that commands are led to."""
        self.directory = directory
        self.vault = vault
        self.environment = {"HOME": str(directory.parent), **vault.environment()}

    def write(self, name: str, *literals: str, root: str = ".", vault: str = "") -> None:
        """Write a generator document ``NAME.yaml`` that makes a Secret of that name, and list it in its directory.

        ``vault`` is the document's block of that name, as YAML in one line.
        """
        path = self.directory / root
        path.mkdir(parents=True, exist_ok=True)
        text = _GENERATOR.format(name=name, literals=json.dumps(literals)) + (f"vault: {vault}\n" if vault else "")
        (path / f"{name}.yaml").write_text(text)
        listed = sorted(file.name for file in path.glob("*.yaml") if file.name != "kustomization.yaml")
        (path / "kustomization.yaml").write_text(f"generators: {json.dumps(listed)}\n")

    def vaultgen(self, *words: str, **environment: str) -> Ran:
        """Run a command of vaultgen; an empty variable is unset."""
        path = os.pathsep.join([str(vaultgen_directory()), str(Path(kustomize()).parent), os.environ["PATH"]])
        inherited = {"PATH": path, "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
        done = subprocess.run(
            [str(vaultgen_directory() / "vaultgen"), *words],
            cwd=self.directory,
            env={name: value for name, value in {**inherited, **self.environment, **environment}.items() if value},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)
