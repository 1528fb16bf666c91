"""`vaultgen controller` as a process beside a test API server, with the rights that deploy/ gives it and no others."""

import contextlib
import http.client
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from support.deployed import built
from support.eventually import eventually
from support.flux_cluster import Cluster
from support.kustomize import vaultgen_directory
from support.ports import free_ports
from support.process import start_bound, stop


class RunningController:
    """A controller that can be ended in several ways, and started again on the same volume."""

    def __init__(
        self,
        cluster: Cluster,
        home: Path,
        addresses: Sequence[str],
        options: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """``addresses`` are the Vault addresses that it allows; ``options`` and ``environment`` come to its own."""
        self.storage = home / "storage"
        """Its volume."""
        self.log = cluster.logs / "vaultgen.log"
        self._home = home
        self._cluster = cluster
        self._process: subprocess.Popen[bytes] | None = None
        self._environment = environment or {}
        self.artifacts, self.metrics, self.health = (f"127.0.0.1:{port}" for port in free_ports(3))
        self._options = [
            *(f"--vault-address={address}" for address in addresses),
            f"--storage-path={self.storage}",
            f"--storage-addr={self.artifacts}",
            f"--storage-adv-addr={self.artifacts}",
            f"--metrics-addr={self.metrics}",
            f"--health-addr={self.health}",
            *options,
        ]

    @property
    def pid(self) -> int:
        """Its process id, while it runs."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it is ready."""
        self.storage.mkdir(parents=True, exist_ok=True)
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
            "HOME": str(self._home),
            "KUBECONFIG": str(self._cluster.kubeconfig_with(self._cluster.client.new_token("flux-system", "vaultgen"))),
            **self._environment,
        }
        command = [str(vaultgen_directory() / "vaultgen"), "controller", *self._options]
        self._process = start_bound(command, environment, self.log)
        assert eventually(self._is_ready), self.log.read_text()[-3000:]

    def stop(self) -> None:
        """End it as the kubelet does."""
        if self._process is not None:
            stop(self._process)
            self._process = None

    def ends_in_time(self) -> bool:
        """Ask it to end as the kubelet does, and return whether it does so before the kubelet would lose patience."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            return False
        self._process = None
        return True

    def kill(self) -> None:
        """End it without a warning."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def scrape(self) -> str:
        """Return its metrics."""
        return self.get(self.metrics, "/metrics")[1].decode()

    @staticmethod
    def get(address: str, path: str) -> tuple[int, bytes]:
        """Return status and content of what it answers at one of its addresses."""
        connection = http.client.HTTPConnection(address, timeout=60)
        with contextlib.closing(connection):
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log.read_text()[-3000:]
        try:
            return self.get(self.health, "/readyz")[0] == 200
        except OSError:
            return False


@contextlib.contextmanager
def running_controller(
    cluster: Cluster,
    home: Path,
    addresses: Sequence[str],
    *options: str,
    environment: Mapping[str, str] | None = None,
) -> Iterator[RunningController]:
    """Install deploy/ (without its Deployment's Pod: nothing runs any here) and run the controller."""
    objects = built()
    cluster.client.install_crds(*[one for one in objects if one["kind"] == "CustomResourceDefinition"])
    cluster.client.apply(*objects)
    controller = RunningController(cluster, home, addresses, options, environment)
    try:
        controller.start()
        yield controller
    finally:
        controller.stop()
