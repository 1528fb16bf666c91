"""A folder of ``tests/e2e/cases`` put on: servers started, Vault filled, directories laid out, vaultgen run.

A case holds ``input/``, which becomes the working directory, with one of

- ``kustomization.yaml``: the real kustomize builds it;
- ``generator.yaml``: vaultgen is handed it as kustomize would;
- ``stdin``: vaultgen is handed these very bytes.

Beside it may stand ``vault.yaml``, the secrets that Vault holds (see ``vault_file``), and ``run.yaml``:

- ``server``: ``openbao`` (the default with ``vault.yaml`` or ``setup``), ``sealed``, ``uninitialised``, or a fault of
  ``faulty_server``; ``certificate``: ``valid`` or ``expired`` puts a faulty server behind TLS;
- ``setup``: requests to Vault: ``request``, ``body``, ``wrap`` (seconds), ``token``, ``root`` (not in the case's
  own Vault namespace); ``keep`` gives names to parts of the answer that are secret;
- ``cluster``: ``secrets`` (NAMESPACE/NAME → data) and ``denied`` paths of a Kubernetes API server;
- ``environment``: laid over VAULT_ADDR, VAULT_NAMESPACE and VAULT_TOKEN; nothing unsets;
- ``files``: further files, by path below the sandbox (``tree``, ``home``);
- ``command``: arguments of vaultgen, instead of standard input.

``<<NAME>>`` in any of these is a fact: ``<<address>>``, ``<<https>>``, ``<<token>>``, a name of ``setup``, …; a name
that begins with ``canary`` is a secret made up on the spot.
"""

import contextlib
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from support.api_server import running_api_server
from support.canaries import SHORTEST, found_in, found_in_files, new_canary, new_plain_canary
from support.certificates import Certificates, make_certificates
from support.faulty_server import running_faulty_server
from support.kustomize import kustomize_build, vaultgen_directory
from support.openbao import OpenBao
from support.resource_list import as_kustomize_writes
from support.vault_client import VaultClient
from support.vault_file import read_vault_file
from support.vault_namespace import VaultNamespace

CASES = Path(__file__).parents[1] / "e2e" / "cases"

_FACT = re.compile(r"<<([a-z][a-z0-9 -]*)>>")
_HARD_CANARIES = "canary value"
"""Names that begin so stand for text that every encoding changes."""


class Ran(NamedTuple):
    """What a run left behind."""

    stdout: bytes
    stderr: bytes
    status: int
    changed: tuple[Path, ...]
    """Files that came, went or changed."""


