"""What a build would refuse, with line and column."""

from collections.abc import Iterator

from vaultgen.document.sources import parse_dotenv
from vaultgen.errors import Fault
from vaultgen.errors.report import hint, message
from vaultgen.kustomize.location import steps_of
from vaultgen.lint.files import joined
from vaultgen.lint.finding import Found, Rule, Spot
from vaultgen.lint.generator import Generator, dotenv_sources
from vaultgen.lint.subject import Subject
from vaultgen.lint.texts import strings


def check(subject: Subject) -> Iterator[Found]:
    """Find the faults of files, and of the documents and their plans."""
    for fault in subject.tree.unreadable or ():
        yield _found(fault, _spot_of_file(fault, subject))
    for fault in subject.tree.missing:
        advice = "paths are relative to the directory of the kustomization that lists them"
        yield Found(_spot_of_file(fault, subject), message(fault), advice)
    for generator in subject.generators:
        for fault in generator.faults:
            yield _found(fault, _spot(fault, generator, subject))


def _found(fault: Fault, spot: Spot) -> Found:
    reference = f" ({fault.place.reference})" if fault.place.reference else ""
    return Found(spot, f"{message(fault)}{reference}", hint(fault))


def _spot(fault: Fault, generator: Generator, subject: Subject) -> Spot:
    """Return where a fault of a document is; in a dotenv file the line there."""
    for entry in generator.entries:
        for env in dotenv_sources(entry):
            if env.place.field == fault.place.field and (line := _line(fault, env.source, generator, subject)):
                return Spot(joined(generator.plugin.kustomization.root, env.source), line=line)
    return generator.at(fault.place)


def _line(fault: Fault, source: str, generator: Generator, subject: Subject) -> int:
    if fault.code == "bad-dotenv":
        return int(fault.facts["number"])
    if not fault.place.key:
        return 0
    content = subject.files.content(joined(generator.plugin.kustomization.root, source)) or b""
    return next(
        (
            number
            for number, line in enumerate(content.split(b"\n"), 1)
            for parsed in parse_dotenv(line)
            if not isinstance(parsed, Fault) and parsed[0] == fault.place.key
        ),
        0,
    )


def _spot_of_file(fault: Fault, subject: Subject) -> Spot:
    place = fault.place
    if place.line:
        return Spot(place.file, line=place.line, column=place.column)
    for kustomization in subject.tree.kustomizations:
        for path, text in strings(kustomization.tree, (0,)):
            is_item = (
                place.file == kustomization.file and path[1:2] == (place.field,) and text == fault.facts.get("path")
            )
            if is_item or (not place.file and joined(kustomization.root, text) == fault.facts.get("directory")):
                return Spot(kustomization.file, path)
    return Spot(place.file or subject.tree.kustomizations[0].file, (0, *steps_of(place.field)))


RULE = Rule("refused", "error", "a build would refuse the document, or a file of it", check)
