"""One row a fault."""

import string

import pytest

from vaultgen.errors.catalogue import CATALOGUE, EXIT_STATUS, Row


def _names(template: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]


@pytest.mark.parametrize(("code", "row"), CATALOGUE.items(), ids=CATALOGUE)
def test_a_row_is_well_made(code: str, row: Row) -> None:
    """No capital at the start, no final period, one line, and plain names in its braces."""
    assert code == code.lower().replace("_", "-")
    assert row.family in EXIT_STATUS
    for text in (row.what, row.hint):
        assert text == text.strip()
        assert "\n" not in text
        assert not text.endswith(".")
        assert all(name.isidentifier() for name in _names(text))
    assert row.hint


def test_each_family_has_an_exit_status_of_its_own() -> None:
    assert len(set(EXIT_STATUS.values())) == len(EXIT_STATUS)
    assert not set(EXIT_STATUS.values()) & {0, 1, 2, 126, 127}
    assert {row.family for row in CATALOGUE.values()} == set(EXIT_STATUS)
