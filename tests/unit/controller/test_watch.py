"""What wakes a VaultArtifact, and what does not."""

import copy
import itertools
import tracemalloc
from collections.abc import Iterable
from typing import Any

import pytest

from support.memory_api import MemoryApi
from support.vault_artifact import body
from vaultgen.controller.resource import Name, SourceRef
from vaultgen.controller.sources import Sources
from vaultgen.controller.watch import Watch, settings

NAME = Name("team-a", "my-app")
SOURCE = SourceRef("GitRepository", Name("team-a", "app"))
EXTERNAL = SourceRef("ExternalArtifact", NAME)


class Seen:
    """A watch, and what it did."""

    def __init__(self, shard: str = "") -> None:
        self.woken: list[Name] = []
        self.gone: list[Name] = []
        self.stale = True
        self.watch = Watch(
            Sources(MemoryApi()), self.woken.append, self.gone.append, lambda name, external: self.stale, shard
        )

    def artifact(self, one: Any, kind: str | None = "MODIFIED") -> list[Name]:
        """Tell of a VaultArtifact; return whom that woke."""
        self.woken.clear()
        self.watch.artifact_event(kind, copy.deepcopy(one))
        return self.woken

    def source(self, revision: str, reference: SourceRef = SOURCE, kind: str | None = "MODIFIED") -> list[Name]:
        """Tell of a source; return whom that woke."""
        self.woken.clear()
        self.watch.source_event(reference, kind, source(revision, reference))
        return self.woken


def source(revision: str, reference: SourceRef = SOURCE) -> dict[str, Any]:
    metadata = {"name": reference.name.name, "namespace": reference.name.namespace}
    owner = {"apiVersion": "vaultgen.dev/v1alpha1", "kind": "VaultArtifact", "name": "my-app"}
    spec = {"sourceRef": owner} if reference.kind == "ExternalArtifact" else {}
    return {"metadata": metadata, "spec": spec, "status": {"artifact": {"revision": revision}}}


@pytest.fixture
def seen() -> Seen:
    return Seen()


def test_a_new_object_is_looked_at_at_once(seen: Seen) -> None:
    assert seen.artifact(body(), None) == [NAME]


def test_sources_that_were_named_once_are_not_kept(seen: Seen) -> None:
    """Who names another one with each write would fill the memory of all."""
    one = body()
    tracemalloc.start()
    try:
        for number in range(2000):
            one["metadata"]["generation"] = number
            one["spec"]["sourceRef"]["name"] = f"{'x' * 200}{number}"
            seen.artifact(one)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 200_000


def test_what_the_controller_writes_itself_wakes_nothing(seen: Seen) -> None:
    one = body()
    seen.artifact(one, None)
    one["status"] = {"observedGeneration": 1}
    one["metadata"] |= {"resourceVersion": "8", "finalizers": ["finalizers.vaultgen.dev"]}
    assert seen.artifact(one) == []


@pytest.mark.parametrize(
    "change",
    [
        {"generation": 2},
        {"annotations": {"reconcile.fluxcd.io/requestedAt": "now"}},
        {"deletionTimestamp": "2026-01-02T03:04:05Z"},
        {"uid": "another"},
    ],
)
def test_what_its_owner_asks_for_wakes_it(seen: Seen, change: dict[str, Any]) -> None:
    one = body()
    seen.artifact(one, None)
    one["metadata"] |= change
    assert seen.artifact(one) == [NAME]


def test_an_external_artifact_elsewhere_wakes_nobody_by_naming_its_owner(seen: Seen) -> None:
    seen.artifact(body(), None)
    claim = source("r", SourceRef("ExternalArtifact", Name("team-b", "my-app")))
    claim["spec"]["sourceRef"]["namespace"] = NAME.namespace
    seen.woken.clear()
    seen.watch.source_event(SourceRef("ExternalArtifact", Name("team-b", "my-app")), "ADDED", claim)
    assert seen.woken == []


def test_another_annotation_wakes_nothing(seen: Seen) -> None:
    one = body()
    seen.artifact(one, None)
    one["metadata"]["annotations"] = {"note": "x"}
    assert seen.artifact(one) == []


def test_a_new_revision_of_its_source_wakes_it_and_the_same_one_does_not(seen: Seen) -> None:
    seen.artifact(body(), None)
    assert seen.source("1") == [NAME]
    assert seen.source("1") == []
    assert seen.source("2") == [NAME]
    assert seen.source("2", kind="DELETED") == [NAME]


def test_a_watch_that_begins_anew_lets_what_it_does_not_list_be_asked_for(seen: Seen) -> None:
    times = itertools.count(0.0, 100.0)
    sources = Sources(MemoryApi(), lambda: next(times))
    watch = Watch(sources, seen.woken.append, seen.gone.append, lambda name, external: False)
    other = SourceRef(SOURCE.kind, Name("team-a", "other"))
    watch.source_event(SOURCE, "ADDED", source("1"))
    watch.source_event(other, None, source("1", other))
    assert sources.body(SOURCE) is None


def test_a_source_that_it_does_not_use_any_more_wakes_nothing(seen: Seen) -> None:
    one = body()
    seen.artifact(one, None)
    one["spec"]["sourceRef"]["name"] = "other"
    one["metadata"]["generation"] = 2
    seen.artifact(one)
    assert seen.source("1") == []


def test_its_external_artifact_wakes_it_only_if_it_is_not_as_announced(seen: Seen) -> None:
    seen.artifact(body(), None)
    assert seen.source("1", EXTERNAL) == [NAME]
    seen.stale = False
    assert seen.source("2", EXTERNAL) == []


def test_an_object_that_is_gone_is_forgotten(seen: Seen) -> None:
    seen.artifact(body(), None)
    assert seen.artifact(body(), "DELETED") == []
    assert seen.gone == [NAME]
    assert seen.watch.object(NAME) is None
    assert seen.source("1") == []


def test_objects_with_the_label_of_a_shard_are_left_to_it(seen: Seen) -> None:
    labelled = body(metadata={"labels": {"sharding.fluxcd.io/key": "two"}})
    assert seen.artifact(labelled, None) == []
    assert Seen(shard="two").artifact(labelled, None) == [NAME]
    assert Seen(shard="two").artifact(body(), None) == []


def test_an_object_that_moves_to_another_shard_is_forgotten(seen: Seen) -> None:
    seen.artifact(body(), None)
    seen.artifact(body(metadata={"labels": {"sharding.fluxcd.io/key": "two"}}))
    assert seen.gone == [NAME]


def test_what_was_written_is_known_before_a_watch_tells(seen: Seen) -> None:
    seen.artifact(body(), None)
    seen.woken.clear()
    seen.watch.note(body(status={"observedGeneration": 1}))
    found = seen.watch.object(NAME)
    assert found is not None
    assert found.status == {"observedGeneration": 1}
    assert seen.woken == []


def test_kopf_writes_nothing_of_its_own() -> None:
    chosen = settings(lambda: None)
    assert not chosen.posting.enabled
    assert chosen.peering.standalone


def test_kopf_never_gives_up_and_pauses_shortly_and_says_so_after_each_failure() -> None:
    lost: list[int] = []
    pauses = settings(lambda: lost.append(1)).networking.error_backoffs
    assert isinstance(pauses, Iterable)
    for _ in range(2):
        lost.clear()
        taken = list(itertools.islice(pauses, 100))
        assert max(taken) == taken[-1] == 5
        assert len(lost) == 99
        # One is taken before each request, the one that succeeds as well.
        lost.clear()
        assert next(iter(pauses)) == 1
        assert not lost
