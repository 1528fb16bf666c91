import threading
from typing import NoReturn

import pytest

from vaultgen.controller import trees as module
from vaultgen.controller.sources import SourceArtifact
from vaultgen.controller.trees import Trees
from vaultgen.errors import Refused, refuse
from vaultgen.errors.report import report
from vaultgen.publish.archive import pack
from vaultgen.publish.survey import Survey, survey
from vaultgen.publish.tree import Tree

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
    assert trees.tree(artifact(), "", 60) is trees.tree(artifact(), "", 60)
    assert trees.tree(artifact(), "/docs", 60) is trees.tree(artifact(), "/docs", 60)
    assert fetch.count == 1


def test_many_at_once_wait_for_one_fetch() -> None:
    fetch = Fetch()
    trees = Trees(fetch)
    threads = [threading.Thread(target=trees.tree, args=(artifact(), "", 60)) for _ in range(8)]
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
    files = Trees(Fetch()).tree(artifact(), ignore, 60).files
    assert sorted(set(files) - {"large"}) == left


def test_a_pattern_that_is_not_valid_is_said() -> None:
    with pytest.raises(Refused) as refused:
        Trees(Fetch()).tree(artifact(), "!", 60)
    assert "spec.ignore" in report(refused.value.faults)


def test_trees_that_were_not_asked_for_longest_go_first() -> None:
    fetch = Fetch(size=6000)
    trees = Trees(fetch, bytes_kept=15_000)
    for digest in ("sha256:1", "sha256:2", "sha256:2"):
        trees.tree(artifact(digest), "", 60)
    assert fetch.count == 2
    trees.tree(artifact("sha256:1"), "", 60)
    assert fetch.count == 3


def test_who_knows_a_digest_alone_gets_no_tree() -> None:
    """It stands in the revision of what is published, and so in many a chat."""
    fetch = Fetch()
    trees = Trees(fetch)
    trees.tree(artifact(), "", 60)
    trees.tree(SourceArtifact("http://example.com/mine", "main", "sha256:1"), "", 60)
    assert fetch.count == 2


def test_what_is_found_in_a_tree_is_kept_with_it_and_no_longer() -> None:
    fetch = Fetch(size=6000)
    trees = Trees(fetch, bytes_kept=10_000)
    made: list[str] = []

    def look(digest: str, who: str, state: int) -> None:
        def make(tree: Tree) -> Survey:
            made.append(f"{digest} {who} {state}")
            return survey(tree, "docs", None)

        trees.survey(artifact(digest), "", 60, (who, state), make)

    look("1", "a", 1)
    look("1", "b", 1)
    look("1", "a", 1)
    look("1", "a", 2)
    assert made == ["1 a 1", "1 b 1", "1 a 2"]
    look("2", "a", 2)
    look("1", "b", 1)
    assert made[3:] == ["2 a 2", "1 b 1"]
    assert fetch.count == 3


def test_what_is_found_counts_as_well() -> None:
    """A short text can be a plan for thousands of Secrets."""
    head = b"apiVersion: vaultgen.dev/v1alpha1\nkind: VaultSecretGenerator\nmetadata: {name: x}\nsecretGenerator:\n"
    generator = head + b"".join(b"- {name: s%d}\n" % number for number in range(100))
    files = {"kustomization.yaml": b"generators: [g.yaml]\n", "g.yaml": generator}
    fetched: list[str] = []

    def fetch(wanted: SourceArtifact, seconds: float) -> bytes:
        fetched.append(wanted.digest)
        return pack(files)

    trees = Trees(fetch, bytes_kept=150_000)
    for digest in ("1", "2", "1"):
        trees.survey(artifact(digest), "", 60, ("a", digest), lambda tree: survey(tree, ".", None))
    assert fetched == ["1", "2", "1"]


def test_of_who_asks_anew_only_the_last_answer_counts() -> None:
    trees, kept = Trees(Fetch(), bytes_kept=20_000), artifact("1")
    for state in range(1000):
        trees.survey(kept, "", 60, ("a", state), lambda tree: survey(tree, "docs", None))
    trees.tree(artifact("2"), "", 60)
    assert trees.survey(kept, "", 60, ("a", 999), unasked)


def test_each_of_many_that_share_a_tree_is_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the last of thousands would wait for the sizes of all."""
    measured: list[object] = []

    def measure(found: object) -> int:
        measured.append(found)
        return 1

    monkeypatch.setattr(module, "_size_of", measure)
    trees = Trees(Fetch())
    for who in range(100):
        trees.survey(artifact(), "", 60, (who, 1), lambda tree: survey(tree, "docs", None))
    assert len(measured) == 100


def unasked(tree: Tree) -> NoReturn:
    raise AssertionError("it is kept")


def test_what_was_refused_is_not_looked_at_again_until_it_changes() -> None:
    """To find that out may have taken half a minute of a processor, and a tenant can ask each second."""
    fetch, made = Fetch(), list[int]()
    trees = Trees(fetch)

    def look(state: int) -> list[str]:
        def make(tree: Tree) -> Survey:
            made.append(state)
            return survey(tree, "elsewhere", None)

        with pytest.raises(Refused) as refused:
            trees.survey(artifact(), "", 60, ("a", state), make)
        return [fault.code for fault in refused.value.faults]

    assert look(1) == look(1) == look(2) == ["no-such-directory"]
    assert made == [1, 2]


def test_an_archive_that_was_refused_is_not_fetched_again() -> None:
    fetched: list[str] = []

    def fetch(wanted: SourceArtifact, seconds: float) -> bytes:
        fetched.append(wanted.digest)
        return b"no archive"

    trees = Trees(fetch)
    for digest in ("1", "1", "2"):
        with pytest.raises(Refused) as refused:
            trees.tree(artifact(digest), "/docs", 60)
        assert refused.value.faults[0].code == "bad-archive"
    assert fetched == ["1", "2"]


def test_patterns_that_take_too_long_are_said() -> None:
    trees = Trees(Fetch())
    trees.tree(artifact(), "", 60)
    with pytest.raises(Refused) as refused:
        trees.tree(artifact(), "*.md", 0)
    assert "too long" in report(refused.value.faults)


def test_a_fetch_that_failed_is_tried_again() -> None:
    failures = [True]

    def fetch(wanted: SourceArtifact, seconds: float) -> bytes:
        if failures.pop():
            raise refuse("source-not-fetched", revision="main", why="no answer came")
        return pack(FILES)

    trees = Trees(fetch)
    with pytest.raises(Refused):
        trees.tree(artifact(), "", 60)
    failures.append(False)
    assert trees.tree(artifact(), "", 60).files == FILES
