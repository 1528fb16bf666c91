"""docs/errors.md says what the catalogue says."""

import importlib.util
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_every_code_has_its_row_on_the_page() -> None:
    """Run ``python docs/from_catalogue.py`` after a change of the catalogue."""
    specification = importlib.util.spec_from_file_location("from_catalogue", DOCS / "from_catalogue.py")
    assert specification
    assert specification.loader
    script = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(script)
    page = (DOCS / "errors.md").read_text()
    assert script.with_tables(page) == page
