"""A status that the API server takes, whatever Vault and the tree are like."""

import json

import pytest

from support.odd_times import NO_TIMES, TIMES
from support.vault_artifact import body
from vaultgen.controller.conditions import VERSIONS_LIMIT, succeeded
from vaultgen.controller.external_artifact import Publication
from vaultgen.controller.resolve import Resolved, Version
from vaultgen.controller.resource import VaultArtifact

NOW = "2026-01-02T03:04:05Z"
PUBLICATION = Publication("sha256:00", "externalartifact/team-a/my-app/00.tar.gz", "http://a/b", "main@sha1:00", NOW)


def versions(*found: Version) -> list[dict[str, object]]:
    """Return what the status says of versions."""
    status = succeeded(VaultArtifact(body()), PUBLICATION, Resolved([], found), NOW)
    return list(status["versions"])


@pytest.mark.parametrize("text", TIMES)
def test_a_time_is_told_as_vault_tells_it(text: str) -> None:
    assert versions(Version("a", "", 1, text)) == [{"path": "a", "version": 1, "createdTime": text}]


@pytest.mark.parametrize("text", NO_TIMES)
def test_what_is_no_time_is_left_out(text: str) -> None:
    assert versions(Version("a", "", 1, text)) == [{"path": "a", "version": 1}]


def test_no_more_versions_are_told_than_an_object_can_hold() -> None:
    found = [Version(f"{number:05}{'x' * 100}", "n" * 100, 1, NOW) for number in range(10_000)]
    told = versions(*found)
    assert [one["path"] for one in told] == [one.path for one in found[: len(told)]]
    assert VERSIONS_LIMIT * 0.9 < len(json.dumps(told)) < VERSIONS_LIMIT * 1.1
