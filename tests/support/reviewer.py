"""Somebody who looks at changes: a git work tree with generators, a Vault, and vaultgen in a shell."""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from support.kustomize import kustomize, vaultgen_directory
from support.markdown import block
from support.on_terminal import on_terminal
from support.repository import Repository
from support.vault_namespace import VaultNamespace

STABLE = ", options: {disableNameSuffixHash: true}"


def generator(*entries: str, vault: str = "") -> str:
    """Return a generator document with these entries, each a flow mapping."""
    return (
        "apiVersion: vaultgen.dev/v1alpha1\nkind: VaultSecretGenerator\n"
        "metadata: {name: app, annotations: {config.kubernetes.io/function: 'exec: {path: vaultgen}'}}\n"
        + (f"vault: {vault}\n" if vault else "")
        + "secretGenerator:\n"
        + "".join(f"- {entry}\n" for entry in entries)
    )


def entry(name: str, *literals: str, more: str = "") -> str:
    """Return an entry with literals; ``more`` is appended to its fields."""
    return f"{{name: {name}, literals: {json.dumps(list(literals))}{more}}}"


def deployment(name: str, secret: str) -> str:
    """Return a Deployment whose variables come from a Secret."""
    container = {"name": name, "image": "app:1", "envFrom": [{"secretRef": {"name": secret}}]}
    spec = {"selector": {}, "template": {"spec": {"containers": [container]}}}
    return json.dumps({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec})


def tree(*entries: str, directory: str = "app", vault: str = "", **more: str) -> dict[str, str]:
    """Return the files of a kustomization with a generator; ``more`` are further fields."""
    fields = {"generators": "[secrets.yaml]", **more}
    return {
        f"{directory}/secrets.yaml": generator(*entries, vault=vault),
        f"{directory}/kustomization.yaml": "".join(f"{name}: {value}\n" for name, value in fields.items()),
    }


class Ran(NamedTuple):
    """What a command left behind."""

    status: int
    stdout: str
    stderr: str

    @property
    def report(self) -> Any:
        """The JSON on standard output."""
        return json.loads(self.stdout)


class Reviewer:
    """Works in ``repository``, with a token that reads all of a Vault namespace."""

    def __init__(self, sandbox: Path, vault: VaultNamespace) -> None:
        """Take an empty directory."""
        self.repository = Repository(sandbox / "tree")
        self.vault = vault
        self.temporary = sandbox / "t"
        self.home = sandbox / "home"
        for directory in (self.temporary, self.home):
            directory.mkdir()
        self.environment = {"HOME": str(self.home), "TMPDIR": str(self.temporary), **vault.environment()}

    def write(self, *trees: Mapping[str, str]) -> None:
        """Write files, by path in the work tree."""
        for files in trees:
            self.repository.write(files)

    def commit(self, *trees: Mapping[str, str]) -> None:
        """Write files, and commit all that there is."""
        self.write(*trees)
        self.repository.commit()

    def vaultgen(self, *words: str, **environment: str) -> Ran:
        """Run a command in the work tree; nothing may stay behind in the directory for temporary files."""
        done = subprocess.run(
            [str(vaultgen_directory() / "vaultgen"), *words],
            cwd=self.repository.path,
            env=self._environment(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert list(self.temporary.iterdir()) == []
        return Ran(done.returncode, done.stdout, done.stderr)

    def vaultgen_on_a_terminal(self, *words: str, **environment: str) -> str:
        """Run a command whose outputs are a terminal, and return what that shows."""
        command = [str(vaultgen_directory() / "vaultgen"), *words]
        return on_terminal(command, self.repository.path, self._environment(environment))

    def diff(self, *words: str, directory: str = "app", **environment: str) -> Any:
        """Return the report of a diff that succeeds; its status must say whether there is a change."""
        ran = self.vaultgen("diff", directory, "--output", "json", *words, **environment)
        assert (ran.stderr, ran.status) == ("", int(ran.report["changed"]))
        return ran.report

    def follows(self, key: str) -> tuple[str, str]:
        """Type the commands of a block; return what it says that they print, and what they do, without times."""
        said = block(key, "console").text
        printed = ""
        for line in said.splitlines():
            if line.startswith("$ "):
                program, *words = shlex.split(line[2:])
                assert program == "vaultgen"
                ran = self.vaultgen(*words)
                printed += f"{line}\n{ran.stdout}{ran.stderr}"
        return _timeless(said), _timeless(printed)

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        path = os.pathsep.join([str(vaultgen_directory()), str(Path(kustomize()).parent), os.environ["PATH"]])
        inherited = {"PATH": path, "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
        return {name: value for name, value in {**inherited, **self.environment, **more}.items() if value}


def commit_shop(reviewer: Reviewer) -> None:
    """Commit the tree of docs/diff.md: a Secret with a suffix, and one without, each read by a Deployment."""
    reference = "vault:secret/data/my-app/database?key=password"
    reviewer.vault.root.write("my-app/database", {"password": "example-password"})
    stable = entry("worker-settings", f"DB_PASSWORD={reference}", more=STABLE)
    suffixed = entry("my-app-secrets", f"db_password.txt={reference}")
    files = tree(suffixed, stable, resources="[my-app.yaml, worker.yaml]")
    workloads = {"my-app": "my-app-secrets", "worker": "worker-settings"}
    reviewer.commit(files, {f"app/{name}.yaml": deployment(name, secret) for name, secret in workloads.items()})


def _timeless(text: str) -> str:
    return re.sub(r"\d{4}-[\dT:.-]+", "TIME", text)
