"""A reference in quotes in a dotenv file, where quotes are part of the value."""

import re
from collections.abc import Iterator

from vaultgen.lint.files import joined
from vaultgen.lint.finding import Edit, Fix, Found, Rule, Spot
from vaultgen.lint.generator import dotenv_sources
from vaultgen.lint.subject import Subject
from vaultgen.lint.texts import dotenv_lines
from vaultgen.lint.words import shown_key


def check(subject: Subject) -> Iterator[Found]:
    """Find dotenv lines KEY="vault:…" of vaultgen's own documents."""
    for generator in subject.generators:
        root = generator.plugin.kustomization.root
        for source in (env.source for entry in generator.entries for env in dotenv_sources(entry)):
            file = joined(root, source)
            for number, key, value in dotenv_lines(subject.files.local(root, source) or b""):
                if re.fullmatch(r"([\"'])vault:[^\"']+\1\s*", value):
                    message = f"the quotes around {shown_key(key)} are part of its value, so that it is no reference"
                    yield Found(
                        Spot(file, line=number), message, "remove the quotes", _fix(file, number, value, subject)
                    )


def _fix(file: str, number: int, value: str, subject: Subject) -> Fix | None:
    lines = subject.files.lines(file)
    if not 0 < number <= len(lines) or value not in lines[number - 1]:
        return None
    start = sum(len(line) + 1 for line in lines[: number - 1]) + lines[number - 1].index(value)
    end = start + len(value.rstrip())
    return Fix("remove the quotes", (Edit(file, start, start + 1, ""), Edit(file, end - 1, end, "")))


RULE = Rule(
    "quoted-reference",
    "error",
    "a reference in a dotenv file is in quotes, which makes text of it",
    check,
    is_fixable=True,
)
