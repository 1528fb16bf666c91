"""What the controller counts, in a registry of its own. No label holds a value, a path of Vault or a person's name."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

Result = Literal["success", "failure"]

_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
"""A look at which nothing had changed takes some ten milliseconds, one with a timeout a minute."""


class Metrics:
    """Counts, from any thread."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        """To be told at ``/metrics``; CPU time and memory of the process are in it as well."""
        self._reconciles = Counter(
            "vaultgen_reconcile", "Looks at a VaultArtifact, by result.", ["result"], registry=self.registry
        )
        for result in get_args(Result):
            # A rate needs the zero before the first one.
            self._reconciles.labels(result)
        self._seconds = Histogram(
            "vaultgen_reconcile_duration_seconds",
            "How long a look at a VaultArtifact took.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._failures = Counter(
            "vaultgen_failures", "Faults that kept a VaultArtifact from being ready.", ["code"], registry=self.registry
        )
        self._requests = Counter(
            "vaultgen_vault_requests",
            "Requests sent to Vault, each attempt, by HTTP status or by the code of the fault.",
            ["outcome"],
            registry=self.registry,
        )
        self._objects = _Objects()
        self.registry.register(self._objects)
        ProcessCollector(registry=self.registry)

    def reconciled(self, namespace: str, name: str, seconds: float, result: Result, codes: Sequence[str]) -> None:
        """Count a look at an object, how long it took, and the codes of its faults."""
        self._reconciles.labels(result).inc()
        self._seconds.observe(seconds)
        for code in codes:
            self._failures.labels(code).inc()
        self._objects.change(namespace, name, ready=result == "success", suspended=False)

    def suspended(self, namespace: str, name: str) -> None:
        """Note that an object is not looked at."""
        self._objects.change(namespace, name, suspended=True)

    def artifact(self, namespace: str, name: str, unix_time: float) -> None:
        """Note when the artifact of an object became what it is: its age is the time since."""
        self._objects.change(namespace, name, updated=unix_time)

    def forget(self, namespace: str, name: str) -> None:
        """Tell no more of an object that is gone."""
        self._objects.forget(namespace, name)

    def vault_request(self, line: str) -> None:
        """Count an attempt: the ``log`` of a ``vault.pool.Pool``."""
        self._requests.labels(outcome_of(line)).inc()


def outcome_of(line: str) -> str:
    """Return the HTTP status or the code of the fault that a line of ``vault.pool`` ends with.

    Such a line is ``METHOD PATH: OUTCOME, MILLISECONDS ms, attempt NUMBER``; anything may stand in the path.
    """
    return line.rpartition(": ")[2].partition(", ")[0]


@dataclass(frozen=True)
class _Object:
    ready: bool | None = None
    """None before the first look."""
    suspended: bool = False
    updated: float | None = None
    """Unix time; None where nothing was published yet."""


class _Objects(Collector):
    """One series a kind and object; gauges of the library would keep those of earlier labels."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], _Object] = {}

    def change(self, namespace: str, name: str, **fields: Any) -> None:
        with self._lock:
            known = self._known.get((namespace, name), _Object())
            self._known[namespace, name] = replace(known, **fields)

    def forget(self, namespace: str, name: str) -> None:
        with self._lock:
            self._known.pop((namespace, name), None)

    def collect(self) -> Iterator[Metric]:
        with self._lock:
            objects = sorted(self._known.items())
        info = GaugeMetricFamily(
            "vaultgen_resource_info",
            "1 for each VaultArtifact; ready and suspended as kstatus spells them.",
            labels=["namespace", "name", "ready", "suspended"],
        )
        updated = GaugeMetricFamily(
            "vaultgen_artifact_last_update_timestamp_seconds",
            "When the artifact of a VaultArtifact became what it is, in Unix time.",
            labels=["namespace", "name"],
        )
        for (namespace, name), one in objects:
            ready = "Unknown" if one.ready is None else str(one.ready)
            info.add_metric([namespace, name, ready, str(one.suspended).lower()], 1)
            if one.updated is not None:
                updated.add_metric([namespace, name], one.updated)
        yield info
        yield updated
