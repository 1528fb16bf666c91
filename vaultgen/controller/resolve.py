"""The values for a tree: all its generators, one session, one login."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from vaultgen.document.model import VaultConfig
from vaultgen.errors import Fault, Refused, refuse
from vaultgen.ports import LOCK_FILE, Answer, Miss, Read
from vaultgen.publish.survey import Generator, Survey
from vaultgen.render import TOTAL_LIMIT, GeneratedSecret, size_of
from vaultgen.session.backends import Located, SharedBackends
from vaultgen.vault.backend import VaultBackend, connect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vaultgen.ports import Backend, Cluster, Files
    from vaultgen.vault.settings import Settings
    from vaultgen.vault.tls import Tls

PER_CONNECTION = 25
"""Requests. Nobody waits for a look, and a TLS handshake costs both sides more than some requests do."""


@dataclass(frozen=True)
class Version:
    """Which version of a KV secret was read."""

    path: str
    vault_namespace: str
    version: int
    created_time: str


@dataclass(frozen=True)
class Resolved:
    """What a tree's generators make."""

    secrets: Sequence[Sequence[GeneratedSecret]]
    """Of each generator, in the survey's order."""
    versions: Sequence[Version]
    """Of each path, sorted."""
    ignored: Sequence[str] = ()
    """Files whose ``vault:`` block was not looked at."""


def resolve(
    surveyed: Survey,
    config: VaultConfig,
    environ: Mapping[str, str],
    cluster: "Cluster",
    log: Callable[[str], None],
    tls: "Callable[[Settings, Files], Tls] | None" = None,
) -> Resolved:
    """Return the Secrets of all generators, read with ``config``: a document's own ``vault:`` block counts for nothing.

    ``log`` takes a line a request, ``tls`` returns the TLS side of connections to a server. Raises ``Refused`` with
    every fault of every document, as ``generate`` does.
    """
    opened: list[_Noting] = []
    answers: dict[Read, Answer | Miss] = {}

    new = partial(connect, cluster=lambda: cluster, log=log, per_connection=PER_CONNECTION, tls=tls)

    def connected(of_document: VaultConfig, files: "Files") -> "Backend":
        if not opened:
            opened.append(_Noting(new(config, environ, files), answers))
        return opened[0]

    located = [_located(generator) for generator in surveyed.generators]
    shared = SharedBackends(connected)
    try:
        shared.read_ahead(located)
        secrets = list(_bounded(shared.make(one.document, one.files, one.root) for one in located))
    finally:
        for backend in opened:
            backend.close()
    ignored = {one.document.place.file for one in surveyed.generators if one.document.vault != VaultConfig()}
    return Resolved(secrets, _versions(answers, config), sorted(ignored))


def _located(generator: Generator) -> Located:
    """Return a generator without what its ``vault:`` block says, but for the namespace that a lock calls paths by."""
    document = generator.document
    document = document._replace(vault=VaultConfig(namespace=document.vault.namespace))
    files = generator.files if document.place.file else _Unlocked(generator.files)
    return Located(document, files, generator.directory)


class _Unlocked:
    """The files for a document that stands in no file: `vaultgen lock` knows nothing of it."""

    def __init__(self, files: "Files") -> None:
        self._files = files

    def read(self, path: str, /) -> bytes:
        if path == LOCK_FILE:
            raise refuse("file-not-found", path=path)
        return self._files.read(path)


def _bounded(made: Iterator[tuple[GeneratedSecret, ...]]) -> Iterator[tuple[GeneratedSecret, ...]]:
    """Let pass as much of all documents as one may hold alone: the memory is that of all tenants."""
    size = 0
    for secrets in made:
        size += sum(map(size_of, secrets))
        if size > TOTAL_LIMIT:
            raise refuse("values-too-large", limit=str(TOTAL_LIMIT))
        yield secrets


class _Noting:
    """The one backend of all documents, which notes what was read.

    Documents that differ in their ``vault.namespace`` read one after the other. Once a server was waited for in vain,
    none of the others waits as long again.
    """

    def __init__(self, backend: VaultBackend, answers: dict[Read, Answer | Miss]) -> None:
        self._backend = backend
        self._answers = answers
        self._broken: list[Fault] = []

    def read_all(self, reads: Sequence[Read], /) -> Mapping[Read, Answer | Miss]:
        if self._broken:
            raise Refused(self._broken)
        try:
            answers = self._backend.read_all(reads)
        except Refused as refused:
            self._broken = [fault for fault in refused.faults if fault.read is None]
            raise
        self._answers.update(answers)
        return answers

    def close(self) -> None:
        self._backend.close()


def _versions(answers: Mapping[Read, Answer | Miss], config: VaultConfig) -> list[Version]:
    found = {
        Version(read.path, read.vault_namespace or config.namespace, answer.version, answer.created_time)
        for read, answer in answers.items()
        if isinstance(answer, Answer) and answer.version is not None
    }
    return sorted(found, key=lambda one: (one.vault_namespace, one.path, one.version))
