import sys
from pathlib import Path

import pytest

from vaultgen.cli.install import write_plugins
from vaultgen.doctor.plugin import check_plugin
from vaultgen.kustomize.plugin_home import DOCUMENTS


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A HOME with the plugin installed."""
    write_plugins(tmp_path / ".config/kustomize/plugin")
    return tmp_path


def plugin(home: Path) -> Path:
    return home / ".config/kustomize/plugin" / DOCUMENTS[0]


@pytest.mark.parametrize("needed", [False, True])
def test_what_install_wrote_will_do(home: Path, needed: bool) -> None:
    verdict = check_plugin({"HOME": str(home)}, needed)
    assert (verdict.outcome, verdict.seen) == ("ok", f"installed in {home}/.config/kustomize/plugin")


def test_without_a_document_that_needs_it_there_need_be_none(tmp_path: Path) -> None:
    assert check_plugin({"HOME": str(tmp_path)}, needed=False).outcome == "skip"


def test_a_document_without_annotation_needs_it(tmp_path: Path) -> None:
    verdict = check_plugin({"HOME": str(tmp_path)}, needed=True)
    assert (verdict.outcome, verdict.advice) == ("fail", "run `vaultgen install`, or add the annotation")
    assert check_plugin({}, needed=True).advice == "set HOME"


def test_a_place_that_kustomize_prefers_hides_it(home: Path) -> None:
    """It looks at the first that exists, and at no other."""
    (home / "own").mkdir()
    verdict = check_plugin({"HOME": str(home), "KUSTOMIZE_PLUGIN_HOME": str(home / "own")}, needed=True)
    assert verdict.outcome == "fail"
    assert verdict.seen.startswith(f"not in {home}/own")


def test_somebody_elses_plugin_is_to_be_looked_at(home: Path) -> None:
    plugin(home).write_text("#!/bin/sh\nexec other\n")
    verdict = check_plugin({"HOME": str(home)}, needed=True)
    assert (verdict.outcome, verdict.seen) == ("warn", f"{plugin(home)} was not written by vaultgen")


@pytest.mark.parametrize(("needed", "outcome"), [(True, "fail"), (False, "warn")])
def test_one_that_cannot_run_fails_where_it_is_needed(home: Path, needed: bool, outcome: str) -> None:
    plugin(home).chmod(0o644)
    assert check_plugin({"HOME": str(home)}, needed).outcome == outcome


def python_of_plugin(home: Path, python: Path) -> None:
    text = plugin(home).read_text()
    plugin(home).write_text(
        "".join(f"python={python}\n" if line.startswith("python=") else line for line in text.splitlines(True))
    )


def test_one_whose_python_has_gone_fails(home: Path) -> None:
    python_of_plugin(home, home / "gone")
    verdict = check_plugin({"HOME": str(home)}, needed=True)
    assert (verdict.outcome, verdict.seen) == ("fail", f"{plugin(home)} runs {home}/gone, which has gone")


def test_one_of_another_installation_is_to_be_looked_at(home: Path) -> None:
    (home / "python").symlink_to(sys.executable)
    python_of_plugin(home, home / "python")
    assert check_plugin({"HOME": str(home)}, needed=True).outcome == "warn"


def test_half_of_it_is_to_be_looked_at(home: Path) -> None:
    plugin(home).unlink()
    assert check_plugin({"HOME": str(home)}, needed=False).outcome == "warn"
