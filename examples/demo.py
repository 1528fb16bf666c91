"""The article's application, built with a real Vault and the real kustomize; run it with ``make demo``.

Exits with 0 only if everything came out as it should. Nothing that it starts outlives it.
"""

import itertools
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).parent
CHECKOUT = EXAMPLES.parent
sys.path.insert(0, str(CHECKOUT / "tests"))

from support.canaries import found_in  # noqa: E402
from support.environment import clean_environment  # noqa: E402
from support.kustomize import Built, any_builder, build_command, is_kubectl, kustomize_build  # noqa: E402
from support.openbao import OpenBao, path_server, running_openbao, wheel_bao  # noqa: E402

ARTICLE = EXAMPLES / "article"
MASK = "********"


class DemoFailed(Exception):
    """Something did not come out as it should."""


class Demo:
    """Says what it does while it does it, and remembers every value that must not be said."""

    def __init__(self, server: OpenBao, builder: str, directory: Path) -> None:
        self._server = server
        self._builder = builder
        self._directory = directory
        # kubectl runs no exec functions; the Flux Kustomization goes through the legacy plugin.
        self._root = "flux" if is_kubectl(builder) else "."
        self._generator = directory / ("flux/my-app.yaml" if is_kubectl(builder) else "secrets.yaml")
        self._environment = {"VAULT_ADDR": server.address, "KUSTOMIZE_PLUGIN_HOME": str(CHECKOUT / "plugin")}
        self._values: dict[str, str] = {}
        """What Vault holds now: path → the value of its one field."""
        self._unsaid: dict[str, str | bytes] = {"root token": server.root_token}
        self._said: list[str] = []
        self._steps = itertools.count(1)

    def run(self) -> None:
        """Go through all steps; raises DemoFailed."""
        self._fill_vault()
        self._show_the_references()
        first = self._build_and_show()
        self._rotate(first)
        self._fail()
        leaks = found_in(self._unsaid, "\n".join(self._said))
        expect(not leaks, f"it printed what it must not: {leaks}")

    # --- steps ---

    def _fill_vault(self) -> None:
        self._step("A Vault that holds the application's two values, and a token that may read them and nothing else")
        self._command(f"export VAULT_ADDR={self._server.address}")
        self._vault("policy", "write", "my-app", "policy.hcl")
        self._write("my-app/database", "password")
        self._write("my-app/api", "key")
        token = self._vault("token", "create", "-policy=my-app", "-ttl=10m", "-field=token", keep_as="VAULT_TOKEN")
        self._unsaid["token"] = token
        self._environment["VAULT_TOKEN"] = token

    def _show_the_references(self) -> None:
        self._step("What stands in Git: references, no value")
        self._command(f"cat {self._generator.relative_to(self._directory)}")
        self._text(self._generator.read_text())

    def _build_and_show(self) -> str:
        self._step("Build")
        secret, deployment = self._build()
        keys = "\n".join(f"  {key}: {MASK}" for key in secret["data"])
        self._text(f"kind: Secret\nmetadata:\n  name: {secret['metadata']['name']}\ndata:\n{keys}")
        self._show_references(deployment)
        return str(secret["metadata"]["name"])

    def _rotate(self, first: str) -> None:
        self._step("Rotate the password in Vault, and build again; nothing changes in Git")
        self._write("my-app/database", "password")
        secret, deployment = self._build()
        second = secret["metadata"]["name"]
        expect(first != second, "the Secret's name did not change with its content")
        self._text(f"Secret {first}\n   now {second}")
        self._show_references(deployment)
        self._text("The Deployment changes with the name, so Kubernetes rolls it out.")

    def _fail(self) -> None:
        self._step("A build that must fail: the reference names a field that is not there")
        self._command(f"sed -i s/key=password/key=passwd/ {self._generator.relative_to(self._directory)}")
        self._generator.write_text(self._generator.read_text().replace("key=password", "key=passwd"))
        built = self._run_build()
        self._text(built.stderr.decode())
        self._text(f"exit status {built.status}, {len(built.stdout)} bytes on standard output")
        expect(built.status != 0, "the build succeeded")
        expect(built.stdout == b"", "the failed build wrote to standard output")
        expect(b"error[field-missing]" in built.stderr, "the message is not that of a missing field")

    # --- Vault and kustomize ---

    def _vault(self, *words: str, value: str = "", keep_as: str = "") -> str:
        shown = " ".join([Path(self._server.binary).name, *words])
        if value:
            shown = f'printf %s "$NEW_VALUE" | {shown}'
        if keep_as:
            shown = f"export {keep_as}=$({shown})"
        self._command(shown)
        done = subprocess.run(
            [self._server.binary, *words],
            cwd=self._directory,
            env={
                "PATH": os.environ.get("PATH", os.defpath),
                "HOME": str(self._server.directory),
                "VAULT_ADDR": self._server.address,
                "VAULT_TOKEN": self._server.root_token,
            },
            input=value,
            capture_output=True,
            text=True,
            check=False,
        )
        expect(done.returncode == 0, f"`{shown}` failed: {done.stderr}")
        return done.stdout.strip()

    def _write(self, path: str, field: str) -> None:
        value = secrets.token_urlsafe(18)
        self._values[path] = value
        self._unsaid[f"value {len(self._unsaid)}"] = value
        self._vault("kv", "put", f"secret/{path}", f"{field}=-", value=value)

    def _run_build(self) -> Built:
        command = [Path(self._builder).name, *build_command(self._builder)[1:], self._root]
        self._command(" ".join(command))
        return kustomize_build(self._directory / self._root, self._environment, binary=self._builder)

    def _build(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Build, check what came out, and return the Secret and the Deployment."""
        built = self._run_build()
        expect(built.status == 0, f"the build failed with status {built.status}:\n{built.stderr.decode()}")
        by_kind = {resource["kind"]: resource for resource in built.resources()}
        expect(set(by_kind) == {"Secret", "Deployment"}, f"the build gave {sorted(by_kind)}")
        name = by_kind["Secret"]["metadata"]["name"]
        expected = {
            "api_key.txt": self._values["my-app/api"],
            "db_password.txt": self._values["my-app/database"],
            "db_user.txt": "my-app",
        }
        values = {key: value.decode() for key, value in built.secrets()[name].items()}
        expect(values == expected, "the Secret holds other values than Vault and its base")
        expect(bool(re.fullmatch(r"my-app-secrets-[a-z0-9]{10}", name)), f"{name} has no suffix")
        expect(set(referred_to(by_kind["Deployment"]).values()) == {name}, "the Deployment refers to another Secret")
        return by_kind["Secret"], by_kind["Deployment"]

    # --- what is said ---

    def _step(self, title: str) -> None:
        line = f"{next(self._steps)}. {title}"
        bold = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self._say(f"\n\x1b[1m{line}\x1b[0m" if bold else f"\n{line}")

    def _command(self, words: str) -> None:
        self._say(f"   $ {words}")

    def _text(self, text: str) -> None:
        self._say(textwrap.indent(text.rstrip("\n"), "     "))

    def _show_references(self, deployment: Mapping[str, Any]) -> None:
        lines = [f"Deployment my-app: {variable} from {name}" for variable, name in referred_to(deployment).items()]
        self._text("\n".join(lines))

    def _say(self, text: str) -> None:
        self._said.append(text)
        print(text, flush=True)


def referred_to(deployment: Mapping[str, Any]) -> dict[str, str]:
    """Return the Secret that each environment variable of a Deployment comes from."""
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    return {item["name"]: item["valueFrom"]["secretKeyRef"]["name"] for item in container["env"]}


def expect(holds: bool, otherwise: str) -> None:
    """Raise DemoFailed unless something holds."""
    if not holds:
        raise DemoFailed(otherwise)


def main() -> int:
    """Run the demo and return the exit status."""
    for name in set(os.environ) - set(clean_environment()):
        del os.environ[name]
    builder = any_builder()
    started = time.monotonic()
    print("An application, its Secret and a real Vault; all of it on this machine and gone at the end.")
    try:
        with tempfile.TemporaryDirectory() as directory:
            tree = Path(shutil.copytree(ARTICLE, Path(directory, "article")))
            with running_openbao(binary=path_server() or wheel_bao()) as server:
                Demo(server, builder, tree).run()
        expect(no_child_is_left(), "a process was left running")
    except DemoFailed as failed:
        print(f"\nThe demo failed: {failed}", file=sys.stderr)
        return 1
    print(f"\nDone in {time.monotonic() - started:.1f} s; nothing was left running.")
    return 0


def no_child_is_left() -> bool:
    """Return whether this process has no child, running or dead."""
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return True
    return False


if __name__ == "__main__":
    sys.exit(main())
