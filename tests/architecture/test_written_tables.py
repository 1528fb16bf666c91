"""Pages whose tables are written from the source say what it says."""

import pytest

from support.doc_scripts import DOCS, doc_script


@pytest.mark.parametrize(("script", "page"), [("from_catalogue", "errors.md"), ("from_rules", "lint.md")])
def test_the_tables_are_those_of_the_source(script: str, page: str) -> None:
    """Run ``python docs/SCRIPT.py`` after a change of the catalogue, or of a rule."""
    text = (DOCS / page).read_text()
    assert doc_script(script).with_tables(text) == text
