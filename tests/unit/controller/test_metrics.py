from collections.abc import Callable

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from support.scripted_server import Reply, http, running_script
from vaultgen.controller.metrics import Metrics, outcome_of
from vaultgen.vault.address import parse_address
from vaultgen.vault.message import Request
from vaultgen.vault.pool import Pool
from vaultgen.vault.settings import Settings


def samples(metrics: Metrics, prefix: str = "vaultgen_") -> dict[str, float]:
    """Return what is told at ``/metrics`` by ``name label=value …``, labels sorted; times of creation left out."""
    families = text_string_to_metric_families(generate_latest(metrics.registry).decode())
    return {
        " ".join([one.name, *(f"{name}={value}" for name, value in sorted(one.labels.items()))]): one.value
        for family in families
        for one in family.samples
        if one.name.startswith(prefix) and not one.name.endswith("_created")
    }


def test_a_fresh_controller_tells_zeros_and_of_no_object() -> None:
    told = samples(Metrics())
    assert {name: number for name, number in told.items() if "_bucket" not in name} == {
        "vaultgen_reconcile_total result=success": 0,
        "vaultgen_reconcile_total result=failure": 0,
        "vaultgen_reconcile_duration_seconds_count": 0,
        "vaultgen_reconcile_duration_seconds_sum": 0,
    }
    assert not any("namespace" in name for name in told)


def test_looks_are_counted_with_their_faults_and_their_time() -> None:
    metrics = Metrics()
    metrics.reconciled("apps", "web", 0.02, "success", [])
    metrics.reconciled("apps", "web", 2.0, "failure", ["path-missing", "path-missing", "sealed"])
    told = samples(metrics)
    assert told["vaultgen_reconcile_total result=success"] == 1
    assert told["vaultgen_reconcile_total result=failure"] == 1
    assert told["vaultgen_failures_total code=path-missing"] == 2
    assert told["vaultgen_failures_total code=sealed"] == 1
    assert told["vaultgen_reconcile_duration_seconds_sum"] == 2.02
    assert told["vaultgen_reconcile_duration_seconds_bucket le=0.05"] == 1
    assert told["vaultgen_reconcile_duration_seconds_bucket le=2.5"] == 2


@pytest.mark.parametrize(
    ("change", "labels"),
    [
        (lambda metrics: metrics.artifact("apps", "web", 5), "ready=Unknown suspended=false"),
        (lambda metrics: metrics.reconciled("apps", "web", 1, "success", []), "ready=True suspended=false"),
        (lambda metrics: metrics.reconciled("apps", "web", 1, "failure", []), "ready=False suspended=false"),
        (lambda metrics: metrics.suspended("apps", "web"), "ready=True suspended=true"),
    ],
)
def test_an_object_has_one_state_at_a_time(change: Callable[[Metrics], None], labels: str) -> None:
    metrics = Metrics()
    if "Unknown" not in labels:
        metrics.reconciled("apps", "web", 1, "success", [])
    change(metrics)
    assert samples(metrics, "vaultgen_resource_info") == {f"vaultgen_resource_info name=web namespace=apps {labels}": 1}


def test_the_time_of_an_artifact_is_told() -> None:
    metrics = Metrics()
    metrics.artifact("apps", "web", 5)
    metrics.artifact("apps", "web", 1767225600.5)
    told = samples(metrics, "vaultgen_artifact")
    assert told == {"vaultgen_artifact_last_update_timestamp_seconds name=web namespace=apps": 1767225600.5}


def test_of_an_object_that_is_gone_nothing_is_told() -> None:
    metrics = Metrics()
    for name in ("web", "db"):
        metrics.reconciled("apps", name, 1, "success", [])
        metrics.artifact("apps", name, 1)
    metrics.forget("apps", "web")
    metrics.forget("apps", "never there")
    assert [name for name in samples(metrics) if "name=web" in name] == []
    assert len([name for name in samples(metrics) if "name=db" in name]) == 2


def test_the_process_is_in_it() -> None:
    assert samples(Metrics(), "process_")["process_resident_memory_bytes"] > 1 << 20


# --- requests to Vault ---


class NoFiles:
    def read(self, path: str, /) -> bytes:
        raise AssertionError("no file is needed")


def test_what_the_pool_tells_of_its_requests_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each attempt, by status; and by fault, where none came."""
    monkeypatch.setattr("vaultgen.vault.retry.FIRST_PAUSE", 0.001)
    metrics = Metrics()
    replies = [http(503), http(200, "{}"), http(404, "{}"), b"no HTTP"]
    with running_script(lambda asked: Reply(replies.pop(0))) as server:
        pool = Pool(Settings(parse_address(server.address), attempts=2), NoFiles(), metrics.vault_request)
        for path in ("secret/data/a: 500, 1.0 ms, attempt 7", "b", "c"):
            pool.send([Request("GET", path)])
        pool.close()
    assert samples(metrics, "vaultgen_vault") == {
        "vaultgen_vault_requests_total outcome=200": 1,
        "vaultgen_vault_requests_total outcome=404": 1,
        "vaultgen_vault_requests_total outcome=503": 1,
        "vaultgen_vault_requests_total outcome=answer-not-http": 1,
    }


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        ("GET secret/data/app: 200, 1.2 ms, attempt 1", "200"),
        ("GET a: b, c: d?version=3 in namespace team: 1: 403, 1.2 ms, attempt 2", "403"),
        ("POST auth/ldap/login/…: connection-refused, 0.1 ms, attempt 3", "connection-refused"),
    ],
)
def test_whatever_stands_in_the_path_the_outcome_is_found(line: str, outcome: str) -> None:
    assert outcome_of(line) == outcome
