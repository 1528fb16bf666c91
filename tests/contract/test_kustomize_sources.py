"""What kustomize itself does with sources: where vaultgen does the same, and where on purpose it does not."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.kustomize import Built, kustomize_build

HEAD = {
    "apiVersion": "vaultgen.dev/v1alpha1",
    "kind": "VaultSecretGenerator",
    "metadata": {"name": "x", "annotations": {"config.kubernetes.io/function": "exec: {path: vaultgen}"}},
}


def _builtin(root: Path, entry: dict[str, Any]) -> Built:
    (root / "kustomization.yaml").write_text(json.dumps({"secretGenerator": [{"name": "a", **entry}]}))
    return kustomize_build(root)


def _vaultgen(root: Path, entry: dict[str, Any]) -> Built:
    (root / "gen.yaml").write_text(json.dumps({**HEAD, "secretGenerator": [{"name": "a", **entry}]}))
    (root / "kustomization.yaml").write_text(json.dumps({"generators": ["gen.yaml"]}))
    return kustomize_build(root)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with files and links in it, and something beside it."""
    made = tmp_path / "root"
    (made / "sub" / "deep").mkdir(parents=True)
    (made / "f").write_bytes(b"in root")
    (made / "sub" / "f").write_bytes(b"in sub")
    (tmp_path / "outside").write_bytes(b"outside")
    (made / "file-link").symlink_to("sub/f")
    (made / "dir-link").symlink_to("sub/deep")
    (made / "out-link").symlink_to("../outside")
    (made / "out-dir-link").symlink_to("..")
    (made / "loop").symlink_to("loop")
    (made / "empty.env").write_bytes(b"")
    return made


