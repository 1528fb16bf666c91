from typing import Any

import pytest

from support.memory_api import MemoryApi
from vaultgen.controller.resource import Name, SourceRef
from vaultgen.controller.sources import LIST_SECONDS, TRUSTED_SECONDS, Sources, owner_of, path_of

APP = SourceRef("GitRepository", Name("team-a", "app"))
SEEN: dict[str, Any] = {"metadata": {"name": "app", "namespace": "team-a"}, "status": {"artifact": {"revision": "1"}}}


class Clock:
    time = 0.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def api() -> MemoryApi:
    return MemoryApi()


def test_what_a_watch_told_is_not_asked_for(api: MemoryApi) -> None:
    sources = Sources(api)
    sources.note(APP, SEEN)
    found = sources.body(APP)
    assert found is not None
    assert found["status"]["artifact"] == {"revision": "1"}
    assert api.requests == []


def test_what_no_watch_told_of_yet_is_asked_for_once(api: MemoryApi) -> None:
    api.put(path_of(APP), SEEN)
    sources = Sources(api)
    for _ in range(2):
        assert sources.body(APP)
    assert api.requests == [("GET", "/apis/source.toolkit.fluxcd.io/v1/namespaces/team-a/gitrepositories/app")]


def test_what_a_watch_told_long_ago_is_asked_for_again(api: MemoryApi) -> None:
    clock = Clock()
    sources = Sources(api, clock)
    sources.note(APP, SEEN)
    clock.time = TRUSTED_SECONDS
    assert sources.body(APP) is None
    assert len(api.requests) == 1


def test_what_was_told_before_a_watch_broke_is_asked_for_once_more(api: MemoryApi) -> None:
    clock = Clock()
    sources = Sources(api, clock)
    api.put(path_of(APP), SEEN)
    sources.note(APP, SEEN)
    sources.doubt()
    clock.time = 1.0
    for _ in range(2):
        assert sources.body(APP)
    assert len(api.requests) == 1


def test_what_is_missing_in_a_list_is_asked_for(api: MemoryApi) -> None:
    """An API server that restarts at once is missed by no watch; each begins anew, and is not told of what went."""
    clock = Clock()
    sources = Sources(api, clock)
    other = SourceRef("GitRepository", Name("team-a", "other"))
    of_another_kind = SourceRef("Bucket", Name("team-a", "app"))
    for reference in (APP, other, of_another_kind):
        sources.note(reference, SEEN)
    clock.time = 2 * LIST_SECONDS
    sources.listed("GitRepository")
    sources.note(other, SEEN)
    assert sources.body(other)
    assert sources.body(of_another_kind)
    assert api.requests == []
    assert sources.body(APP) is None
    assert api.requests == [("GET", path_of(APP))]


def test_only_another_artifact_counts_as_a_change(api: MemoryApi) -> None:
    sources = Sources(api)
    assert sources.note(APP, SEEN)
    assert not sources.note(APP, {**SEEN, "metadata": {**SEEN["metadata"], "resourceVersion": "2"}})
    assert sources.note(APP, {**SEEN, "status": {"artifact": {"revision": "2"}}})
    assert sources.note(APP, None)


@pytest.mark.parametrize(
    ("reference", "owner"),
    [
        ({"apiVersion": "vaultgen.dev/v1alpha1", "kind": "VaultArtifact", "name": "a"}, Name("team-a", "a")),
        (
            {"apiVersion": "vaultgen.dev/v1alpha1", "kind": "VaultArtifact", "name": "a", "namespace": "b"},
            Name("b", "a"),
        ),
        ({"apiVersion": "other.example.com/v1", "kind": "VaultArtifact", "name": "a"}, None),
        ({"apiVersion": "vaultgen.dev/v1alpha1", "kind": "Other", "name": "a"}, None),
        (None, None),
    ],
)
def test_whose_an_external_artifact_is(reference: dict[str, str] | None, owner: Name | None) -> None:
    assert owner_of({"metadata": {"namespace": "team-a"}, "spec": {"sourceRef": reference}}) == owner
