"""Writes the tables of docs/errors.md from the catalogue of faults: run it after a change there."""

import re
from pathlib import Path

from vaultgen.errors.catalogue import CATALOGUE, EXIT_STATUS

ERRORS = Path(__file__).resolve().parent / "errors.md"
BEGIN, END = "<!-- codes: begin; written by docs/from_catalogue.py -->\n", "<!-- codes: end -->\n"

STATUSES: dict[str, int] = {family: status for family, status in EXIT_STATUS.items()}
FAMILIES = {
    "document": "The document, its files or the settings are wrong. Nothing was read from Vault.",
    "access": "Vault, or the cluster, does not let you in or does not let you read.",
    "data": "Vault answered, but not with what the document needs.",
    "unavailable": "Vault cannot be reached or cannot answer now. These are retried first, where that can help.",
    "internal": "A fault of vaultgen itself.",
}


def with_tables(page: str) -> str:
    """Return the text of docs/errors.md with a table a family between its markers."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    return before + BEGIN + "\n" + "\n".join(map(_table, FAMILIES)) + "\n" + END + after


def _table(family: str) -> str:
    rows = [
        f"| `{code}` | {_cell(row.what)} | {_cell(row.hint)} |"
        for code, row in CATALOGUE.items()
        if row.family == family
    ]
    return "\n".join(
        [
            f"## Exit status {STATUSES[family]}: {family}\n",
            f"{FAMILIES[family]}\n",
            "| Code | What it says | What to do |",
            "| --- | --- | --- |",
            *rows,
            "",
        ]
    )


def _cell(sentence: str) -> str:
    """Show facts as placeholders; a hint that depends on the case has none of its own here."""
    if sentence == "{suggestion}":
        return "the message names what fits"
    shown = re.sub(r"\{(\w+)\}", lambda match: match[1].upper(), sentence.replace("{{", "\0").replace("}}", "\1"))
    return shown.replace("\0", "{").replace("\1", "}").replace("|", "\\|")


if __name__ == "__main__":
    ERRORS.write_text(with_tables(ERRORS.read_text()))
