"""What ``vaultgen lock`` does: which pins the kustomizations of a tree have, and which they should have."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from vaultgen.errors import Fault, Place, Refused
from vaultgen.generate import placed_faults, read_lock
from vaultgen.kustomize.walk import shown_path
from vaultgen.local_files import LocalFiles
from vaultgen.lock import (
    NO_VERSIONS,
    Pin,
    disagreement,
    gone,
    locked,
    mismatch,
    one_per_secret,
    pin_of,
    pinned,
    secret_of,
)
from vaultgen.ports import LOCK_FILE, Answer, Miss, Read
from vaultgen.render import faults_of
from vaultgen.session.backends import SharedBackends
from vaultgen.survey import Asked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vaultgen.ports import Backend

    Pins = dict[Read, Pin]

Found = Mapping[Read, Answer | Miss | None]
"""What Vault has, by read; None for a dynamic engine: it is not read, as that would make a credential."""


@dataclass(frozen=True)
class Root:
    """One kustomization: its documents and its lock."""

    path: str
    asked: Sequence[Asked]
    pins: Mapping[Read, Pin] | None
    """What its vaultgen.lock holds; None without one."""

    @property
    def place(self) -> Place:
        """Its vaultgen.lock, there or not."""
        return Place(shown_path(os.path.join(self.path, LOCK_FILE)))

    @property
    def spelled(self) -> set[Read]:
        """What is read, as a lock names it."""
        return {locked(read, one.document.vault.namespace) for one in self.asked for read in one.plan.uses}

    @property
    def surplus(self) -> set[Read]:
        """What the lock names and nothing reads."""
        pins = self.pins or {}
        used = {
            found[0]
            for one in self.asked
            for found in pinned(pins, one.plan.uses, one.document.vault.namespace).values()
            if found
        }
        return set(pins) - used


def roots_of(paths: Iterable[str], asked: Sequence[Asked], *, anew: bool = False) -> list[Root]:
    """Return the kustomizations, of those at ``paths``, that read from Vault or have a lock.

    With ``anew`` a lock that cannot be used counts as one without pins. Raises ``Refused``: bad-lock, and what reading
    the file raises.
    """
    roots: list[Root] = []
    faults: list[Fault] = []
    for path in dict.fromkeys(paths):
        own = [one for one in asked if one.root == path and one.plan.uses]
        pins: Mapping[Read, Pin] | None = {}
        try:
            lock = read_lock(LocalFiles(path))
            pins = lock.pins if lock else None
        except Refused as refused:
            if not (anew and refused.faults[0].code == "bad-lock"):
                file = Root(path, own, None).place.file
                faults += (fault._replace(place=fault.place._replace(file=file)) for fault in refused.faults)
        if own or pins is not None:
            roots.append(Root(path, own, pins))
    if faults:
        raise Refused(faults)
    return roots


@dataclass(frozen=True)
class _Job:
    """The reads of one document."""

    root: Root
    one: Asked
    reads: Sequence[Read]
    backend: "Backend"

    def placed(self, fault: Fault) -> list[Fault]:
        return list(placed_faults(fault, self.one.plan, self.one.document))


def look_up(
    roots: Sequence[Root], wanted: Callable[[Read, bool], bool], shared: SharedBackends
) -> list[tuple[Root, Asked, Found]]:
    """Return what Vault has now for each document; ``wanted`` chooses among the reads: as a lock names
    them, and whether it has a pin for them.

    One session for all documents whose ``vault:`` blocks agree, in which each path is read once. Raises ``Refused``
    with the faults of all documents.
    """
    jobs: list[_Job] = []
    faults: list[Fault] = []
    for root in roots:
        for one in root.asked:
            namespace = one.document.vault.namespace
            has_pin = pinned(root.pins or {}, one.plan.uses, namespace)
            reads = [read for read, pin in has_pin.items() if wanted(locked(read, namespace), pin is not None)]
            if reads:
                try:
                    backend = shared.of(one.document.vault, LocalFiles(one.root), one.root)
                    jobs.append(_Job(root, one, reads, backend))
                except Refused as refused:
                    # Of the environment, most often: told once, and not for each document.
                    known = [(fault.code, fault.facts) for fault in faults]
                    for fault in refused.faults:
                        if (fault.code, fault.facts) not in known:
                            faults += placed_faults(fault, one.plan, one.document)
    found: list[tuple[Root, Asked, Found]] = []
    for backend in {id(job.backend): job.backend for job in jobs}.values():
        of_backend = [job for job in jobs if job.backend is backend]
        answers, failed = _read(backend, [read for job in of_backend for read in job.reads])
        faults += [placed for fault in failed if fault.read is None for placed in of_backend[0].placed(fault)]
        by_read = {fault.read: fault for fault in failed}
        for job in of_backend:
            has: dict[Read, Answer | Miss | None] = {}
            for read in job.reads:
                failure = by_read.get(_static(read))
                if _static(read) in answers:
                    has[read] = answers[_static(read)]
                elif failure and failure.code == "dynamic-engine" and read.allow_dynamic:
                    has[read] = None
                elif failure:
                    faults += job.placed(failure._replace(read=read))
            found.append((job.root, job.one, has))
    if faults:
        raise Refused(faults)
    return found


def new_pins(found: Iterable[tuple[Root, Asked, Found]]) -> "dict[str, Pins]":
    """Return the pins for what Vault has, by path of the root.

    Raises ``Refused``: all that a build would find wrong with it, lock-ambiguous, and what ``pin_of`` raises.
    """
    pins: dict[str, Pins] = {}
    faults: list[Fault] = []
    for root, one, has in found:
        faults += faults_of(one.plan, {read: answer for read, answer in has.items() if answer is not None})
        for read, answer in has.items():
            name = locked(read, one.document.vault.namespace)
            place = one.plan.uses[read][0]
            try:
                pin = Pin() if answer is None else pin_of(read, answer)
            except Refused as refused:
                faults += (fault._replace(place=place) for fault in refused.faults)
                continue
            if pins.setdefault(root.path, {}).setdefault(name, pin) != pin:
                faults.append(Fault("lock-ambiguous", place, {"path": read.path}))
    if faults:
        raise Refused(faults)
    return pins


def joined(root: Root, new: Mapping[Read, Pin]) -> "Pins":
    """Return the pins that a lock is to hold: new ones, and those that they leave; one for each secret."""
    anew = {secret_of(name) for name in new}
    surplus, spelled = root.surplus, root.spelled
    stays = {
        name: pin
        for name, pin in (root.pins or {}).items()
        # What was pinned in another spelling than its references have goes when they are pinned themselves.
        if name not in surplus and (name in spelled or secret_of(name) not in anew)
    }
    return one_per_secret({**stays, **new})


def check(roots: Sequence[Root], shared: SharedBackends) -> None:
    """Compare the locks with what Vault has now.

    Raises ``Refused``: no-lock, lock-incomplete, lock-outdated, lock-mismatch, lock-gone, and what ``look_up`` raises.
    """
    faults = {(root.path, Read("")): Fault("no-lock") for root in roots if root.pins is None}
    for root, one, has in look_up(
        [root for root in roots if root.pins is not None], lambda name, is_pinned: True, shared
    ):
        pins = pinned(root.pins or {}, has, one.document.vault.namespace)
        for read, answer in has.items():
            own = pins[read]
            fault = _change(read, own[1], answer) if own else Fault("lock-incomplete", facts={"path": read.path})
            if fault:
                name = own[0] if own else locked(read, one.document.vault.namespace)
                faults.setdefault((root.path, name), fault)
    if faults:
        places = {root.path: root.place for root in roots}
        raise Refused(fault._replace(place=places[path], read=None) for (path, _), fault in faults.items())


def _change(read: Read, pin: Pin, answer: Answer | Miss | None) -> Fault | None:
    """Return the fault for a pin if Vault has something else now."""
    if answer is None:
        return None if pin == Pin() else mismatch(read, NO_VERSIONS)
    if isinstance(answer, Miss) and answer.reason == "no_path":
        return None if pin.version is None else gone(read, pin, answer)
    if pin.version is None:
        return _outdated(read, pin, answer) if pin.absent else disagreement(read, pin, answer)
    if answer.version is not None and answer.version > pin.version:
        return _outdated(read, pin, answer)
    if answer.version is not None and answer.version < pin.version:
        return gone(read, pin, Miss("no_version"))
    return gone(read, pin, answer) if isinstance(answer, Miss) else disagreement(read, pin, answer)


def _outdated(read: Read, pin: Pin, answer: Answer | Miss) -> Fault:
    return Fault("lock-outdated", facts={"path": read.path, "locked": named(pin), "now": named(answer)})


def named(pin: Pin | Answer | Miss) -> str:
    """Return what stands in Vault, in words."""
    if isinstance(pin, Miss):
        return f"version {pin.version}, which is {pin.reason}" if pin.version else "nothing"
    if isinstance(pin, Pin) and pin.absent:
        return "nothing"
    return f"version {pin.version} of {pin.created_time[:23]}" if pin.version else "no version"


def _read(backend: "Backend", reads: Sequence[Read]) -> tuple[Mapping[Read, Answer | Miss], Sequence[Fault]]:
    try:
        return backend.read_all(list(dict.fromkeys(map(_static, reads)))), ()
    except Refused as refused:
        return refused.answers, refused.faults


def _static(read: Read) -> Read:
    return read._replace(allow_dynamic=False)
