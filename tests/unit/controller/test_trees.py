import threading

import pytest

from vaultgen.controller.sources import SourceArtifact
from vaultgen.controller.trees import Trees
from vaultgen.errors import Refused
from vaultgen.errors.report import report
from vaultgen.publish.archive import pack

FILES = {"app/kustomization.yaml": b"x", "docs/a.md": b"1", "app/b.md": b"2"}


def artifact(digest: str = "sha256:1") -> SourceArtifact:
    return SourceArtifact("http://example.com/x", "main", digest)


class Fetch:
    """Gives an archive, and counts."""

    def __init__(self, size: int = 0) -> None:
        self.count = 0
        self._size = size

    def __call__(self, wanted: SourceArtifact, seconds: float) -> bytes:
        self.count += 1
        return pack({**FILES, "large": bytes(self._size)})


def test_a_digest_is_fetched_and_parsed_once_for_all() -> None:
    fetch = Fetch()
    trees = Trees(fetch)
    assert trees.tree(artifact(), "", 1) is trees.tree(artifact(), "", 1)
    assert trees.tree(artifact(), "/docs", 1) is trees.tree(artifact(), "/docs", 1)
    assert fetch.count == 1


def test_many_at_once_wait_for_one_fetch() -> None:
    fetch = Fetch()
    trees = Trees(fetch)
    threads = [threading.Thread(target=trees.tree, args=(artifact(), "", 1)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert fetch.count == 1


@pytest.mark.parametrize(
    ("ignore", "left"),
    [
        ("/docs", ["app/b.md", "app/kustomization.yaml"]),
        ("*.md", ["app/kustomization.yaml"]),
        ("*.md\n!app/b.md", ["app/b.md", "app/kustomization.yaml"]),
        ("# nothing", ["app/b.md", "app/kustomization.yaml", "docs/a.md"]),
    ],
)
def test_ignore_is_the_syntax_of_gitignore(ignore: str, left: list[str]) -> None:
    files = Trees(Fetch()).tree(artifact(), ignore, 1).files
    assert sorted(set(files) - {"large"}) == left


def test_a_pattern_that_is_not_valid_is_said() -> None:
    with pytest.raises(Refused) as refused:
        Trees(Fetch()).tree(artifact(), "!", 1)
    assert "spec.ignore" in report(refused.value.faults)


def test_trees_that_were_not_asked_for_longest_go_first() -> None:
    fetch = Fetch(size=600)
    trees = Trees(fetch, bytes_kept=1000)
    for digest in ("sha256:1", "sha256:2", "sha256:2"):
        trees.tree(artifact(digest), "", 1)
    assert fetch.count == 2
    trees.tree(artifact("sha256:1"), "", 1)
    assert fetch.count == 3


def test_a_fetch_that_failed_is_tried_again() -> None:
    failures = [True]

    def fetch(wanted: SourceArtifact, seconds: float) -> bytes:
        return b"no archive" if failures.pop() else pack(FILES)

    trees = Trees(fetch)
    with pytest.raises(Refused):
        trees.tree(artifact(), "", 1)
    failures.append(False)
    assert trees.tree(artifact(), "", 1).files == FILES
