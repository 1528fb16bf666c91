"""One Vault with secrets at distinct paths, and for each tool the input that asks for the first N of them."""

import json
import os
import socket
import stat
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.peers import peer
from bench.timing import Failed, Run
from support.environment import clean_environment
from support.kustomize import build_command, kustomize, kustomize_build, vaultgen_directory
from support.openbao import OpenBao, wheel_bao
from support.process import start_bound, stop

MOST = 1000
"""Secrets that Vault holds."""
LATENCY_MS = 10
BARE = "python -I -c pass"

_POLICY = 'path "secret/*" { capabilities = ["read", "list"] }'
_GENERATOR = """\
apiVersion: vaultgen.dev/v1alpha1
kind: VaultSecretGenerator
metadata:
  name: bench
  annotations:
    config.kubernetes.io/function: |
      exec: {path: %s}
secretGenerator:
- name: bench
  files:
"""


class Workload:
    """What the tools are given to do."""

    def __init__(self, server: OpenBao, directory: Path) -> None:
        """Fill the server; inputs are written below ``directory``."""
        self._server = server
        self._directory = directory
        self._environment = {name: text for name, text in clean_environment().items() if not name.startswith("PYTHON")}
        self._environment["PATH"] = f"{vaultgen_directory()}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        self._environment["HOME"] = str(directory)
        root = server.client()
        root.policy("bench", _POLICY)
        for number in range(MOST):
            root.write(_name(number), {"value": _value(number)})
        # Without the default policy, whose rules would take more of the server's time than the reads.
        self._token = root.new_token(["bench"], no_default_policy=True)

    # --- the tools, each asked for the first `count` secrets ---

    def vaultgen(self, count: int, address: str = "") -> Run:
        """vaultgen as kustomize starts it."""
        command = [str(vaultgen_directory() / "vaultgen")]
        return Run("vaultgen", command, self._with_vault(address), stdin=self._request(count))

    def vaultgen_over_tls(self, count: int) -> Run:
        """The same over TLS, with a CA of its own."""
        run = self.vaultgen(count, self._server.https_address)
        certificates = self._server.certificates
        return run._replace(environment={**run.environment, "VAULT_CACERT": str(certificates and certificates.ca)})

    def vals(self, count: int, address: str = "") -> Run | None:
        """``vals eval`` with a reference a line; None where there is no vals."""
        lines = (f"{_key(number)}: ref+vault://secret/{_name(number)}#/value" for number in range(count))
        file = self._write(f"vals-{count}.yaml", lines)
        program = peer("vals")
        return Run("vals", [program, "eval", "-f", str(file)], self._with_vault(address)) if program else None

    def consul_template(self, count: int, address: str = "") -> Run | None:
        """``consul-template -once`` with one template; None where there is no consul-template."""
        one = '%s: {{ with secret "secret/data/%s" }}{{ .Data.data.value }}{{ end }}'
        lines = (one % (_key(number), _name(number)) for number in range(count))
        template, output = self._write(f"template-{count}", lines), self._directory / f"rendered-{count}"
        options = ["-once", "-vault-renew-token=false", "-log-level=err", f"-template={template}:{output}"]
        if not (program := peer("consul-template")):
            return None
        return Run("consul-template", [program, *options], self._with_vault(address), output=output)

    def bao(self) -> Run | None:
        """``bao kv get`` of one secret; None where there is no ``bao``."""
        program = wheel_bao()
        command = ["kv", "get", "-mount=secret", "-field=value", _name(0)]
        return Run("bao kv get", [program, *command], self._with_vault()) if program else None

    def bare_python(self) -> Run:
        """The interpreter that runs vaultgen, with nothing to do."""
        return Run(BARE, [sys.executable, "-I", "-c", "pass"], self._environment)

    def build(self, count: int) -> Run:
        """A whole ``kustomize build`` that runs vaultgen."""
        directory = self._tree(f"build-{count}", "vaultgen", count)
        return Run("kustomize build, vaultgen", [*build_command(kustomize()), str(directory)], self._with_vault())

    def build_of_documents(self, count: int, address: str) -> Run:
        """``kustomize build`` of so many documents with one reference each."""
        command = [*build_command(kustomize()), str(self._documents(count))]
        return Run("kustomize build", command, self._with_vault(address))

    def session_build_of_documents(self, count: int, address: str) -> Run:
        """``vaultgen build`` of the same."""
        program, directory = str(vaultgen_directory() / "vaultgen"), str(self._documents(count))
        command = [program, "build", "--reveal", f"--kustomize={kustomize()}", directory]
        return Run("vaultgen build", command, self._with_vault(address))

    def builtin_build(self, count: int) -> Run:
        """The same build with the builtin secretGenerator and the values in files."""
        directory = self._directory / f"builtin-{count}"
        directory.mkdir(exist_ok=True)
        for number in range(count):
            (directory / _key(number)).write_text(_value(number))
        sources = ", ".join(_key(number) for number in range(count))
        self._write(f"{directory.name}/kustomization.yaml", [f"secretGenerator: [{{name: bench, files: [{sources}]}}]"])
        return Run("kustomize build, builtin", [*build_command(kustomize()), str(directory)], self._environment)

    @staticmethod
    def made_all(output: bytes, count: int) -> bool:
        """Return whether an output holds every value that was asked for, as text or in base64."""
        from base64 import b64encode

        values = (_value(number).encode() for number in range(count))
        return all(value in output or b64encode(value) in output for value in values)

    # --- inputs ---

    def _with_vault(self, address: str = "") -> dict[str, str]:
        return {**self._environment, "VAULT_ADDR": address or self._server.address, "VAULT_TOKEN": self._token}

    def _request(self, count: int) -> Path:
        """Return a file with the bytes that kustomize hands to the function, caught from kustomize itself."""
        file = self._directory / f"request-{count}"
        if not file.exists():
            catcher = self._write("catch", ["#!/bin/sh", f'exec cat >"{file}"'])
            catcher.chmod(stat.S_IRWXU)
            kustomize_build(self._tree(f"caught-{count}", str(catcher), count), self._environment)
        return file

    def _tree(self, name: str, program: str, count: int) -> Path:
        (self._directory / name).mkdir(exist_ok=True)
        self._write(f"{name}/kustomization.yaml", ["generators: [generator.yaml]"])
        files = (f"    {_key(number)}: vault:secret/data/{_name(number)}?key=value" for number in range(count))
        self._write(f"{name}/generator.yaml", [_GENERATOR % program, *files])
        return self._directory / name

    def _documents(self, count: int) -> Path:
        directory = self._directory / f"documents-{count}"
        directory.mkdir(exist_ok=True)
        for number in range(count):
            document = _GENERATOR.replace("bench", _key(number)) % "vaultgen"
            reference = f"    {_key(number)}: vault:secret/data/{_name(number)}?key=value"
            self._write(f"{directory.name}/{number}.yaml", [document, reference])
        listed = ", ".join(f"{number}.yaml" for number in range(count))
        self._write(f"{directory.name}/kustomization.yaml", [f"generators: [{listed}]"])
        return directory

    def _write(self, name: str, lines: "Iterator[str] | list[str]") -> Path:
        file = self._directory / name
        file.write_text("\n".join([*lines, ""]))
        return file


