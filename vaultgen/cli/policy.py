"""``vaultgen policy``: the least-privilege policy for what a tree reads, and whether the credential at hand has it."""

import contextlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import click

from vaultgen.cli.app import FOUND_STATUS
from vaultgen.cli.terminal import waiting
from vaultgen.document.model import VaultConfig
from vaultgen.errors import Refused
from vaultgen.errors.report import clean, message
from vaultgen.function import debug_log
from vaultgen.kustomize.walk import walk
from vaultgen.local_files import LocalFiles
from vaultgen.policy import Section, Target, api_path, policy_text, sections
from vaultgen.ports import Read
from vaultgen.survey import Asked, survey
from vaultgen.vault.backend import VaultBackend, connect
from vaultgen.vault.environment import find
from vaultgen.vault.mounts import Mount
from vaultgen.vault.rights import capabilities, visible_mounts
from vaultgen.vault.settings import read_settings

ALL = "*"
"""No Vault namespace: all of them."""
JSON_VERSION = 1
"""Fields may be added to this version; none is renamed or removed."""


@click.command()
@click.argument("directory", metavar="[DIR]", default=".", type=click.Path(exists=True, file_okay=False))
@click.option("--check", "only_check", is_flag=True, help="Ask Vault whether the credential at hand has this policy.")
@click.option(
    "--output", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How --check answers."
)
def command(directory: str, only_check: bool, output: str) -> int:
    """Print the least policy, in HCL, for what DIR reads.

    Each path says which Secrets and keys it is for. Vault is asked only for paths that do not show which engine they
    belong to (secret/app, without data/); without Vault these are taken for KV v2, and the policy says so.

    With --check nothing is printed but a line a path: ok, missing, or broader where the token may do more than read. No
    value is read. Exit status 1 tells that a path is missing.

    \b
    Examples:
      vaultgen policy overlays/production > policy.hcl
      vaultgen policy overlays/production | bao policy write my-app -
      vaultgen policy --check overlays/production
      vaultgen policy --check --output json overlays/production
    """
    if output == "json" and not only_check:
        raise click.UsageError("--output goes with --check")
    asked = [one for one in survey(walk(directory)) if one.plan.uses]
    with contextlib.ExitStack() as stack:
        ways = _ways(asked, stack)
        if only_check:
            return _check(ways, output)
        with waiting("asking Vault for its mounts"):
            text = policy_text(_sections_of(ways))
        click.echo(text, nl=False)
        for why in dict.fromkeys(why for way in ways for why in way.silence.values()):
            click.echo(f"note: some paths are taken for KV v2: {why}", err=True)
    return 0


@dataclass
class _Way:
    """One way to Vault, and the documents that take it."""

    config: VaultConfig
    root: str
    stack: contextlib.ExitStack
    asked: list[Asked] = field(default_factory=list)
    silence: dict[str, str] = field(default_factory=dict)
    """Why Vault did not answer, in words, by Vault namespace."""
    _backend: VaultBackend | None = None
    _mounts: dict[str, tuple[Mount, ...]] = field(default_factory=dict)

    @property
    def backend(self) -> VaultBackend:
        """The session; raises ``Refused`` as ``connect`` does."""
        if self._backend is None:
            connected = connect(self.config, os.environ, LocalFiles(self.root), log=debug_log(os.environ))
            self._backend = self.stack.enter_context(contextlib.closing(connected))
        return self._backend

    @property
    def place(self) -> tuple[str, str]:
        """Address and Vault namespace, both empty where none is known."""
        try:
            settings = read_settings(self.config, os.environ)
        except Refused:
            namespace = find(os.environ, "NAMESPACE").value or self.config.namespace
            return self.config.address, namespace.strip("/")
        return settings.address.text, settings.vault_namespace

    def mounts(self, vault_namespace: str) -> tuple[Mount, ...]:
        """Return the mounts that the credential sees; raises ``Refused`` as ``visible_mounts`` does."""
        if vault_namespace not in self._mounts:
            self._mounts[vault_namespace] = visible_mounts(self.backend, vault_namespace)
        return self._mounts[vault_namespace]

    def known_target(self, read: Read) -> tuple[str, str]:
        """Return the API path of a read and a note about it; raises ``Refused`` as ``mounts`` and ``api_path`` do."""
        return api_path(read, self.mounts(read.vault_namespace))

    def target(self, read: Read) -> tuple[str, str]:
        """Return the same; Vault is asked only if the path does not show its engine, and it need not answer."""
        namespace = read.vault_namespace
        if read.path.split("/")[1:2] == ["data"] or namespace in self.silence or ALL in self.silence:
            return api_path(read, None)
        try:
            self.mounts(namespace)
        except Refused as refused:
            fault = refused.faults[0]
            self.silence[namespace if fault.code == "namespace-unknown" else ALL] = clean(message(fault))
            return api_path(read, None)
        return self.known_target(read)


