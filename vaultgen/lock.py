"""``vaultgen.lock``: which versions a build reads, so that a rotation becomes a commit that is reviewed.

A version number alone is no identity: after a metadata delete it comes again. So the time of writing stands beside it.
No value stands in the file, and no digest of one.
"""

from json import dumps

from vaultgen.errors import Fault, Place, Refused, refuse
from vaultgen.krm.tree import parse_one
from vaultgen.ports import Answer, Miss, Read
from vaultgen.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from vaultgen.ports import Backend

LOCK_FILE = "vaultgen.lock"
"""Beside the kustomization that lists the generators; the name that ``generate`` looks for."""
API_VERSION = "vaultgen.dev/v1alpha1"
KIND = "VaultLock"


class Pin(Record):
    """What stands in Vault at a path, by name."""

    version: int | None = None
    """KV v2 version; None where the engine has no versions, or nothing is there."""
    created_time: str = ""
    """When that version was written, as Vault says it; empty with version None."""
    absent: bool = False
    """Whether nothing was there, which a default or optional reference answers."""


class Lock(Record):
    """The pins of one kustomization."""

    pins: "Mapping[Read, Pin]"
    """By the read as the document asks for it; ``allow_dynamic`` is left out of it."""


def parse_lock(text: bytes) -> Lock:
    """Return the lock that a file holds. Raises ``Refused``: bad-lock, and what ``parse_yaml`` raises."""
    tree = parse_one(text, LOCK_FILE)
    if not isinstance(tree, dict) or tree.get("kind") != KIND or tree.get("apiVersion") != API_VERSION:
        raise refuse("bad-lock", Place(LOCK_FILE), why=f"it is no {KIND} of {API_VERSION}")
    pins: dict[Read, Pin] = {}
    for item in tree.get("paths") or ():
        pins.update([_pin(item)])
    return Lock(pins)


def lock_text(pins: "Mapping[Read, Pin]") -> str:
    """Return the file for some pins, sorted, the same text for the same pins."""
    lines = [
        "# Written by `vaultgen lock`; commit it. Builds read exactly these versions.",
        f"apiVersion: {API_VERSION}",
        f"kind: {KIND}",
        "paths:" if pins else "paths: []",
    ]
    for read, pin in sorted(pins.items(), key=lambda item: _sort_key(item[0])):
        lines.append(f"- path: {dumps(read.path, ensure_ascii=False)}")
        if read.vault_namespace:
            lines.append(f"  vaultNamespace: {dumps(read.vault_namespace, ensure_ascii=False)}")
        if read.version is not None:
            lines.append("  asked: " + str(read.version))
        if pin.absent:
            lines.append("  absent: true")
        elif pin.version is not None:
            lines += [f"  version: {pin.version}", f"  createdTime: {dumps(pin.created_time)}"]
    return "\n".join(lines) + "\n"


def read_locked(lock: Lock, reads: "Sequence[Read]", backend: "Backend") -> "Mapping[Read, Answer | Miss]":
    """Return the answers of exactly the pinned versions.

    Raises ``Refused``: lock-incomplete for a read that has no pin, lock-mismatch where another secret has the pinned
    version now, and what the backend raises.
    """
    faults = [
        Fault("lock-incomplete", facts={"path": read.path}, read=read) for read in reads if _key(read) not in lock.pins
    ]
    if faults:
        raise Refused(faults)
    pinned = {read: _pinned(read, lock.pins[_key(read)]) for read in reads if not lock.pins[_key(read)].absent}
    asked: dict[Read, Read] = {}
    for read, exact in pinned.items():
        asked.setdefault(exact, read)
    try:
        found = backend.read_all(tuple(asked))
    except Refused as refused:
        raise Refused(
            [fault._replace(read=asked[fault.read]) if fault.read else fault for fault in refused.faults]
        ) from None
    answers: dict[Read, Answer | Miss] = {}
    for read in reads:
        answers[read] = found[pinned[read]] if read in pinned else Miss("no_path")
        if not _agrees(answers[read], lock.pins[_key(read)]):
            faults.append(Fault("lock-mismatch", facts={"path": read.path}, read=read))
    if faults:
        raise Refused(faults, answers)
    return answers


def pin_of(answer: "Answer | Miss") -> Pin | None:
    """Return the pin for what was read; None for a miss that a build would fail on."""
    if isinstance(answer, Miss):
        return Pin(absent=True) if answer.reason == "no_path" else None
    return Pin(answer.version, answer.created_time)


def locked_reads(reads: "Iterable[Read]") -> "tuple[Read, ...]":
    """Return reads as a lock names them, each once."""
    return tuple(dict.fromkeys(map(_key, reads)))


def _key(read: Read) -> Read:
    return read._replace(allow_dynamic=False)


def _pinned(read: Read, pin: Pin) -> Read:
    return read if pin.version is None else read._replace(version=pin.version)


def _agrees(answer: "Answer | Miss", pin: Pin) -> bool:
    if isinstance(answer, Miss):
        # Deleted and destroyed versions are told as such; a version that never was is another secret.
        return pin.absent or answer.reason in ("deleted", "destroyed")
    return (answer.version, answer.created_time) == (pin.version, pin.created_time)


def _pin(item: "Any") -> "tuple[Read, Pin]":
    try:
        read = Read(_text(item, "path"), _count(item, "asked"), _text(item, "vaultNamespace", ""))
        pin = Pin(_count(item, "version"), _text(item, "createdTime", ""), item.get("absent") is True)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise refuse("bad-lock", Place(LOCK_FILE), why="an entry is not one that `vaultgen lock` writes") from None
    return read, pin


def _text(item: "Mapping[str, Any]", name: str, default: "str | None" = None) -> str:
    value = item[name] if default is None else item.get(name, default)
    if not isinstance(value, str):
        raise TypeError(name)
    return value


def _count(item: "Mapping[str, Any]", name: str) -> int | None:
    value = item.get(name)
    if value is None:
        return None
    if type(value) is not int or value < 1:
        raise ValueError(name)
    return value


def _sort_key(read: Read) -> "tuple[str, str, int]":
    return read.vault_namespace, read.path, read.version or 0
