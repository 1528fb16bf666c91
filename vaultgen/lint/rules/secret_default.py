"""A default that looks like the secret itself."""

from collections.abc import Iterator

from vaultgen.lint.finding import Found, Rule
from vaultgen.lint.generator import Generator, references_of
from vaultgen.lint.subject import Subject
from vaultgen.lint.suspicion import suspicion


def check(subject: Subject) -> Iterator[Found]:
    """Find references whose default= looks like a secret; the text is not shown."""
    for generator in subject.generators:
        yield from _of(generator)


def _of(generator: Generator) -> Iterator[Found]:
    for reference, place in references_of(generator):
        if reference.default and (what := suspicion(reference.default)):
            message = f"the default of {reference.shown} looks like {what}"
            yield Found(
                generator.at(place), message, "leave default= out; a secret that was committed is to be changed"
            )


RULE = Rule("secret-default", "warning", "the default of a reference looks like a secret", check)
