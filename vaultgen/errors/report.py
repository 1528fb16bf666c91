"""Faults as text for people: what, where, why, and what to do."""

from vaultgen.errors.catalogue import CATALOGUE, EXIT_STATUS
from vaultgen.errors.likely import likely_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from vaultgen.errors import Fault, Place


def report(faults: "Sequence[Fault]") -> str:
    """Return the text for stderr, an ``error[CODE]: …`` block a fault, hints below."""
    return "\n".join(_block(fault) for fault in faults)


def message(fault: "Fault") -> str:
    """Return a fault's sentence alone."""
    return clean(CATALOGUE[fault.code].what.format_map(fault.facts))


def hint(fault: "Fault") -> str:
    """Return what to do about a fault; may be empty.

    What is known of this very case stands in front: the fact ``remark``, which ends in the word that leads over to the
    hint, or a path that was likely meant.
    """
    advice = CATALOGUE[fault.code].hint.format_map(_Facts(fault.facts))
    if remark := fault.facts.get("remark"):
        advice = f"{remark} {advice}"
    elif question := likely_path(fault):
        advice = f"{question} If not: {advice}" if advice else question
    return clean(advice)


def exit_status(faults: "Sequence[Fault]") -> int:
    """Return the exit status for these faults: that of the first family in EXIT_STATUS's order."""
    families = {CATALOGUE[fault.code].family for fault in faults}
    if "internal" in families:
        return EXIT_STATUS["internal"]
    return next(status for family, status in EXIT_STATUS.items() if family in families)


def where(place: "Place") -> str:
    """Return a place as one line: file:line:column, document, field, entry and key, as far as known."""
    position = place.file
    if place.line:
        position = f"{position or 'document'}:{place.line}:{place.column}"
    entry = f'Secret "{place.entry}"' if place.entry else ""
    key = f'key "{place.key}"' if place.key else ""
    return clean(", ".join(part for part in (position, place.document, place.field, entry, key) if part))


def clean(text: str) -> str:
    """Return text with control characters shown as escapes, so that a name cannot write to the terminal."""
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


class _Facts(dict[str, str]):
    """A hint may name a fact that is not known."""

    def __missing__(self, name: str) -> str:
        return ""


def _block(fault: "Fault") -> str:
    lines = [f"error[{fault.code}]: {message(fault)}"]
    if place := where(fault.place):
        lines.append(f"  where: {place}")
    if fault.place.reference:
        lines.append(f"  reference: {clean(fault.place.reference)}")
    if advice := hint(fault):
        lines.append(f"  hint: {advice}")
    return "\n".join(lines) + "\n"
