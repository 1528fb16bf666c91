from pathlib import Path

import pytest

from vaultgen.doctor.kustomize import check_kustomize
from vaultgen.doctor.verdict import Verdict

HELP = "--enable-alpha-plugins --enable-exec"


def looked_at(directory: Path, version: str, flags: str = HELP, given: str = "") -> Verdict:
    """Return the verdict on a kustomize that says these things; ``version`` is a shell command."""
    program = directory / "kustomize"
    program.write_text(f'#!/bin/sh\ncase $1 in\nversion) {version} ;;\nbuild) echo "{flags}" ;;\nesac\n')
    program.chmod(0o755)
    return check_kustomize(given, {"PATH": str(directory)})


@pytest.mark.parametrize("version", ["v5.5.0", "v5.8.1", "v6.0.0", "{kustomize/v5.7.0  2025-01-01T00:00:00Z  }"])
def test_from_5_5_on_it_will_do(version: str, tmp_path: Path) -> None:
    verdict = looked_at(tmp_path, f"echo '{version}'")
    assert verdict.outcome == "ok"
    assert f" at {tmp_path}/kustomize" in verdict.seen


@pytest.mark.parametrize("version", ["v5.4.3", "v4.5.7", "v3.10.0"])
def test_an_older_one_fails(version: str, tmp_path: Path) -> None:
    verdict = looked_at(tmp_path, f"echo {version}")
    assert (verdict.outcome, verdict.advice) == ("fail", "install kustomize 5.5 or later, or name one with --kustomize")
    assert verdict.seen == f"{version[1:]} at {tmp_path}/kustomize is too old"


def test_one_without_the_flag_for_exec_functions_fails(tmp_path: Path) -> None:
    """As the one in kubectl."""
    verdict = looked_at(tmp_path, "echo v5.8.1", "--enable-alpha-plugins")
    assert (verdict.outcome, verdict.seen) == ("fail", f"{tmp_path}/kustomize has no --enable-exec")


def test_one_that_does_not_tell_its_version_is_to_be_looked_at(tmp_path: Path) -> None:
    verdict = looked_at(tmp_path, "echo '(devel)'")
    assert (verdict.outcome, verdict.advice) == ("warn", "see that it is 5.5 or later")


@pytest.mark.parametrize("version", ["exit 1", "kill -9 $$"])
def test_one_that_does_not_run_fails(version: str, tmp_path: Path) -> None:
    assert looked_at(tmp_path, version).seen == f"{tmp_path}/kustomize does not run"


def test_without_one_a_build_fails_with_the_same_code(tmp_path: Path) -> None:
    verdict = check_kustomize("", {"PATH": str(tmp_path)})
    assert (verdict.outcome, verdict.code) == ("fail", "no-kustomize")
    assert verdict.advice


def test_the_one_that_was_named_is_looked_at(tmp_path: Path) -> None:
    verdict = looked_at(tmp_path, "echo v5.5.0", given=str(tmp_path / "kustomize"))
    assert verdict.outcome == "ok"
    assert check_kustomize("gone", {"PATH": str(tmp_path)}).code == "no-kustomize"


def test_it_is_not_shown_what_a_version_needs_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "kustomize"
    program.write_text(f'#!/bin/sh\necho "$VAULT_TOKEN" >>{tmp_path}/seen\necho v5.8.1 {HELP}\n')
    program.chmod(0o755)
    assert check_kustomize("", {"PATH": str(tmp_path), "VAULT_TOKEN": "s.canary"}).outcome == "ok"
    assert "canary" not in (tmp_path / "seen").read_text()


def test_a_link_to_kubectl_is_told_as_such(tmp_path: Path) -> None:
    looked_at(tmp_path, "echo v5.8.1")
    (tmp_path / "kustomize").rename(tmp_path / "kubectl")
    (tmp_path / "kustomize").symlink_to("kubectl")
    verdict = check_kustomize("", {"PATH": str(tmp_path)})
    assert (verdict.outcome, verdict.seen) == (
        "fail",
        f"{tmp_path}/kustomize is kubectl, which runs no exec functions",
    )
