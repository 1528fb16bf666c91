"""What `vaultgen controller` takes of a machine, by the number of objects; run it with ``make bench-controller``.

A real API server, a real OpenBao over TLS whose kubernetes method asks that API server, five references an object. CPU
time and memory are the kernel's counts for the process. Exits with 1 if a target is missed.
"""

import argparse
import os
import platform
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

CHECKOUT = Path(__file__).parents[1]
sys.path[:0] = [str(CHECKOUT), str(CHECKOUT / "tests")]

from bench.fleet import REFERENCES, Fleet, running_fleet  # noqa: E402
from bench.timing import Failed  # noqa: E402
from support.flux_parts import NoGo  # noqa: E402
from support.running_controller import RunningController, running_controller  # noqa: E402
from vaultgen.vault.environment import duration  # noqa: E402

CORE_PERCENT = 10.0
MEMORY_MIB = 200
SLACK = 50
"""Requests."""
COLUMNS = ("objects", "all ready", "CPU", "a look", "memory", "Vault requests", "API writes", "stale")
ROW = "{:>8} {:>10} {:>8} {:>9} {:>9} {:>15} {:>11} {:>8}  {}"

_READS = ("GET", "LIST", "WATCH", "CONNECT")
_SAMPLE = re.compile(r"([a-z_]+)\{([^}]*)\} (\S+)")
_LABEL = re.compile(r'([a-z_]+)="([^"]*)"')

Result = TypeVar("Result")
Key = TypeVar("Key")


class Figures(NamedTuple):
    """What was measured with one number of objects."""

    objects: int
    interval: float
    """Seconds; as those that follow."""
    ready: float
    """From the start of the process until the last object was ready."""
    window: float
    cpu: float
    """Processor seconds within the window in which nothing changed."""
    looks: int
    """Within the window; as what follows."""
    requests: float
    """To Vault, as the controller counts them."""
    audited: int
    """To Vault, as Vault counts them."""
    writes: int
    """To the API server."""
    stale: float
    """From the rotation of values until the last of those objects had published them."""
    memory: float
    """MiB at most, from the start on."""

    @property
    def core_percent(self) -> float:
        """CPU time as a part of one processor."""
        return 100 * self.cpu / self.window

    @property
    def missed(self) -> list[str]:
        """Names of the columns whose target was missed."""
        met = {
            "all ready": self.ready < self.interval,
            "CPU": self.core_percent <= CORE_PERCENT,
            "memory": self.memory <= MEMORY_MIB,
            # Looks that are under way at either end of the window count on one side only.
            "Vault requests": abs(self.requests - self.audited) <= SLACK,
            "API writes": self.writes == 0,
            "stale": self.stale <= self.interval,
        }
        return [name for name, is_met in met.items() if not is_met]

    def row(self) -> str:
        """Return it as a line of the table."""
        return ROW.format(
            self.objects,
            f"{self.ready:.0f} s",
            f"{self.core_percent:.1f} %",
            f"{1000 * self.cpu / max(1, self.looks):.1f} ms",
            f"{self.memory:.0f} MiB",
            f"{self.audited / max(1, self.looks):.2f}",
            self.writes,
            f"{self.stale:.0f} s",
            "MISSED: " + ", ".join(self.missed) if self.missed else "ok",
        )


def measure(count: int, interval: str, window: float, scratch: Path) -> Figures:
    """Return the figures for a number of objects; ``window`` is in seconds. Raises Failed and NoGo."""
    home = scratch / f"{count}-objects"
    home.mkdir()
    with running_fleet(count, interval, home) as fleet:
        began = time.time()
        options = (f"--vault-ca-file={fleet.authority}", "--allow-cross-namespace-refs")
        with running_controller(fleet.cluster, home, [fleet.address], *options) as controller:
            return _measure(fleet, controller, count, duration(interval), window, began)


