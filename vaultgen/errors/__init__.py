"""What can go wrong, as data: a code, a place and public facts.

A fault never holds a value, a token or a library's own message. Its words stand in ``catalogue``, which is
imported only when something failed.
"""

from vaultgen.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vaultgen.ports import Answer, Miss, Read


class Place(Record):
    """Where a fault is; every part is optional and safe to print."""

    file: str = ""
    """The file that the document came from, as kustomize names it."""
    document: str = ""
    """Kind and name of the document: ``VaultSecretGenerator my-app``."""
    field: str = ""
    """Path of the field: ``secretGenerator[0].files``."""
    entry: str = ""
    """Name of the Secret that the entry makes."""
    key: str = ""
    """The data key."""
    reference: str = ""
    """The reference, without its default text."""
    line: int = 0
    """1-based; 0 where unknown."""
    column: int = 0
    """1-based; 0 where unknown."""


NOWHERE = Place()
NO_FACTS: "Mapping[str, str]" = {}


class Fault(Record):
    """One thing that went wrong."""

    code: str
    """A row of ``vaultgen.errors.catalogue``."""
    place: Place = NOWHERE
    facts: "Mapping[str, str]" = NO_FACTS
    """What the row's sentences name: public, printable, one line each."""
    read: "Read | None" = None
    """The read that failed; the use case finds the references that asked for it."""


class Refused(Exception):
    """The work cannot be done; carries every fault that is known."""

    def __init__(self, faults: "Iterable[Fault]", answers: "Mapping[Read, Answer | Miss] | None" = None) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        self.answers: Mapping[Read, Answer | Miss] = answers or {}
        """Of a backend: what was read all the same, so that what is wrong with that can be told as well."""
        super().__init__(", ".join(fault.code for fault in self.faults))


def refuse(code: str, place: Place = NOWHERE, read: "Read | None" = None, /, **facts: str) -> Refused:
    """Return (not raise) a ``Refused`` with a single fault."""
    return Refused([Fault(code, place, facts, read)])