def _name(number: int) -> str:
    return f"bench/app-{number:04}"


def _key(number: int) -> str:
    return f"key-{number:04}"


def _value(number: int) -> str:
    return f"value {number:04} of forty-one characters, or so"


@contextmanager
def slow_address(server: OpenBao, directory: Path) -> Iterator[str | None]:
    """Give an address of the server whose answers take LATENCY_MS longer; None where there is no toxiproxy."""
    program = peer("server")
    if program is None:
        yield None
        return
    control, port = _free_ports(2)
    process = start_bound([program, "-host=127.0.0.1", f"-port={control}"], {}, directory / "toxiproxy.log")
    try:
        upstream = server.address.removeprefix("http://")
        _ask(control, "/proxies", {"name": "vault", "listen": f"127.0.0.1:{port}", "upstream": upstream})
        _ask(control, "/proxies/vault/toxics", {"type": "latency", "attributes": {"latency": LATENCY_MS}})
        yield f"http://127.0.0.1:{port}"
    finally:
        stop(process)


def _free_ports(count: int) -> list[int]:
    """Return ports that were free a moment ago."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [int(one.getsockname()[1]) for one in sockets]


def _ask(control: int, path: str, body: object) -> None:
    """Tell toxiproxy something; while it starts it may not answer yet."""
    request = urllib.request.Request(f"http://127.0.0.1:{control}{path}", json.dumps(body).encode())
    give_up = time.monotonic() + 10
    while True:
        try:
            urllib.request.urlopen(request, timeout=10).close()  # noqa: S310 our own address
            return
        except urllib.error.HTTPError as error:
            raise Failed(f"toxiproxy: {error.code}") from None
        except OSError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.05)