def _ways(asked: Iterable[Asked], stack: contextlib.ExitStack) -> list[_Way]:
    ways: list[_Way] = []
    for one in asked:
        # Paths in a block are below the root of its document.
        root = "" if one.document.vault == VaultConfig() else one.root
        way = next((way for way in ways if (way.config, way.root) == (one.document.vault, root)), None)
        if way is None:
            ways.append(way := _Way(one.document.vault, root, stack))
        way.asked.append(one)
    return ways


def _sections_of(ways: list[_Way]) -> list[tuple[str, Section]]:
    """Return the sections of all ways with their addresses; those of one place are one section."""
    places: dict[tuple[str, str], list[tuple[Asked, Target]]] = {}
    for way in ways:
        places.setdefault(way.place, []).extend((one, way.target) for one in way.asked)
    return [(address, one) for (address, namespace), asked in places.items() for one in sections(asked, namespace)]


@dataclass(frozen=True)
class _Verdict:
    """What a credential may do at one path."""

    vault_namespace: str
    path: str
    granted: tuple[str, ...]
    documents: tuple[str, ...]
    """The files whose credential it is."""

    @property
    def may_read(self) -> bool:
        return "read" in self.granted or "root" in self.granted

    @property
    def beyond(self) -> tuple[str, ...]:
        """What it may do besides reading."""
        return tuple(name for name in self.granted if name not in ("read", "deny"))


def _check(ways: list[_Way], output: str) -> int:
    with waiting("asking Vault"):
        verdicts = [verdict for way in ways for verdict in _verdicts(way)]
    lacking = [verdict for verdict in verdicts if not verdict.may_read]
    if output == "json":
        click.echo(_as_json(verdicts))
    else:
        for verdict in verdicts:
            click.echo(clean(_line(verdict, several=len(ways) > 1)))
    if not verdicts:
        click.echo("no document here reads from Vault", err=True)
    if lacking:
        click.echo(f"{len(lacking)} of {len(verdicts)} paths may not be read", err=True)
    return FOUND_STATUS if lacking else 0


def _verdicts(way: _Way) -> Iterator[_Verdict]:
    _, own = way.place
    documents = tuple(dict.fromkeys(one.plugin.file for one in way.asked))
    for section in sections([(one, way.known_target) for one in way.asked], own):
        paths = [rule.path for rule in section.rules]
        granted = capabilities(way.backend, paths, section.vault_namespace if section.is_foreign else "")
        for path in paths:
            yield _Verdict(section.vault_namespace, path, granted[path], documents)


def _line(verdict: _Verdict, *, several: bool) -> str:
    word = "missing" if not verdict.may_read else "broader" if verdict.beyond else "ok"
    beyond = f": also {', '.join(verdict.beyond)}" if verdict.may_read and verdict.beyond else ""
    namespace = f" in {verdict.vault_namespace}" if verdict.vault_namespace else ""
    documents = f" ({', '.join(verdict.documents)})" if several else ""
    return f"{word:8} {verdict.path}{namespace}{beyond}{documents}"


def _as_json(verdicts: list[_Verdict]) -> str:
    paths = [
        {
            "path": one.path,
            "vaultNamespace": one.vault_namespace,
            "documents": one.documents,
            "mayRead": one.may_read,
            "capabilities": one.granted,
            "beyondReading": one.beyond,
        }
        for one in verdicts
    ]
    return json.dumps(
        {"version": JSON_VERSION, "mayReadAll": all(one.may_read for one in verdicts), "paths": paths}, indent=2
    )
