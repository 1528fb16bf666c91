"""docs/lint.md says what the rules say."""

import importlib.util
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_every_rule_has_its_row_on_the_page() -> None:
    """Run ``python docs/from_rules.py`` after a change of a rule."""
    specification = importlib.util.spec_from_file_location("from_rules", DOCS / "from_rules.py")
    assert specification
    assert specification.loader
    script = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(script)
    page = (DOCS / "lint.md").read_text()
    assert script.with_tables(page) == page