def _measure(
    fleet: Fleet, controller: RunningController, count: int, interval: float, window: float, began: float
) -> Figures:
    ready = _wait(fleet.ready_since, 3 * interval + 60, 2) - began
    requests = fleet.vault.request_log()
    before, writes, cpu, start = _counts(controller), _writes(fleet), _cpu(controller.pid), time.monotonic()
    time.sleep(window)
    cpu, taken = _cpu(controller.pid) - cpu, time.monotonic() - start
    audited, after = len(requests.requests()), _counts(controller)
    changed = _writes(fleet) - writes
    for (resource, verb), number in sorted(changed.items()):
        print(f"  {verb} {resource}: {number}", file=sys.stderr)
    written = fleet.rotate()
    stale = _wait(lambda: fleet.staleness(written), 2 * interval + 60, 5)
    return Figures(
        objects=count,
        interval=interval,
        ready=ready,
        window=taken,
        cpu=cpu,
        looks=round(after["vaultgen_reconcile_total"] - before["vaultgen_reconcile_total"]),
        requests=after["vaultgen_vault_requests_total"] - before["vaultgen_vault_requests_total"],
        audited=audited,
        writes=sum(changed.values()),
        stale=max(stale),
        memory=_peak_memory(controller.pid),
    )


def _wait(found: Callable[[], Result | None], seconds: float, step: float) -> Result:
    """Return what is found, sooner or later; ask seldom, so that asking takes no part of the machine. Raises Failed."""
    give_up = time.monotonic() + seconds
    while (result := found()) is None:
        if time.monotonic() > give_up:
            raise Failed(f"nothing came of it within {seconds:.0f} s")
        time.sleep(step)
    return result


def _counts(controller: RunningController) -> Mapping[str, float]:
    """Return the counters of the controller, without their labels."""
    return _sums(controller.scrape(), lambda name, _: name)


def _writes(fleet: Fleet) -> "Counter[tuple[str, str]]":
    """Return how often the API server was asked for a change of something: by resource and verb.

    Logins are left out, for which tokens are made and reviewed, and what the API server writes about itself.
    """
    sums = _sums(
        str(fleet.cluster.client.request("GET", "/metrics")),
        lambda name, labels: (
            (labels.get("resource", ""), labels.get("verb", "")) if name == "apiserver_request_total" else None
        ),
    )
    own = ("serviceaccounts", "tokenreviews", "subjectaccessreviews", "leases")
    return Counter({key: round(number) for key, number in sums.items() if key[1] not in _READS and key[0] not in own})


def _sums(metrics: str, key_of: Callable[[str, Mapping[str, str]], Key | None]) -> dict[Key, float]:
    """Return the sums of samples with equal keys; those without a key are left out."""
    sums: dict[Key, float] = {}
    for name, labels, number in _SAMPLE.findall(metrics):
        key = key_of(name, dict(_LABEL.findall(labels)))
        if key is not None:
            sums[key] = sums.get(key, 0) + float(number)
    return sums


def _cpu(pid: int) -> float:
    """Return the processor seconds that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak_memory(pid: int) -> float:
    """Return the most memory (MiB, resident) that a process has had."""
    (line,) = [one for one in Path(f"/proc/{pid}/status").read_text().splitlines() if one.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024


def main() -> int:
    """Print the table and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objects", type=int, nargs="+", default=[10, 100, 1000], help="how many VaultArtifacts")
    parser.add_argument("--interval", default="5m", help="their spec.interval")
    parser.add_argument("--window", default="", help="how long nothing changes; one interval unless given")
    given = parser.parse_args()
    window = duration(given.window or given.interval)
    load = f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} (a quiet machine has none)"
    print(f"Python {platform.python_version()}; {load}")
    print(f"interval {given.interval}, {REFERENCES} references an object, measured for {window:.0f} s\n")
    print(ROW.format(*COLUMNS, ""), flush=True)
    missed = 0
    with tempfile.TemporaryDirectory() as scratch:
        for count in given.objects:
            figures = measure(count, given.interval, window, Path(scratch))
            missed += len(figures.missed)
            print(figures.row(), flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except NoGo as why:
        print(f"skipping: {why}")