class Stage:
    """One case, ready to run."""

    def __init__(self, case: Path, sandbox: Path, fixture: Callable[[str], Any], stack: contextlib.ExitStack) -> None:
        """Put ``case`` on in the empty directory ``sandbox``; ``fixture`` returns what a fixture of a name does."""
        self.sandbox = sandbox
        self.tree, self.home, self.temporary = sandbox / "tree", sandbox / "home", sandbox / "tmp"
        self.canaries: dict[str, str] = {}
        """What must not be seen again."""
        self.environment: dict[str, str] = {}
        self.asked = threading.Event()
        """Set once a faulty server was asked for something."""
        self._facts = {"sandbox": str(sandbox)}
        self._fixture = fixture
        self._stack = stack
        for directory in (self.home, self.temporary):
            directory.mkdir()
        described = case / "run.yaml"
        run = yaml.safe_load(described.read_bytes()) if described.exists() else {}
        self._arguments: list[str] | None = run.get("command")
        self.is_command = self._arguments is not None
        """Whether vaultgen's own command line is what is run."""
        self.is_kustomize = self._arguments is None and (case / "input" / "kustomization.yaml").exists()
        """Whether the real kustomize is what is run; its exit status for any failure is 1."""
        server = run.get("server") or ("openbao" if "setup" in run or (case / "vault.yaml").exists() else "")
        if server == "openbao" and _is_about_namespaces(case):
            fixture("has_namespaces")
        self._start(server, run)
        self._fill_vault(case / "vault.yaml", run.get("setup", []))
        if "cluster" in run:
            self._serve_cluster(self._filled(run["cluster"]))
        for name, value in self._filled(run.get("environment", {})).items():
            self.environment.pop(name, None)
            if value is not None:
                self.environment[name] = value
        self._lay_out(case / "input", run.get("files", {}))

    # --- running ---

    def run(self, **environment: str) -> Ran:
        """Run vaultgen, or the kustomize that runs it, once; ``environment`` is laid over that of the case."""
        before = self._snapshot()
        own = {**self.environment, "HOME": str(self.home), "TMPDIR": str(self.temporary), **environment}
        if self.is_kustomize:
            built = kustomize_build(self.tree, own)
            stdout, stderr, status = built.stdout, built.stderr, built.status
        else:
            program = str(vaultgen_directory() / "vaultgen")
            done = subprocess.run(
                [program, *self._filled(self._arguments or [])],
                input=b"" if self._arguments else self.request(),
                cwd=self.tree,
                env={"PATH": str(vaultgen_directory()) + ":/usr/bin:/bin", **own},
                capture_output=True,
                timeout=300,
                check=False,
            )
            stdout, stderr, status = done.stdout, done.stderr, done.returncode
        after = self._snapshot()
        changed = tuple(path for path in sorted({*before, *after}) if before.get(path) != after.get(path))
        return Ran(stdout, stderr, status, changed)

    def break_vaultgen(self, patch: str) -> None:
        """Let every vaultgen that is run here from now on execute a Python text first."""
        directory = self.sandbox / "patch"
        directory.mkdir()
        (directory / "sitecustomize.py").write_text(patch)
        self.environment["PYTHONPATH"] = str(directory)

    def request(self) -> bytes:
        """Return the bytes for standard input."""
        if (raw := self.tree / "stdin").exists():
            return raw.read_bytes()
        return as_kustomize_writes((self.tree / "generator.yaml").read_bytes())

    def leaks(self, ran: Ran) -> list[str]:
        """Return which canary stands where, and in which form, in what a run left behind."""
        streams = {"stdout": ran.stdout, "stderr": ran.stderr}
        found = [f"{name}: {hit}" for name, content in streams.items() for hit in found_in(self.canaries, content)]
        return found + found_in_files(self.canaries, ran.changed)

    def shown(self, text: bytes) -> str:
        """Return text without what differs from run to run (ports, directory, namespace), and kustomize's own line."""
        shown = text.decode()
        # The sandbox first: the name of a directory above it, pytest-12, can hold that of the namespace, test-1.
        for name in ("sandbox", "namespace"):
            if self._facts.get(name):
                shown = shown.replace(self._facts[name], name.upper())
        shown = re.sub(r"\b(127\.0\.0\.1|localhost):\d+", r"\1:PORT", shown)
        return re.sub(r"^Error: .*\n?\Z", "", shown, flags=re.MULTILINE)

    # --- setting up ---

    def _start(self, server: str, run: Mapping[str, Any]) -> None:
        if server == "openbao":
            namespace: VaultNamespace = self._fixture("vault_namespace")
            self.environment |= namespace.environment()
            self._know(namespace.server)
            self._facts["namespace"] = namespace.name
            self._keep("token", namespace.token)
        elif server in ("sealed", "uninitialised"):
            self._know(self._fixture(f"{server}_openbao"))
        elif server:
            pair = None
            if kind := run.get("certificate"):
                certificates = self._certificates(expired=kind == "expired")
                pair = (certificates.server_cert, certificates.server_key)
            faulty = self._stack.enter_context(running_faulty_server(server, pair))
            self._facts["address"] = f"{'https' if pair else 'http'}://127.0.0.1:{faulty.port}"
            self._facts["port"] = str(faulty.port)
            self.asked = faulty.asked
        if server not in ("", "openbao"):
            self.environment |= {"VAULT_ADDR": self._facts["address"], "VAULT_TOKEN": self._fill("<<canary token>>")}
        # Bound, so that nobody else gets the port, and not listening.
        held = self._stack.enter_context(socket.socket())
        held.bind(("127.0.0.1", 0))
        self._facts["nobody"] = f"127.0.0.1:{held.getsockname()[1]}"

    def _know(self, server: OpenBao) -> None:
        self._facts["address"] = server.address
        if server.certificates:
            self._facts |= {"https": server.https_address, "mutual tls": server.mutual_tls_address}
            self._facts |= {"port of http": server.address.rpartition(":")[2]}
            self._facts |= {"port of https": server.https_address.rpartition(":")[2]}
            self._facts |= {name.replace("_", " "): str(path) for name, path in server.certificates._asdict().items()}

    def _certificates(self, *, expired: bool = False) -> Certificates:
        directory = self.sandbox / "certificates"
        directory.mkdir()
        certificates = make_certificates(directory, expired=expired)
        self._facts["ca"] = str(certificates.ca)
        return certificates

    def _fill_vault(self, file: Path, setup: list[dict[str, Any]]) -> None:
        if not setup and not file.exists():
            return
        vault: VaultClient = self._fixture("vault")
        if file.exists():
            for (namespace, path), fields in read_vault_file(file).items():
                assert not namespace, "a case has one Vault namespace; make others in setup"
                filled = self._filled(fields)
                self.canaries |= {f"{name} of {path}": text for name, text in filled.items() if len(text) >= SHORTEST}
                vault.write(path, filled)
        for step in setup:
            method, _, path = self._fill(step["request"]).partition(" ")
            headers = {"X-Vault-Wrap-TTL": str(step["wrap"])} if "wrap" in step else {}
            namespace = "" if step.get("root") else vault.namespace
            client = VaultClient(vault.address, self._fill(step.get("token", vault.token)), namespace)
            answer = client.request(method, path, self._filled(step.get("body")), headers)
            for name, where in step.get("keep", {}).items():
                self._keep(name, _part(answer, where))

    def _serve_cluster(self, cluster: Mapping[str, Any]) -> None:
        server = self._stack.enter_context(running_api_server(self._certificates()))
        for name, data in cluster.get("secrets", {}).items():
            namespace, _, secret = name.partition("/")
            server.serve_secret(namespace, secret, {key: text.encode() for key, text in data.items()})
        for path in cluster.get("denied", ()):
            server.answer(path, {"kind": "Status", "message": self._fill("<<canary status>>")}, 403)
        server.token = self._fill("<<canary of cluster>>")
        directory = self.home / ".kube"
        directory.mkdir()
        server.kubeconfig(directory, {"token": server.token}).rename(directory / "config")

    def _lay_out(self, source: Path, files: Mapping[str, Any]) -> None:
        shutil.copytree(source, self.tree, symlinks=True)
        for path in self.tree.rglob("*"):
            if path.is_file() and not path.is_symlink():
                with contextlib.suppress(UnicodeDecodeError):
                    path.write_text(self._fill(path.read_text()))
        if (self.tree / "generator.yaml").exists() and not self.is_kustomize:
            (self.tree / "kustomization.yaml").write_text("generators: [generator.yaml]\n")
        for name, content in files.items():
            path = self.sandbox / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(bytes(content) if isinstance(content, int) else self._fill(content).encode())
            path.chmod(0o600)

    # --- facts ---

    def _filled(self, tree: Any) -> Any:
        if isinstance(tree, str):
            return self._fill(tree)
        if isinstance(tree, dict):
            return {self._fill(key): self._filled(value) for key, value in tree.items()}
        return [self._filled(item) for item in tree] if isinstance(tree, list) else tree

    def _fill(self, text: str) -> str:
        return _FACT.sub(lambda match: self._fact(match[1]), text)

    def _fact(self, name: str) -> str:
        if name.startswith("canary") and name not in self._facts:
            label = name.replace(" ", "-")
            self._keep(name, new_canary(label) if name.startswith(_HARD_CANARIES) else new_plain_canary(label))
        return self._facts[name]

    def _keep(self, name: str, value: str) -> None:
        self._facts[name] = self.canaries[name] = value

    def _snapshot(self) -> dict[Path, bytes]:
        files = (path for path in self.sandbox.rglob("*") if path.is_symlink() or path.is_file())
        return {path: str(path.readlink()).encode() if path.is_symlink() else path.read_bytes() for path in files}


def _is_about_namespaces(case: Path) -> bool:
    """Whether a case names a Vault namespace."""
    texts = [
        path.read_text(errors="replace") for path in (case / "run.yaml", *(case / "input").rglob("*")) if path.is_file()
    ]
    words = ("<<namespace>>", "VAULT_NAMESPACE", "namespace=", "sys/namespaces")
    return any(word in text for text in texts for word in words)


def _part(answer: Any, where: str) -> str:
    for name in where.split("."):
        answer = answer[name]
    return str(answer)


def case_names() -> list[str]:
    """Return the names of all cases that have something to compare with."""
    return sorted(path.name for path in CASES.iterdir() if (path / "input").is_dir())
