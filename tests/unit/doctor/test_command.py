import sys
from pathlib import Path

import pytest

from vaultgen import __version__
from vaultgen.doctor.command import check_command
from vaultgen.doctor.verdict import Verdict


def looked_at(directory: Path, script: str) -> Verdict:
    """Return the verdict where PATH leads to this vaultgen."""
    program = directory / "vaultgen"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return check_command({"PATH": str(directory)})


def test_this_one_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By whatever links PATH leads to it; it is not run for that."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "bin")
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "link/vaultgen"), "doctor"])
    verdict = looked_at(tmp_path / "bin", f"touch {tmp_path}/was-run")
    assert (verdict.outcome, verdict.seen) == ("ok", f"{__version__} at {tmp_path}/bin/vaultgen, the one on PATH")
    assert not (tmp_path / "was-run").exists()


def test_another_one_of_the_same_version_will_do(tmp_path: Path) -> None:
    assert looked_at(tmp_path, f"echo vaultgen {__version__}").outcome == "ok"


def test_another_version_is_to_be_looked_at(tmp_path: Path) -> None:
    verdict = looked_at(tmp_path, "echo vaultgen 0.0.9")
    assert verdict.outcome == "warn"
    assert verdict.seen == f"kustomize runs {tmp_path}/vaultgen, version 0.0.9, and this is {__version__}"
    assert verdict.advice.startswith("remove it, or put ")


@pytest.mark.parametrize("script", ["exit 1", "echo something else", "echo vaultgen 1.0; exit 3"])
def test_one_that_does_not_run_fails(script: str, tmp_path: Path) -> None:
    verdict = looked_at(tmp_path, script)
    assert (verdict.outcome, verdict.seen) == ("fail", f"{tmp_path}/vaultgen, the one on PATH, does not run")


def test_without_one_on_path_kustomize_finds_none(tmp_path: Path) -> None:
    verdict = check_command({"PATH": str(tmp_path)})
    assert verdict.outcome == "fail"
    assert verdict.advice.startswith("put /")
