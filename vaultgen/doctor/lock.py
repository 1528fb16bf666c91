"""Does vaultgen.lock name what is read, and does Vault still have it?"""

import os
from collections.abc import Iterator, Mapping, Sequence

from vaultgen.doctor.peek import Glance
from vaultgen.doctor.verdict import Verdict, failed, ok, warn
from vaultgen.errors import Fault, Place, Refused
from vaultgen.errors.report import hint, message
from vaultgen.generate import read_lock
from vaultgen.kustomize.walk import shown_path
from vaultgen.local_files import LocalFiles
from vaultgen.lock import Lock, Pin, disagreement, pinned
from vaultgen.pinning import named
from vaultgen.ports import LOCK_FILE, Answer, Read
from vaultgen.survey import Asked

NAME = "lock"


def locks_of(asked: Sequence[Asked], locks: dict[str, Lock]) -> Iterator[Verdict]:
    """Read the locks of some documents into ``locks``, by root; yield a verdict for each that cannot be used."""
    for root in dict.fromkeys(one.root for one in asked):
        try:
            if lock := read_lock(LocalFiles(root)):
                locks[root] = lock
        except Refused as refused:
            yield from failed(NAME, (fault._replace(place=_place(root)) for fault in refused.faults))


def pin_for(one: Asked, read: Read, locks: Mapping[str, Lock]) -> Pin | None:
    """Return what a lock names for a read of a document; None without a lock, and where it has nothing for it."""
    lock = locks.get(one.root)
    found = pinned(lock.pins, [read], one.document.vault.namespace)[read] if lock else None
    return found and found[1]


def check_locks(asked: Sequence[Asked], locks: Mapping[str, Lock], glances: Mapping[Read, Glance]) -> Iterator[Verdict]:
    """Hold the locks against the documents and, as far as ``glances`` goes, against what Vault has."""
    for root in locks:
        pins = [(read, pin_for(one, read, locks)) for one in asked if one.root == root for read in one.plan.uses]
        verdicts: list[Verdict] = []
        unknown = 0
        for read, pin in pins:
            if pin is None:
                facts = {"path": read.path}
                verdicts += failed(NAME, [Fault("lock-incomplete", _place(root), facts)])
            elif not (glance := glances.get(read)) or not glance.answers:
                unknown += not pin.absent
            else:
                verdicts += _compared(read, pin, glance, _place(root))
        if not verdicts:
            known = "" if unknown else ", and Vault has nothing else there"
            verdicts.append(ok(NAME, f"{_place(root).file} names all that is read{known}"))
        yield from dict.fromkeys(verdicts)


def _compared(read: Read, pin: Pin, glance: Glance, place: Place) -> Iterator[Verdict]:
    there = glance.answers.get(pin.version)
    if not pin.absent and there is not None and (fault := disagreement(read, pin, there)):
        yield from failed(NAME, [fault._replace(place=place)])
        return
    now = glance.answers.get(read.version)
    if isinstance(now, Answer) and now.version != pin.version:
        facts = {"path": read.path, "locked": named(pin), "now": named(now)}
        fault = Fault("lock-outdated", place, facts)
        yield warn(NAME, f"{place.file}: {message(fault)}", hint(fault))


def _place(root: str) -> Place:
    return Place(shown_path(os.path.join(root, LOCK_FILE)))
