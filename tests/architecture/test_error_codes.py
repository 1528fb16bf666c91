"""No code of the catalogue is without a test that fires it, and shows what a user then reads."""

import re
from pathlib import Path

import pytest

from vaultgen.errors.catalogue import CATALOGUE

TESTS = Path(__file__).parents[1]


def fired() -> set[str]:
    """Return the codes whose report is compared with: in a case, or in a test's own text."""
    files = [*TESTS.glob("e2e/cases/*/refusal.txt"), *TESTS.glob("*/**/test_*.py")]
    return {code for file in files for code in re.findall(r"error\[([a-z0-9-]+)\]", file.read_text())}


@pytest.mark.parametrize("code", CATALOGUE)
def test_each_code_is_fired(code: str) -> None:
    """Add a folder to tests/e2e/cases, and let pytest --renew-goldens write its refusal.txt."""
    assert code in fired()


def test_no_test_waits_for_a_code_that_is_gone() -> None:
    assert fired() <= set(CATALOGUE)
