"""The use case: a document in, its Secrets out, or every reason why not."""

from vaultgen.errors import Fault, Refused
from vaultgen.plan import plan
from vaultgen.ports import LOCK_FILE
from vaultgen.render import faults_of, render

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from vaultgen.document.model import Document
    from vaultgen.lock import Lock
    from vaultgen.plan import Plan
    from vaultgen.ports import Answer, Backend, Files, Miss, Read
    from vaultgen.render import GeneratedSecret


def generate(document: "Document", files: "Files", backend: "Callable[[], Backend]") -> "tuple[GeneratedSecret, ...]":
    """Return the Secrets of a document; where a vaultgen.lock is among the files, of exactly the versions it names.

    ``backend`` is called only if something has to be read. Raises ``Refused`` with all faults of the
    document, or, once that is sound, all faults of the lock, of the reads and of what was read.
    """
    planned = plan(document, files)
    try:
        answers = _answers(planned, document, files, backend) if planned.uses else {}
    except Refused as refused:
        faults = [placed for fault in refused.faults for placed in placed_faults(fault, planned, document)]
        raise Refused([*faults, *faults_of(planned, refused.answers)]) from None
    return render(planned, answers)


def read_lock(files: "Files") -> "Lock | None":
    """Return the lock among the files, if there is one. Raises ``Refused``: bad-lock, file-outside-root, …"""
    try:
        text = files.read(LOCK_FILE)
    except Refused as refused:
        if refused.faults[0].code != "file-not-found":
            raise
        return None
    from vaultgen.lock import parse_lock

    return parse_lock(text)


def placed_faults(fault: Fault, planned: "Plan", document: "Document") -> "Iterator[Fault]":
    """A failed read is a fault of every reference that asks for it, any other one of the document."""
    if fault.read is None:
        place, own = fault.place, document.place
        yield fault._replace(place=place._replace(file=place.file or own.file, document=own.document))
    else:
        for place in planned.uses[fault.read]:
            yield fault._replace(place=place)


def _answers(
    planned: "Plan", document: "Document", files: "Files", backend: "Callable[[], Backend]"
) -> "Mapping[Read, Answer | Miss]":
    reads = tuple(planned.uses)
    if (lock := read_lock(files)) is None:
        return backend().read_all(reads)
    from vaultgen.lock import read_locked

    return read_locked(lock, reads, backend, document.vault.namespace)
