"""Which versions a tree reads, and where two trees differ in them."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from support.trees import write_tree
from vaultgen.kustomize.walk import walk
from vaultgen.lock import Pin, lock_text
from vaultgen.ports import Answer, Miss, Read
from vaultgen.survey import Asked, survey
from vaultgen.versions import PathChange, Version, changed_paths, versions

GENERATOR = """\
apiVersion: vaultgen.dev/v1alpha1
kind: VaultSecretGenerator
metadata: {name: app, annotations: {config.kubernetes.io/function: "exec: {path: vaultgen}"}}
VAULT
secretGenerator:
- name: app
  literals:
  - A=vault:secret/data/app?key=a
  - B=vault:secret/data/app?key=b&version=2
  - C=vault:secret/data/none?key=c&default=x
  - D=vault:kv1/app?key=d&namespace=team-a
"""

LATEST, SECOND = Read("secret/data/app"), Read("secret/data/app", 2)
NONE, OTHER = Read("secret/data/none"), Read("kv1/app", None, "team-a")
HAS: Mapping[Read, Answer | Miss] = {
    LATEST: Answer({}, 5, False, "T5"),
    SECOND: Answer({}, 2, False, "T2"),
    NONE: Miss("no_path"),
    OTHER: Answer({}),
}


def documents(directory: Path, vault: str = "", lock: Mapping[Read, Pin] | None = None) -> list[Asked]:
    files = {"kustomization.yaml": "generators: [a.yaml]\n", "a.yaml": GENERATOR.replace("VAULT", vault)}
    write_tree(directory, files if lock is None else {**files, "vaultgen.lock": lock_text(lock)})
    return survey(walk(str(directory)))


def test_without_a_lock_it_is_what_vault_has(tmp_path: Path) -> None:
    assert versions(documents(tmp_path), lambda one: HAS) == {
        ("", "secret/data/app"): {Version(5, "T5"), Version(2, "T2")},
        ("", "secret/data/none"): {Version(is_absent=True)},
        ("team-a", "kv1/app"): {Version()},
    }


TIME = "2026-05-11T09:12:40.123456789Z"


def test_with_a_lock_it_is_what_that_names_and_vault_is_not_asked(tmp_path: Path) -> None:
    pins = {LATEST: Pin(3, TIME), SECOND: Pin(2, TIME), NONE: Pin(absent=True), OTHER: Pin()}
    found = versions(documents(tmp_path, lock=pins), lambda one: pytest.fail("asked"))
    assert found == {
        ("", "secret/data/app"): {Version(3, TIME, False, True), Version(2, TIME, False, True)},
        ("", "secret/data/none"): {Version(0, "", True, True)},
        ("team-a", "kv1/app"): {Version(0, "", False, True)},
    }


def test_what_a_lock_does_not_name_is_left_out(tmp_path: Path) -> None:
    assert versions(documents(tmp_path, lock={}), lambda one: HAS) == {}


def test_the_namespace_of_the_document_counts(tmp_path: Path) -> None:
    found = versions(documents(tmp_path, "vault: {namespace: /team-b/}"), lambda one: HAS)
    assert ("team-b", "secret/data/app") in found
    assert ("team-a", "kv1/app") in found


def test_paths_that_differ_are_listed_in_order() -> None:
    one, other, pinned = Version(1, "T1"), Version(2, "T2"), Version(1, "T1", False, True)
    before = {("", "b"): frozenset([one]), ("", "same"): frozenset([one]), ("", "gone"): frozenset([one, other])}
    after = {("", "b"): frozenset([pinned]), ("", "same"): frozenset([one]), ("", "a"): frozenset([other])}
    assert changed_paths(before, after) == [
        PathChange("", "a", (), (other,)),
        PathChange("", "b", (one,), (pinned,)),
        PathChange("", "gone", (one, other), ()),
    ]
