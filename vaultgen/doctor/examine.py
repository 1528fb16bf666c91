"""All checks, in an order in which each can build on those before."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import ModuleType

from vaultgen.doctor import address, clock, connection, documents, lock, login, namespaces, references, seal, tls, token
from vaultgen.doctor.byte_code import check_byte_code
from vaultgen.doctor.command import check_command
from vaultgen.doctor.kustomize import check_kustomize
from vaultgen.doctor.peek import Glance, Peek
from vaultgen.doctor.plugin import check_plugin
from vaultgen.doctor.token_file import check_token_file
from vaultgen.doctor.variables import check_variables
from vaultgen.doctor.verdict import Verdict, skip
from vaultgen.document.model import VaultConfig
from vaultgen.errors import Fault
from vaultgen.kustomize.trust import function_of
from vaultgen.local_files import LocalFiles
from vaultgen.lock import Lock
from vaultgen.survey import Asked
from vaultgen.vault.backend import REVOKE_SECONDS
from vaultgen.vault.message import Request
from vaultgen.vault.pool import Pool

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vaultgen.ports import Read

Log = Callable[[str], None] | None
"""Takes a line a request, without values."""


def examine(
    directory: str, environ: Mapping[str, str], *, named: bool, kustomize: str = "", log: Log = None
) -> Iterator[Verdict]:
    """Yield a verdict after the other, as soon as it is known.

    ``named`` is whether the user named the directory: one without a kustomization is no fault otherwise. ``kustomize``
    is the program to look at; empty finds it on PATH.
    """
    asked: list[Asked] = []
    of_tree = list(documents.check_documents(directory, asked, named=named))
    yield check_kustomize(kustomize, environ)
    yield check_command(environ)
    yield check_plugin(environ, any(function_of(one.plugin.document) is None for one in asked))
    yield check_byte_code()
    yield from check_variables(environ)
    yield check_token_file(environ)
    yield from of_tree
    ways = _ways(asked, directory)
    for way in ways:
        for verdict in way.examine(environ, log):
            yield dataclasses.replace(verdict, scope=way.name) if len(ways) > 1 else verdict


def _ways(asked: Sequence[Asked], directory: str) -> "list[_Way]":
    """Return the different ways to Vault of some documents; without any, that of the environment alone."""
    found: list[_Way] = []
    for one in asked:
        config = one.document.vault
        # Paths in a block are below the root of its document.
        root = directory if config == VaultConfig() else one.root
        way = next((way for way in found if (way.config, way.root) == (config, root)), None)
        if way is None:
            found.append(way := _Way(config, root, []))
        way.asked.append(one)
    reading = [way for way in found if any(one.plan.uses for one in way.asked)]
    return reading or [_Way(VaultConfig(), directory, [], needed=not asked)]


@dataclasses.dataclass
class _Way:
    """One way to Vault, and the documents that take it."""

    config: VaultConfig
    root: str
    asked: list[Asked]
    needed: bool = True

    @property
    def name(self) -> str:
        return ", ".join(dict.fromkeys(one.plugin.file for one in self.asked))

    def examine(self, environ: Mapping[str, str], log: Log) -> Iterator[Verdict]:
        if not self.needed:
            yield skip(address.NAME, "no document reads from Vault")
            return
        locks: dict[str, Lock] = {}
        glances: dict[Read, Glance] = {}
        yield from lock.locks_of(self.asked, locks)
        yield from self._examine_vault(environ, locks, glances, log)
        yield from lock.check_locks(self.asked, locks, glances)

    def _examine_vault(
        self, environ: Mapping[str, str], locks: Mapping[str, Lock], glances: "dict[Read, Glance]", log: Log
    ) -> Iterator[Verdict]:
        files = LocalFiles(self.root)
        settings = yield from address.check_address(self.config, environ)
        if settings is None:
            yield from _skipped(connection, tls, clock, seal, login, token, why="there is no address")
            return
        greeting = yield from connection.check_connection(settings, files, log)
        if greeting is None:
            yield from _skipped(tls, clock, seal, login, token, why="there is no connection")
            return
        yield from tls.check_tls(settings, greeting, files, log)
        if isinstance(greeting.response, Fault):
            yield from _skipped(clock, seal, login, token, why="there is no TLS session")
            return
        yield clock.check_clock(greeting.response, greeting.received)
        if not (yield from seal.check_seal(settings, greeting.response)):
            yield from _skipped(login, token, why="Vault answers nothing else")
            return
        pool = Pool(settings, files, log)
        session = None
        try:
            session = yield from login.check_login(self.config, settings, environ, pool, files)
            if session is None:
                yield from _skipped(token, why="there is none")
                return
            pool.restart_clock()
            if (yield from token.check_token(settings, session, pool)):
                yield from namespaces.check_namespaces(
                    settings, session, pool, (read for one in self.asked for read in one.plan.uses)
                )
                peek = Peek(references.versions_of(self.asked, locks), pool, session, settings)
                peek.ask()
                glances.update(peek.glances)
                yield from references.check_references(self.asked, locks, glances)
        finally:
            if session and session.acquired:
                pool.send_last(Request("POST", "auth/token/revoke-self", token=session.token), REVOKE_SECONDS)
            pool.close()


def _skipped(*checks: ModuleType, why: str) -> Iterator[Verdict]:
    return (skip(check.NAME, why) for check in checks)
