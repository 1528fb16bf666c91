"""Which documents does a tree hold, and are they sound?"""

from collections.abc import Iterator

from vaultgen.doctor.verdict import Verdict, fail, failed, ok, skip
from vaultgen.errors import Refused
from vaultgen.kustomize.walk import walk
from vaultgen.lint.rules import unquoted_reference
from vaultgen.lint.subject import Subject
from vaultgen.survey import Asked, documents_of, planned

NAME = "documents"


def check_documents(directory: str, asked: list[Asked], *, named: bool) -> Iterator[Verdict]:
    """Look through a tree, and add the sound documents to ``asked``; ``named`` is whether the user named it."""
    try:
        tree = walk(directory, keep_going=True)
    except Refused as refused:
        if named or refused.faults[0].code != "no-kustomization":
            yield from failed(NAME, refused.faults)
        else:
            yield skip(NAME, "there is no kustomization here; name a directory: vaultgen doctor DIR")
        return
    faults = [*tree.missing, *(tree.unreadable or ())]
    for plugin in documents_of(tree):
        try:
            asked.append(planned(plugin))
        except Refused as refused:
            faults += refused.faults
    yield from failed(NAME, faults)
    for found in unquoted_reference.check(Subject(tree, {})):
        # What reads the documents here is no judge of that: it takes them.
        spot = found.spot
        yield fail(NAME, f"{spot.file}:{spot.line}:{spot.column}: {found.message}", found.hint)
    if asked or not faults:
        paths = {read for one in asked for read in one.plan.uses}
        yield ok(NAME, f"{_count(len(asked), 'document')} of vaultgen, asking for {_count(len(paths), 'Vault path')}")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
