"""How a build's parent answers the processes that kustomize starts: from shared backends, each path read once."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from vaultgen.document.model import Document, Tls, VaultConfig
from vaultgen.document.read import read_document
from vaultgen.errors import Refused
from vaultgen.function import Surroundings, run, run_document
from vaultgen.generate import generate, read_lock
from vaultgen.kustomize.walk import Plugin
from vaultgen.local_files import LocalFiles
from vaultgen.lock import exact_reads
from vaultgen.plan import plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vaultgen.ports import Answer, Backend, Files, Miss, Read
    from vaultgen.render import GeneratedSecret

    Connect = Callable[[VaultConfig, Files], Backend]
    Make = Callable[[Document, Files, str], tuple[GeneratedSecret, ...]]
    """(document, files, root) → Secrets."""


class SharedBackend:
    """The port ``Backend``; it asks the one behind it for each read once."""

    def __init__(self, backend: "Backend") -> None:
        self._backend = backend
        self._known: dict[Read, Answer | Miss] = {}

    def read_all(self, reads: "Sequence[Read]", /) -> "Mapping[Read, Answer | Miss]":
        """Return all answers, those known already included; raises what the backend raises."""
        if new := [read for read in reads if read not in self._known]:
            try:
                self._known.update(self._backend.read_all(new))
            except Refused as refused:
                self._known.update(refused.answers)
                known = {read: self._known[read] for read in reads if read in self._known}
                raise Refused(refused.faults, known) from None
        return {read: self._known[read] for read in reads}


class SharedBackends:
    """One backend for all documents whose ``vault:`` blocks agree."""

    def __init__(self, connect: "Connect") -> None:
        """``connect`` makes the backend for a ``vault:`` block and the files that it may name."""
        self._connect = connect
        self._backends: dict[str, SharedBackend] = {}

    def of(self, config: VaultConfig, files: "Files", root: str) -> "Backend":
        """Return the backend for a document in a kustomization's root. Raises what ``connect`` raises."""
        # Files that a block names are below the root, so blocks that name any differ from root to root.
        key = repr((config, root if config.tls != Tls() or config.auth else ""))
        if key not in self._backends:
            self._backends[key] = SharedBackend(self._connect(config, files))
        return self._backends[key]

    def make(self, document: Document, files: "Files", root: str) -> "tuple[GeneratedSecret, ...]":
        """Return the Secrets of a document, with their values. Raises what ``generate`` raises."""
        return generate(document, files, lambda: self.of(document.vault, files, root))

    def read_ahead(self, plugins: Iterable[Plugin]) -> None:
        """Read what documents ask for, all at once; what is wrong is left for the build to say."""
        wanted: dict[int, tuple[Backend, list[Read]]] = {}
        for plugin in plugins:
            root = plugin.kustomization.root
            files = LocalFiles(root)
            try:
                document = read_document(plugin.document)
                if reads := tuple(plan(document, files).uses):
                    if lock := read_lock(files):
                        reads = tuple(exact_reads(lock, reads, document.vault.namespace))
                    backend = self.of(document.vault, files, root)
                    wanted.setdefault(id(backend), (backend, []))[1].extend(reads)
            except Refused:
                continue
        for backend, found in wanted.values():
            try:
                backend.read_all(list(dict.fromkeys(found)))
            except Refused:
                continue


class Answers:
    """Answers the processes of one build."""

    def __init__(self, make: "Make", environ: Mapping[str, str]) -> None:
        """``make`` makes the Secrets that kustomize may see."""
        self._make = make
        self._environ = environ
        self.status = 0
        """Exit status of the document that was refused last; 0 if none was."""

    def __call__(self, face: str, root: str, request: bytes) -> tuple[int, str, bytes]:
        """Answer one process: (status, text for standard error, standard output). Never raises."""
        surroundings = Surroundings(self._environ, root, make=lambda document, files: self._make(document, files, root))
        outcome = (run_document if face == "plugin" else run)(request, surroundings)
        self.status = outcome.status or self.status
        return outcome.status, outcome.stderr, outcome.stdout
