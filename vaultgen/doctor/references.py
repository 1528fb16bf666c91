"""Could each reference be read, and is there what it asks for? No value is read."""

from collections.abc import Iterator, Mapping, Sequence

from vaultgen.doctor.lock import pin_for
from vaultgen.doctor.peek import Glance, Version
from vaultgen.doctor.verdict import Verdict, failed, ok, skip
from vaultgen.errors import Fault, Place, Refused
from vaultgen.field import extract, extract_all
from vaultgen.lock import Lock
from vaultgen.plan import Plan, Value, WholeSecret
from vaultgen.ports import Answer, Miss, Read
from vaultgen.reference import Reference
from vaultgen.survey import Asked

NAME = "reference"


def versions_of(asked: Sequence[Asked], locks: Mapping[str, Lock]) -> dict[Read, list[Version]]:
    """Return each distinct read, with the versions that are of interest: its own, and those that locks name."""
    versions: dict[Read, dict[Version, None]] = {}
    for one in asked:
        for read in one.plan.uses:
            pin = pin_for(one, read, locks)
            versions.setdefault(read, {read.version: None}).update({pin.version: None} if pin else {})
    return {read: list(wanted) for read, wanted in versions.items()}


def check_references(
    asked: Sequence[Asked], locks: Mapping[str, Lock], glances: Mapping[Read, Glance]
) -> Iterator[Verdict]:
    """Judge each distinct read of some documents by what is known of it."""
    for read, glance in glances.items():
        users = [one for one in asked if read in one.plan.uses]
        place = users[0].plan.uses[read][0]
        if glance.fault:
            yield from failed(NAME, [glance.fault._replace(place=place)])
        elif glance.may_read is None:
            why = "whether it may be read is not known: the token may not ask sys/capabilities-self"
            yield skip(NAME, f"{_named(read)}: {why}")
        elif not glance.may_read:
            facts = {"path": read.path, "api_path": glance.api_path}
            yield from failed(NAME, [Fault("permission-denied", place, facts)])
        else:
            yield from _content(read, glance, users, locks)


def _content(read: Read, glance: Glance, users: Sequence[Asked], locks: Mapping[str, Lock]) -> Iterator[Verdict]:
    """Judge what stands there, once for each version that is read."""
    by_version: dict[Version | str, list[Asked]] = {}
    for one in users:
        pin = pin_for(one, read, locks)
        by_version.setdefault("none" if pin and pin.absent else (pin and pin.version) or read.version, []).append(one)
    for version, askers in by_version.items():
        answer = Miss("not_locked") if isinstance(version, str) else glance.answers.get(version)
        if answer is None:
            yield ok(NAME, f"{_named(read)}: may be read; what stands there may not be asked")
        elif faults := [fault for one in askers for fault in _faults(one.plan, read, answer, glance)]:
            yield from failed(NAME, faults)
        elif isinstance(answer, Miss):
            yield ok(NAME, f"{_named(read)}: may be read; nothing is there, which default or optional answers")
        else:
            fields = ", with the fields that are asked for" if glance.knows_fields else ""
            yield ok(NAME, f"{_named(read)}: may be read; version {answer.version}{fields}")


def _named(read: Read) -> str:
    namespace = f" in the Vault namespace {read.vault_namespace}" if read.vault_namespace else ""
    version = f", version {read.version}" if read.version else ""
    return f"{read.path}{version}{namespace}"


def _faults(plan: Plan, read: Read, answer: Answer | Miss, glance: Glance) -> Iterator[Fault]:
    """Yield what a build would find wrong with a miss, and with the names of the fields where they are known."""
    if isinstance(answer, Answer) and not glance.knows_fields:
        return
    for reference, place, whole in _references(plan):
        if reference.read == read:
            # What the text of a field must be cannot be told without reading it.
            reference = reference._replace(decode=False, pointer=None)
            try:
                _ = extract_all(reference, answer, place) if whole else extract(reference, answer, place)
            except Refused as refused:
                yield from refused.faults


def _references(plan: Plan) -> Iterator[tuple[Reference, Place, bool]]:
    """Yield each reference with its place, and whether it stands for all fields."""
    for secret in plan.secrets:
        for source in secret.sources:
            if isinstance(source, WholeSecret):
                yield source.reference, source.place, True
            elif isinstance(source, Value):
                yield from ((part, source.place, False) for part in source.text if isinstance(part, Reference))
        for registry in secret.registries:
            for text in (registry.server, registry.username, registry.password, registry.email):
                yield from ((part, registry.place, False) for part in text if isinstance(part, Reference))
