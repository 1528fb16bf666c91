"""Writes the tables of docs/lint.md from the rules: run it after a change there."""

from pathlib import Path

from vaultgen.lint.rules import SECTIONS

LINT = Path(__file__).resolve().parent / "lint.md"
BEGIN, END = "<!-- rules: begin; written by docs/from_rules.py -->\n", "<!-- rules: end -->\n"


def with_tables(page: str) -> str:
    """Return the text of docs/lint.md with a table a section between its markers."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    return before + BEGIN + "\n" + "\n".join(map(_table, SECTIONS)) + "\n" + END + after


def _table(title: str) -> str:
    rows = [
        f"| `{rule.id}` | {rule.severity} | {rule.description} | {'yes' if rule.is_fixable else ''} |"
        for rule in SECTIONS[title]
    ]
    head = [f"### {title}\n", "| Rule | Severity | What it finds | `--fix` |", "| --- | --- | --- | --- |"]
    return "\n".join([*head, *rows, ""])


if __name__ == "__main__":
    LINT.write_text(with_tables(LINT.read_text()))
