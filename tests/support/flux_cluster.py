"""A cluster without nodes: etcd and a real kube-apiserver as processes, and Flux's controllers beside them.

There is no kube-controller-manager: no garbage collection by owner references, no default ServiceAccounts but those
that ``ClusterClient.create_namespace`` makes, no ReplicaSets for Deployments, and a deleted namespace stays.
"""

import base64
import contextlib
import functools
import http.client
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from support.certificates import Certificates, make_certificates
from support.cluster_client import ApiRefused, ClusterClient
from support.flux_parts import Parts
from support.ports import free_ports
from support.process import start_bound, stop
from support.short_paths import short_root

FLUX_NAMESPACE = "flux-system"

_ADMIN_TOKEN = "admin-of-a-test-cluster"
_ISSUER = "https://kubernetes.default.svc"
_SECONDS = 180
_ATTEMPTS = 3


class ClusterFailed(Exception):
    """A program of the cluster could not be started; the message ends with its log."""


class Cluster:
    """A running API server. Start it with ``running_cluster``."""

    def __init__(self, parts: Parts, directory: Path, logs: Path) -> None:
        self.parts = parts
        self.logs = logs
        """Where each program writes its own file."""
        self.certificates: Certificates = make_certificates(directory)
        self._directory = directory
        self._port = 0
        self._etcd: subprocess.Popen[bytes] | None = None
        self._api_server: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """``https://127.0.0.1:PORT``."""
        return f"https://127.0.0.1:{self._port}"

    @property
    def authority(self) -> str:
        """The CA of the API server's certificate, as PEM text."""
        return self.certificates.ca.read_text()

    @property
    def client(self) -> ClusterClient:
        """A client that may do everything."""
        return self.client_with(_ADMIN_TOKEN)

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig of one who may do everything."""
        return self.kubeconfig_with(_ADMIN_TOKEN)

    def client_with(self, token: str) -> ClusterClient:
        """Return a client with the rights of a token, as ``ClusterClient.new_token`` makes them."""
        return ClusterClient(self.address, self.authority, token)

    def kubeconfig_with(self, token: str) -> Path:
        """Write a kubeconfig with a token and return its path."""
        authority = base64.b64encode(self.certificates.ca.read_bytes()).decode()
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
            "clusters": [
                {"name": "test", "cluster": {"server": self.address, "certificate-authority-data": authority}}
            ],
            "users": [{"name": "test", "user": {"token": token}}],
        }
        descriptor, path = tempfile.mkstemp(prefix="kubeconfig-", dir=self._directory)
        with open(descriptor, "w") as file:
            json.dump(content, file)
        return Path(path)

    def start(self) -> None:
        """Start all that is not running, and wait until it answers. Raises ClusterFailed."""
        if self._etcd is None:
            self._write_keys()
            self._etcd = _start(self._etcd_command(), self._directory, self.logs / "etcd.log")
        self.start_api_server()

    def start_api_server(self) -> None:
        """Start the API server, after a stop at the same address as before. Raises ClusterFailed."""
        log = self.logs / "kube-apiserver.log"
        for _ in range(_ATTEMPTS):
            port = self._port or free_ports(1)[0]
            self._api_server = _start(self._api_server_command(port), self._directory, log)
            if _wait_for(self._api_server, functools.partial(self._is_ready, port)):
                self._port = port
                return
            self.stop_api_server()
        raise ClusterFailed(f"kube-apiserver did not start:\n{_end_of(log)}")

    def stop_api_server(self) -> None:
        """End the API server; what it was told stays in etcd."""
        if self._api_server is not None:
            stop(self._api_server)
            self._api_server = None

    def stop(self) -> None:
        """End all programs."""
        self.stop_api_server()
        if self._etcd is not None:
            stop(self._etcd)
            self._etcd = None

    def _is_ready(self, port: int) -> bool:
        try:
            ClusterClient(f"https://127.0.0.1:{port}", self.authority, _ADMIN_TOKEN).request("GET", "/readyz")
        except ApiRefused:
            return False
        return True

    def _write_keys(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        form = serialization.PrivateFormat.TraditionalOpenSSL
        pem = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
        (self._directory / "service-accounts.pem").write_bytes(pem)
        (self._directory / "tokens.csv").write_text(f"{_ADMIN_TOKEN},admin,1,system:masters\n")

    def _etcd_command(self) -> list[str]:
        # A member alone needs no address for others, but a flag that looks like one.
        nobody = "http://127.0.0.1:1"
        return [
            str(self.parts.etcd),
            "--name=test",
            f"--data-dir={self._directory}/etcd",
            f"--listen-client-urls=unix://{self._directory}/etcd.sock",
            f"--advertise-client-urls={nobody}",
            "--listen-peer-urls=http://127.0.0.1:0",
            f"--initial-advertise-peer-urls={nobody}",
            f"--initial-cluster=test={nobody}",
            "--unsafe-no-fsync",
            "--log-level=warn",
        ]

    def _api_server_command(self, port: int) -> list[str]:
        keys = self._directory / "service-accounts.pem"
        return [
            str(self.parts.kube_apiserver),
            f"--etcd-servers=unix://{self._directory}/etcd.sock",
            "--bind-address=127.0.0.1",
            f"--secure-port={port}",
            f"--cert-dir={self._directory}/certificates",
            f"--tls-cert-file={self.certificates.server_cert}",
            f"--tls-private-key-file={self.certificates.server_key}",
            "--service-cluster-ip-range=10.0.0.0/24",
            f"--token-auth-file={self._directory}/tokens.csv",
            "--authorization-mode=RBAC",
            f"--service-account-issuer={_ISSUER}",
            f"--service-account-key-file={keys}",
            f"--service-account-signing-key-file={keys}",
            # It waits for ServiceAccounts and tokens that nobody makes here.
            "--disable-admission-plugins=ServiceAccount",
        ]


class Flux:
    """Running controllers. Start them with ``running_flux``."""

    def __init__(self, cluster: Cluster, directory: Path, options: Sequence[str]) -> None:
        self.cluster = cluster
        self.directory = directory
        """Holds ``storage``, the artifacts of source-controller, and ``tmp``, where both put temporary files."""
        self._options = options
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        for name in ("storage", "tmp"):
            (directory / name).mkdir()

    def start(self) -> None:
        """Start both controllers and wait until they are ready. Raises ClusterFailed."""
        for _ in range(_ATTEMPTS):
            failed = self._failed_to_start(*(f"127.0.0.1:{port}" for port in free_ports(3)))
            if failed is None:
                return
            self.stop()
        raise ClusterFailed(f"{failed} did not start:\n{_end_of(self.log(str(failed)))}")

    def _failed_to_start(self, storage: str, source_health: str, kustomize_health: str) -> str | None:
        """Start both at these addresses and return the name of one that does not answer."""
        parts = self.cluster.parts
        self._launch(
            parts.source_controller,
            source_health,
            f"--storage-path={self.directory}/storage",
            f"--storage-addr={storage}",
            f"--storage-adv-addr={storage}",
        )
        self._launch(
            parts.kustomize_controller,
            kustomize_health,
            "--feature-gates=ExternalArtifact=true",
            "--requeue-dependency=2s",
            *self._options,
        )
        for program, health in (
            (parts.source_controller, source_health),
            (parts.kustomize_controller, kustomize_health),
        ):
            if not _wait_for(self._running[program.name], functools.partial(_is_healthy, health)):
                return program.name
        return None

    def log(self, controller: str) -> Path:
        """Return the log file of ``source-controller`` or ``kustomize-controller``."""
        return self.cluster.logs / f"{controller}.log"

    def stop(self) -> None:
        """End both controllers."""
        for program in self._running.values():
            stop(program)
        self._running.clear()

    def _launch(self, program: Path, health: str, *options: str) -> None:
        command = [
            str(program),
            f"--health-addr={health}",
            "--metrics-addr=0",
            "--events-addr=",
            "--min-retry-delay=200ms",
            "--max-retry-delay=2s",
            *options,
        ]
        environment = {
            "KUBECONFIG": str(self.cluster.kubeconfig),
            "RUNTIME_NAMESPACE": FLUX_NAMESPACE,
            "TMPDIR": str(self.directory / "tmp"),
        }
        self._running[program.name] = _start(command, self.directory, self.log(program.name), environment)


@contextlib.contextmanager
def running_cluster(parts: Parts, logs: Path) -> Iterator[Cluster]:
    """Run an API server for the length of a ``with`` block; ``logs`` is a directory that stays.

    Raises ClusterFailed.
    """
    directory = Path(tempfile.mkdtemp(prefix="cluster-", dir=short_root()))
    cluster = Cluster(parts, directory, logs)
    try:
        cluster.start()
        cluster.client.create_namespace("default")
        cluster.client.create_namespace(FLUX_NAMESPACE)
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(directory, ignore_errors=True)


@contextlib.contextmanager
def running_flux(cluster: Cluster, *options: str) -> Iterator[Flux]:
    """Install Flux's CRDs and run its controllers for the length of a ``with`` block.

    They may do everything, as Flux is installed by default. ``options`` are more of kustomize-controller
    (``--no-cross-namespace-refs``). Raises ClusterFailed.
    """
    definitions = [path.read_text() for crds in cluster.parts.crds for path in sorted(crds.glob("*.yaml"))]
    cluster.client.install_crds(*definitions)
    directory = Path(tempfile.mkdtemp(prefix="flux-"))
    flux = Flux(cluster, directory, options)
    try:
        flux.start()
        yield flux
    finally:
        flux.stop()
        shutil.rmtree(directory, ignore_errors=True)


@contextlib.contextmanager
def running_notifications(cluster: Cluster) -> Iterator[str]:
    """Run notification-controller for the length of a ``with`` block, and yield the URL that takes events.

    Its CRDs are there as soon as Flux runs. Raises ClusterFailed.
    """
    program = cluster.parts.notification_controller
    directory = Path(tempfile.mkdtemp(prefix="notifications-"))
    log = cluster.logs / f"{program.name}.log"
    environment = {"KUBECONFIG": str(cluster.kubeconfig), "RUNTIME_NAMESPACE": FLUX_NAMESPACE}
    try:
        for _ in range(_ATTEMPTS):
            events, hooks, health = (f"127.0.0.1:{port}" for port in free_ports(3))
            options = [f"--events-addr={events}", f"--receiverAddr={hooks}", f"--health-addr={health}"]
            running = _start([str(program), "--metrics-addr=0", *options], directory, log, environment)
            try:
                if _wait_for(running, functools.partial(_is_healthy, health)):
                    yield f"http://{events}/"
                    return
            finally:
                stop(running)
        raise ClusterFailed(f"{program.name} did not start:\n{_end_of(log)}")
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _start(
    command: Sequence[str], home: Path, log: Path, environment: dict[str, str] | None = None
) -> "subprocess.Popen[bytes]":
    inherited = {"HOME": str(home), "PATH": os.environ.get("PATH", "")}
    return start_bound(command, {**inherited, **(environment or {})}, log)


def _wait_for(process: "subprocess.Popen[bytes]", answers: Callable[[], bool]) -> bool:
    """Return whether a program answered, before it ended or was given up."""
    give_up = time.monotonic() + _SECONDS
    while time.monotonic() < give_up and process.poll() is None:
        try:
            if answers():
                return True
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(0.05)
    return False


def _is_healthy(address: str) -> bool:
    connection = http.client.HTTPConnection(address, timeout=60)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    finally:
        connection.close()


def _end_of(log: Path) -> str:
    return log.read_text(errors="replace")[-3000:]
