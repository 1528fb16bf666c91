"""The use case: a document in, its Secrets out, or every reason why not."""

from vaultgen.errors import Fault, Refused
from vaultgen.plan import plan
from vaultgen.render import faults_of, render

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vaultgen.document.model import Document
    from vaultgen.errors import Place
    from vaultgen.plan import Plan
    from vaultgen.ports import Backend, Files
    from vaultgen.render import GeneratedSecret


def generate(document: "Document", files: "Files", backend: "Callable[[], Backend]") -> "tuple[GeneratedSecret, ...]":
    """Return the Secrets of a document.

    ``backend`` is called only if something has to be read. Raises ``Refused`` with all faults of the
    document, or, once that is sound, all faults of the reads and of what was read.
    """
    planned = plan(document, files)
    try:
        answers = backend().read_all(tuple(planned.uses)) if planned.uses else {}
    except Refused as refused:
        faults = [placed for fault in refused.faults for placed in _placed(fault, planned, document.place)]
        raise Refused([*faults, *faults_of(planned, refused.answers)]) from None
    return render(planned, answers)


def _placed(fault: Fault, planned: "Plan", document: "Place") -> "Iterator[Fault]":
    """A failed read is a fault of every reference that asks for it, any other one of the document."""
    if fault.read is None:
        yield fault._replace(place=fault.place._replace(file=document.file, document=document.document))
    else:
        for place in planned.uses[fault.read]:
            yield fault._replace(place=place)
