"""Somebody who does what a page says: with a shell, a directory and a Vault of their own."""

import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from support.kustomize import Built, kubectl, kustomize, kustomize_build, vaultgen_directory
from support.markdown import commands
from support.vault_namespace import VaultNamespace

APPLIED = "applied.yaml"
"""Where the cluster's stand-in puts what `kubectl apply` sends."""

_KUBECTL = """\
#!/bin/sh
# No cluster: what would be created is printed, what would be applied is kept.
case $1 in
create) exec {kubectl} "$@" --dry-run=client --output=yaml ;;
apply) exec cat >>{applied} ;;
*) exec {kubectl} "$@" ;;
esac
"""


class CommandFailed(Exception):
    """A command ended with another status than 0."""


class Newcomer:
    """Works in ``directory``, as root of a Vault namespace."""

    def __init__(self, sandbox: Path, vault: VaultNamespace) -> None:
        """Take an empty directory; ``tree`` below it is where commands are typed."""
        self.vault = vault
        self.directory = sandbox / "tree"
        self.home = sandbox / "home"
        self._programs = sandbox / "bin"
        for directory in (self.directory, self.home, self._programs):
            directory.mkdir()
        (self._programs / "bao").symlink_to(vault.server.binary)
        (self._programs / "kustomize").symlink_to(kustomize())
        stand_in = self._programs / "kubectl"
        real = shlex.quote(kubectl() or "false")
        stand_in.write_text(_KUBECTL.format(kubectl=real, applied=shlex.quote(str(self.home / APPLIED))))
        stand_in.chmod(0o755)

    @property
    def outside(self) -> dict[str, str]:
        """Where Vault is, without any credential."""
        return {"VAULT_ADDR": self.vault.address, "VAULT_NAMESPACE": self.vault.name, "HOME": str(self.home)}

    @property
    def applied(self) -> Any:
        """What was sent to the cluster: a list of objects."""
        return list(yaml.safe_load_all((self.home / APPLIED).read_text()))

    def follows(self, key: str, instead: Mapping[str, str] | None = None, **environment: str) -> str:
        """Type the commands of a block and return what they print; see ``types``."""
        return self.types(commands(key), instead, **environment)

    def types(self, script: str, instead: Mapping[str, str] | None = None, **environment: str) -> str:
        """Run a script as root of the Vault and return what it prints.

        ``instead`` replaces what only the writer's own world has; each of its keys must stand in the script. A
        variable set to an empty text is unset. Raises CommandFailed.
        """
        for old, new in (instead or {}).items():
            assert old in script, old
            script = script.replace(old, new)
        path = os.pathsep.join([str(self._programs), str(vaultgen_directory()), os.environ.get("PATH", os.defpath)])
        # Empty under `make test`; else it leads a plugin, which is run by another Python, to the checkout.
        inherited = {"PYTHONPATH": os.environ.get("PYTHONPATH", ""), "PATH": path}
        variables = {**inherited, "VAULT_TOKEN": self.vault.root.token, **self.outside, **environment}
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.directory,
            env={name: value for name, value in variables.items() if value},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        if done.returncode:
            raise CommandFailed(f"{script}\nexit status {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def writes_generator(self, vault: Any, sources: Sequence[str]) -> None:
        """Write a kustomization with one generator, whose Secret ``my-app`` has these ``literals``."""
        document = {
            "apiVersion": "vaultgen.dev/v1alpha1",
            "kind": "VaultSecretGenerator",
            "metadata": {
                "name": "my-app",
                "annotations": {"config.kubernetes.io/function": "exec: {path: vaultgen}\n"},
            },
            "vault": vault,
            "secretGenerator": [
                {"name": "my-app", "literals": list(sources), "options": {"disableNameSuffixHash": True}}
            ],
        }
        (self.directory / "secrets.yaml").write_text(yaml.safe_dump(document))
        (self.directory / "kustomization.yaml").write_text("generators: [secrets.yaml]\n")

    def builds(self, **environment: str) -> Built:
        """Build the directory without any credential but those in ``environment``."""
        return kustomize_build(self.directory, {**self.outside, **environment})
