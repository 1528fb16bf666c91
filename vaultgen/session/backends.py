"""The backends of a whole build: shared by all its documents, each path read once, each login tried once."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from vaultgen.document.model import Document, VaultConfig
from vaultgen.errors import Fault, Refused
from vaultgen.errors.catalogue import CATALOGUE
from vaultgen.generate import generate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from vaultgen.ports import Answer, Backend, Files, Miss, Read
    from vaultgen.render import GeneratedSecret

    Connect = Callable[[VaultConfig, Files], Backend]


class SharedBackend:
    """The port ``Backend``; it asks the one behind it for each read once, also where that has failed."""

    def __init__(self, backend: "Backend") -> None:
        self._backend = backend
        self.is_at_home = bool(getattr(backend, "is_at_home", True))
        """Whether it leads to a server that is not a document's choice alone."""
        self._known: dict[Read, Answer | Miss] = {}
        self._failed: dict[Read, list[Fault]] = {}
        self.broken: tuple[Fault, ...] = ()
        """What makes every read fail: a login that was refused, a server that is not there."""

    def read_all(self, reads: "Sequence[Read]", /) -> "Mapping[Read, Answer | Miss]":
        """Return the answers; raises what the backend raises, with the answers that there are."""
        new = [read for read in dict.fromkeys(reads) if read not in self._known and read not in self._failed]
        if new and not self.broken:
            try:
                self._known.update(self._backend.read_all(new))
            except Refused as refused:
                self._known.update(refused.answers)
                self.broken = tuple(fault for fault in refused.faults if fault.read is None)
                for fault in refused.faults:
                    if fault.read is not None:
                        self._failed.setdefault(fault.read, []).append(fault)
        faults = [*self.broken, *(fault for read in reads for fault in self._failed.get(read, ()))]
        answers = {read: self._known[read] for read in reads if read in self._known}
        if faults:
            raise Refused(faults, answers)
        return answers


class SharedBackends:
    """One backend for all documents whose ``vault:`` blocks agree."""

    def __init__(self, connect: "Connect") -> None:
        """``connect`` makes the backend for a ``vault:`` block and the files that it may name."""
        self._connect = connect
        self._backends: dict[str, SharedBackend] = {}

    def of(self, config: VaultConfig, files: "Files", root: str) -> "Backend":
        """Return the backend for a document in a kustomization's root. Raises what ``connect`` raises."""
        return self._of(config, files, root)

    def _of(self, config: VaultConfig, files: "Files", root: str) -> SharedBackend:
        # Relative paths in a block are below the root, so blocks that hold any differ from root to root.
        key = repr((config, root if any(not path.startswith("/") for path in _paths(config)) else ""))
        if key not in self._backends:
            self._backends[key] = SharedBackend(self._connect(config, files))
        return self._backends[key]

    def make(self, document: Document, files: "Files", root: str) -> "tuple[GeneratedSecret, ...]":
        """Return the Secrets of a document, with their values. Raises what ``generate`` raises."""
        return generate(document, files, lambda: self.of(document.vault, files, root))

    def read_ahead(self, documents: "Iterable[Located]") -> None:
        """Read all that documents ask for: at once, and only if all of them are sound.

        Raises ``Refused`` with every fault of every document, as ``generate`` does. Nothing is sent before each
        document was looked at, and nothing more once a login is refused for what its document says.
        """
        faults: list[Fault] = []
        groups: dict[int, _Group] = {}
        for one in documents:
            try:
                self._collect(one, groups)
            except Refused as refused:
                faults += refused.faults
        if faults:
            raise Refused(faults)
        # What names a server or a credential of its own comes first: it is refused before others have begun.
        for group in sorted(groups.values(), key=lambda group: (group.backend.is_at_home, not group.names_its_own)):
            faults += self._read(group)
            if any(CATALOGUE[fault.code].family == "document" for fault in group.backend.broken):
                break
        if faults:
            raise Refused(faults)

    def _collect(self, one: "Located", groups: "dict[int, _Group]") -> None:
        collector = _Collector()

        def backend() -> "Backend":
            shared = self._of(one.document.vault, one.files, one.root)
            group = groups.setdefault(id(shared), _Group(shared, [], collector.reads))
            group.documents.append(one)
            collector.reads = group.reads
            return collector

        with contextlib.suppress(_Collected):
            generate(one.document, one.files, backend)

    def _read(self, group: "_Group") -> "Iterator[Fault]":
        with contextlib.suppress(Refused):
            group.backend.read_all(group.reads)
        # What makes every read fail is told once.
        for one in group.documents[: 1 if group.backend.broken else None]:
            try:
                self.make(one.document, one.files, one.root)
            except Refused as refused:
                yield from refused.faults


@dataclass(frozen=True)
class Located:
    """A document, and where it is."""

    document: Document
    files: "Files"
    root: str
    """Directory of the kustomization that lists it, links resolved."""


@dataclass(frozen=True)
class _Group:
    """Documents with one backend."""

    backend: SharedBackend
    documents: list[Located]
    reads: "list[Read]"

    @property
    def names_its_own(self) -> bool:
        """Whether its documents have a ``vault:`` block."""
        return self.documents[0].document.vault != VaultConfig()


class _Collected(Exception):
    """The reads of a document are known."""


class _Collector:
    """A backend that notes what it is asked for, and has no answers."""

    def __init__(self) -> None:
        self.reads: list[Read] = []

    def read_all(self, reads: "Sequence[Read]", /) -> "Mapping[Read, Answer | Miss]":
        self.reads += reads
        raise _Collected


def _paths(part: "Any") -> Iterator[str]:
    """Yield the paths of files that a ``vault:`` block names."""
    if isinstance(part, Mapping):
        for value in part.values():
            yield from _paths(value)
    elif hasattr(part, "_fields"):
        for name, value in zip(part._fields, part, strict=True):
            if isinstance(value, str):
                yield from [value] if value and name.endswith("file") else []
            else:
                yield from _paths(value)
    elif isinstance(part, tuple):
        for value in part:
            yield from _paths(value)
