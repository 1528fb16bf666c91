from pathlib import Path

import pytest

from vaultgen.doctor.token_file import check_token_file


@pytest.mark.parametrize(
    ("mode", "outcome"), [(0o600, "ok"), (0o400, "ok"), (0o640, "warn"), (0o604, "warn"), (0o644, "warn")]
)
def test_nobody_else_may_use_the_token(mode: int, outcome: str, tmp_path: Path) -> None:
    path = tmp_path / ".vault-token"
    path.write_text("s.canary")
    path.chmod(mode)
    verdict = check_token_file({"HOME": str(tmp_path)})
    assert verdict.outcome == outcome
    assert verdict.advice == ("chmod 600 ~/.vault-token" if outcome == "warn" else "")
    assert "canary" not in verdict.seen


def test_there_need_be_none(tmp_path: Path) -> None:
    assert check_token_file({"HOME": str(tmp_path)}).outcome == "skip"
    assert check_token_file({}).outcome == "skip"


def test_a_directory_is_no_token(tmp_path: Path) -> None:
    (tmp_path / ".vault-token").mkdir()
    assert check_token_file({"HOME": str(tmp_path)}).outcome == "warn"
