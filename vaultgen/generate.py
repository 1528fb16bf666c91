"""The use case: a document in, its Secrets out, or every reason why not."""

from vaultgen.errors import Fault, Refused
from vaultgen.plan import plan
from vaultgen.render import faults_of, render

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from vaultgen.document.model import Document
    from vaultgen.errors import Place
    from vaultgen.plan import Plan
    from vaultgen.ports import Answer, Backend, Files, Miss, Read
    from vaultgen.render import GeneratedSecret


LOCK_FILE = "vaultgen.lock"
"""Beside the kustomization, where `vaultgen lock` puts it."""


def generate(document: "Document", files: "Files", backend: "Callable[[], Backend]") -> "tuple[GeneratedSecret, ...]":
    """Return the Secrets of a document; where a vaultgen.lock is among the files, of exactly the versions it names.

    ``backend`` is called only if something has to be read. Raises ``Refused`` with all faults of the
    document, or, once that is sound, all faults of the reads and of what was read.
    """
    planned = plan(document, files)
    try:
        answers = _answers(tuple(planned.uses), backend, files) if planned.uses else {}
    except Refused as refused:
        faults = [placed for fault in refused.faults for placed in _placed(fault, planned, document.place)]
        raise Refused([*faults, *faults_of(planned, refused.answers)]) from None
    return render(planned, answers)


def _answers(
    reads: "tuple[Read, ...]", backend: "Callable[[], Backend]", files: "Files"
) -> "Mapping[Read, Answer | Miss]":
    try:
        text = files.read(LOCK_FILE)
    except Refused as refused:
        if refused.faults[0].code != "file-not-found":
            raise
        return backend().read_all(reads)
    from vaultgen.lock import parse_lock, read_locked

    return read_locked(parse_lock(text), reads, backend())


def _placed(fault: Fault, planned: "Plan", document: "Place") -> "Iterator[Fault]":
    """A failed read is a fault of every reference that asks for it, any other one of the document."""
    if fault.read is None:
        yield fault._replace(place=fault.place._replace(file=document.file, document=document.document))
    else:
        for place in planned.uses[fault.read]:
            yield fault._replace(place=place)