PATHS = [
    "f", "./f", "sub/../f", "../root/f", "../root/sub/f", "no/../f", "file-link", "dir-link/../f",
    "dir-link/../sub/f", "sub//f", "sub/./f", "out-link", "out-dir-link/outside", "../outside", "sub/../../outside",
    "loop", "no", "sub", ".", "..", "", "f/", "f/x", "f/../f", "out-dir-link/../f", "out-dir-link/root/f",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_a_path_is_read_or_refused_as_by_kustomize(root: Path, path: str) -> None:
    entry = {"files": [f"k={path}"]}
    theirs, ours = _builtin(root, entry), _vaultgen(root, entry)
    assert (ours.status == 0) is (theirs.status == 0)
    assert ours.stdout == theirs.stdout


@pytest.mark.parametrize("below", [True, False])
def test_an_absolute_path_is_read_or_refused_as_by_kustomize(root: Path, below: bool) -> None:
    entry = {"files": [f"k={root / 'f' if below else root.parent / 'outside'}"]}
    theirs, ours = _builtin(root, entry), _vaultgen(root, entry)
    assert (theirs.status == 0) is (ours.status == 0) is below
    assert ours.stdout == theirs.stdout


@pytest.mark.parametrize(
    "entry",
    [
        {"literals": ["a"]},
        {"literals": [""]},
        {"literals": ["=a"]},
        {"literals": ["a=1", "a=1"]},
        {"files": ["k=f", "k=sub/f"]},
        {"files": ["=f"]},
        {"files": ["k="]},
        {"files": ["k=f=x"]},
        {"files": ["f", "sub/f"]},
        {"literals": ["f=1"], "files": ["f"]},
        {"envs": ["no.env"]},
        {"envs": ["sub"]},
        {"name": ""},
    ],
)
def test_what_the_builtin_refuses_is_refused(root: Path, entry: dict[str, Any]) -> None:
    assert _builtin(root, entry).status != 0
    ours = _vaultgen(root, entry)
    assert (ours.status, ours.stdout) == (1, b"")
    assert ours.stderr.startswith(b"error[")


@pytest.mark.parametrize(
    "content",
    [b"a=1\na=2\n", b"a=\xff\n", b"\xff=a\n", b"a=1\n\xed\xa0\x80\n"],
)
def test_a_dotenv_file_that_the_builtin_refuses_is_refused(root: Path, content: bytes) -> None:
    (root / "x.env").write_bytes(content)
    assert _builtin(root, {"envs": ["x.env"]}).status != 0
    assert _vaultgen(root, {"envs": ["x.env"]}).status != 0


@pytest.mark.parametrize(
    "entry",
    [
        {"envs": ["empty.env"]},
        {"env": "empty.env"},
        {"envs": [], "literals": [], "files": []},
        {"envs": None, "literals": None, "files": None, "options": None, "type": None, "behavior": None},
        {"env": "", "namespace": "", "type": ""},
        {"literals": ["a="]},
        {"files": ["sub/f"], "literals": ["a='"]},
    ],
)
def test_little_or_nothing_is_the_same(root: Path, entry: dict[str, Any]) -> None:
    theirs, ours = _builtin(root, entry), _vaultgen(root, entry)
    assert (ours.status, ours.stderr, ours.stdout) == (theirs.status, theirs.stderr, theirs.stdout)
    assert theirs.status == 0


# --- where vaultgen does something else ---


def test_a_long_dotenv_line_loses_nothing(root: Path) -> None:
    """From a line of 64 KiB on kustomize leaves out the rest of the file, and succeeds."""
    (root / "x.env").write_bytes(b"A=1\nB=" + b"x" * 65_534 + b"\nC=3\n")
    (theirs,) = _builtin(root, {"envs": ["x.env"]}).secrets().values()
    (ours,) = _vaultgen(root, {"envs": ["x.env"]}).secrets().values()
    assert list(theirs) == ["A"]
    assert {key: len(value) for key, value in ours.items()} == {"A": 1, "B": 65_534, "C": 1}
    (root / "x.env").write_bytes(b"A=1\nB=" + b"x" * 65_533 + b"\nC=3\n")
    assert _builtin(root, {"envs": ["x.env"]}).stdout == _vaultgen(root, {"envs": ["x.env"]}).stdout


@pytest.mark.parametrize("key", ["a b", "a/b", "é", "..", "x" * 254])
def test_a_key_that_the_api_server_refuses_passes_kustomize_and_not_vaultgen(root: Path, key: str) -> None:
    assert _builtin(root, {"literals": [f"{key}=1"]}).status == 0
    assert b"error[invalid-data-key]" in _vaultgen(root, {"literals": [f"{key}=1"]}).stderr


@pytest.mark.parametrize("key", ["9", "1.5", "1e5", "0x1f", "null", "true", "2001-01-01"])
def test_a_key_that_looks_like_another_type_is_a_text(root: Path, key: str) -> None:
    """The builtin fails for it, and its message holds the data."""
    assert _builtin(root, {"literals": [f"{key}=1"]}).status != 0
    assert _vaultgen(root, {"literals": [f"{key}=1"]}).secrets() != {}


def test_an_entry_may_not_be_laid_over_another_of_the_same_document(root: Path) -> None:
    """The builtin merges the second into the first; the output of one function may hold an object once."""
    entries = [{"name": "a", "literals": ["x=1"]}, {"name": "a", "behavior": "merge", "literals": ["y=2"]}]
    (root / "kustomization.yaml").write_text(json.dumps({"secretGenerator": entries}))
    assert kustomize_build(root).status == 0
    (root / "gen.yaml").write_text(json.dumps({**HEAD, "secretGenerator": entries}))
    (root / "kustomization.yaml").write_text(json.dumps({"generators": ["gen.yaml"]}))
    assert b"error[same-secret-twice]" in kustomize_build(root).stderr


def _fifo(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize("make", [_fifo, lambda path: path.symlink_to("/dev/zero")])
def test_nothing_is_waited_for(root: Path, make: Callable[[Path], None]) -> None:
    """kustomize would read a FIFO for ever."""
    make(root / "odd")
    assert _vaultgen(root, {"files": ["k=odd"]}).status == 1
