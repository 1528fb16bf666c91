"""A tree is written whole or not at all; what it holds is for tests/e2e/builds."""

import os
from pathlib import Path

import pyrage
import pytest

from support.trees import chain
from support.trees import write_tree as write_files
from vaultgen.encrypted_tree import encrypted_tree, write_tree
from vaultgen.errors import Refused


def test_kustomizations_without_an_end_are_refused(tmp_path: Path) -> None:
    recipient = str(pyrage.x25519.Identity.generate().to_public())
    write_files(tmp_path, chain(700))
    with pytest.raises(Refused) as refused:
        encrypted_tree(str(tmp_path / "0"), [recipient], {})
    assert [fault.code for fault in refused.value.faults] == ["too-many-levels"]


@pytest.mark.parametrize("is_there", [False, True])
def test_a_tree_that_cannot_be_written_to_its_end_leaves_what_was_there(is_there: bool, tmp_path: Path) -> None:
    """Here a file stands where a directory has to be."""
    if is_there:
        (tmp_path / "out").mkdir()
    before = os.listdir(tmp_path)
    with pytest.raises(Refused) as refused:
        write_tree({"a": b"", "b/c": b"", "a/d": b""}, str(tmp_path / "out"))
    assert [(fault.code, fault.facts["path"]) for fault in refused.value.faults] == [
        ("file-not-written", str(tmp_path / "out"))
    ]
    assert os.listdir(tmp_path) == before
    assert not is_there or os.listdir(tmp_path / "out") == []


def test_an_interrupt_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(old: str, new: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_tree({"a": b""}, str(tmp_path / "out"))
    assert os.listdir(tmp_path) == []


def test_what_is_written_has_the_modes_of_any_new_file(tmp_path: Path) -> None:
    """Nothing in it is secret, and a job of another user may push it."""
    earlier = os.umask(0o022)
    try:
        write_tree({"a/b": b"c"}, str(tmp_path / "out"))
    finally:
        os.umask(earlier)
    modes = [(tmp_path / "out" / name).stat().st_mode & 0o777 for name in ("", "a", "a/b")]
    assert modes == [0o755, 0o755, 0o644]
