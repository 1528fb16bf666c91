"""Writes the tables of docs/errors.md from the catalogue of faults: run it after a change there."""

from pathlib import Path

from vaultgen.errors.catalogue import CATALOGUE, EXIT_STATUS
from vaultgen.errors.meaning import FAMILIES, meaning

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vaultgen.errors.catalogue import Family

ERRORS = Path(__file__).resolve().parent / "errors.md"
BEGIN, END = "<!-- codes: begin; written by docs/from_catalogue.py -->\n", "<!-- codes: end -->\n"


def with_tables(page: str) -> str:
    """Return the text of docs/errors.md with a table a family between its markers."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    return before + BEGIN + "\n" + "\n".join(map(_table, EXIT_STATUS)) + "\n" + END + after


def _table(family: "Family") -> str:
    rows = [
        "| `{}` | {} | {} |".format(code, *(sentence.replace("|", "\\|") for sentence in meaning(code)))
        for code, row in CATALOGUE.items()
        if row.family == family
    ]
    status, said = EXIT_STATUS[family], FAMILIES[family]
    return "\n".join(
        [
            f"## Exit status {status}: {family}\n",
            f"{said}\n",
            "| Code | What it says | What to do |",
            "| --- | --- | --- |",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    ERRORS.write_text(with_tables(ERRORS.read_text()))
