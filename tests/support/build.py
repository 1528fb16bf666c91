"""``vaultgen build`` as a user runs it, and trees to build."""

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from support.kustomize import Built, kustomize, vaultgen_directory
from support.trees import write_tree

ANNOTATION = """\
  annotations:
    config.kubernetes.io/function: |
      exec: {path: vaultgen}
"""
"""Without it a document is one for a legacy plugin."""
PASSWORD = "files: {password: 'vault:secret/data/app?key=password'}"
"""Sources of one data key."""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
      - name: web
        envFrom:
        - secretRef: {name: app}
"""
"""It takes its variables from the Secret ``app``."""
LABEL_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
"""What the API server takes as a label's value (k8s.io/apimachinery, util/validation), at most 63 characters."""


def generator(sources: str, *, name: str = "app", vault: str = "", annotation: str = ANNOTATION) -> str:
    """Return a document with one entry; ``sources`` are its further fields, and ``vault`` the document's."""
    return (
        f"apiVersion: vaultgen.dev/v1alpha1\nkind: VaultSecretGenerator\nmetadata:\n  name: {name}\n{annotation}{vault}"
        f"secretGenerator:\n- name: {name}\n  {sources}\n"
    )


def build_command(directory: Path | str, *arguments: str, binary: str | None = None) -> list[str]:
    """Return the command line of a build; ``binary`` is the kustomize to run, empty for the one on PATH."""
    chosen = kustomize() if binary is None else binary
    program = str(vaultgen_directory() / "vaultgen")
    return [program, "build", *([f"--kustomize={chosen}"] if chosen else []), str(directory), *arguments]


def build_environment(home: Path, environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the whole environment of a build: nothing of this process's own but PYTHONPATH."""
    found = {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
    return {"PATH": f"{vaultgen_directory()}:/usr/bin:/bin", "HOME": str(home), **found, **(environment or {})}


def vaultgen_build(
    directory: Path | str,
    environment: Mapping[str, str],
    *arguments: str,
    binary: str | None = None,
    cwd: Path | None = None,
) -> Built:
    """Run ``vaultgen build`` with an environment, and return what it said."""
    return run(build_command(directory, *arguments, binary=binary), environment, cwd)


def vaultgen(environment: Mapping[str, str], *arguments: str) -> Built:
    """Run any command of vaultgen's with an environment."""
    return run([str(vaultgen_directory() / "vaultgen"), *arguments], environment)


def run(command: Sequence[str], environment: Mapping[str, str], cwd: Path | None = None) -> Built:
    """Run a command without input."""
    done = subprocess.run(
        command,
        env=dict(environment),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=300,
        check=False,
    )
    return Built(done.stdout, done.stderr, done.returncode)


def write_documents(directory: Path, documents: Sequence[str], kustomization: str = "") -> Path:
    """Write a kustomization that lists documents, and return its directory."""
    files = {f"gen-{number}.yaml": document for number, document in enumerate(documents)}
    listed = "".join(f"- {name}\n" for name in files)
    return write_tree(directory, {**files, "kustomization.yaml": f"generators:\n{listed}{kustomization}"})


def without_suffixes(output: bytes) -> bytes:
    """Return a build's output without name suffixes."""
    return re.sub(rb"-[bcdfghkmt2456789]{10}\b", b"", output)
