"""Which KV versions a build reads: those that its vaultgen.lock names, else what Vault has now."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from vaultgen.generate import read_lock
from vaultgen.local_files import LocalFiles
from vaultgen.lock import locked, pinned
from vaultgen.ports import Answer, Miss, Read
from vaultgen.survey import Asked


@dataclass(frozen=True, order=True)
class Version:
    """What is read at a path, by name."""

    number: int = 0
    """KV v2 version; 0 where the engine keeps none, or nothing is there."""
    created_time: str = ""
    """When it was written, as Vault says it; empty with number 0."""
    is_absent: bool = False
    """Whether nothing is there, which a default or optional reference answers."""
    is_locked: bool = False
    """Whether a vaultgen.lock names it."""


Versions = Mapping[tuple[str, str], frozenset[Version]]
"""(Vault namespace, empty for the session's own; path) → all versions of it that are read."""


@dataclass(frozen=True)
class PathChange:
    """A path of which something else is read, or which is read on one side only."""

    vault_namespace: str
    path: str
    before: tuple[Version, ...]
    after: tuple[Version, ...]


def versions(documents: Iterable[Asked], answers: Callable[[Asked], Mapping[Read, Answer | Miss]]) -> Versions:
    """Return what the documents of a tree read.

    ``answers`` returns what Vault has for a document, and is asked only where there is no lock. Raises ``Refused``:
    what ``answers`` and ``read_lock`` raise.
    """
    found: dict[tuple[str, str], set[Version]] = {}
    for one in documents:
        if not one.plan.uses:
            continue
        lock = read_lock(LocalFiles(one.root))
        has = {} if lock else answers(one)
        pins = pinned(lock.pins, one.plan.uses, one.document.vault.namespace) if lock else {}
        for read in one.plan.uses:
            name = locked(read, one.document.vault.namespace)
            if lock is None:
                version = _now(has[read])
            elif named := pins[read]:
                pin = named[1]
                version = Version(pin.version or 0, pin.created_time, pin.absent, True)
            else:
                continue
            found.setdefault((name.vault_namespace, name.path), set()).add(version)
    return {path: frozenset(some) for path, some in found.items()}


def changed_paths(before: Versions, after: Versions) -> list[PathChange]:
    """Return the paths whose versions differ, sorted."""
    return [
        PathChange(*path, tuple(sorted(before.get(path, ()))), tuple(sorted(after.get(path, ()))))
        for path in sorted({*before, *after})
        if before.get(path) != after.get(path)
    ]


def _now(answer: Answer | Miss) -> Version:
    if isinstance(answer, Miss):
        return Version(is_absent=True)
    return Version(answer.version or 0, answer.created_time)
