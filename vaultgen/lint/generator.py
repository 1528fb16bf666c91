"""The documents among a tree's plugins that vaultgen reads: planned as a build would, but without a backend."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vaultgen.document.api_rules import missing_for_type
from vaultgen.document.model import Document, Entry, EnvSource
from vaultgen.document.read import API_VERSION, KIND, read_document
from vaultgen.errors import Fault, Place, Refused
from vaultgen.kustomize.location import steps_to
from vaultgen.kustomize.trust import FLUX_GROUP, function_of
from vaultgen.kustomize.walk import Path, Plugin
from vaultgen.lint.finding import Spot
from vaultgen.local_files import LocalFiles
from vaultgen.plan import Plan, PlannedSecret, Value, WholeSecret, plan
from vaultgen.reference import Reference, is_reference

GROUP = API_VERSION.partition("/")[0]


@dataclass(frozen=True)
class Generator:
    """A document for vaultgen."""

    plugin: Plugin
    document: Document | None
    """None where it cannot be read."""
    plan: Plan | None
    """None where a build would refuse it."""
    faults: tuple[Fault, ...]

    @property
    def spot(self) -> Spot:
        """Where the document begins."""
        return Spot(self.plugin.file, self.plugin.path)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Its Secrets to be, as far as they are known."""
        return self.document.entries if self.document else ()

    def planned(self, entry: Entry) -> PlannedSecret | None:
        """Return the plan of one entry."""
        return next((one for one in self.plan.secrets if one.entry is entry), None) if self.plan else None

    def at(self, place: Place) -> Spot:
        """Return the spot of a place in this document."""
        return self.spot.below(*steps_to(place))


def is_meant(document: Mapping[str, Any]) -> bool:
    """Return whether a document is meant for vaultgen, be it right or not."""
    kind, group = str(document.get("kind") or ""), str(document.get("apiVersion") or "").rpartition("/")[0]
    if kind == KIND or (group == GROUP and kind != "VaultArtifact"):
        return True
    spec = document.get("spec")
    if group == FLUX_GROUP and kind == "Kustomization" and isinstance(spec, dict) and "secretGenerator" in spec:
        return True
    return program(document).rpartition("/")[2] == "vaultgen"


def program(document: Mapping[str, Any]) -> str:
    """Return the path of the program that a document's function annotation names; empty without one."""
    section = (function_of(document) or {}).get("exec")
    path = section.get("path") if isinstance(section, dict) else None
    return path if isinstance(path, str) else ""


def read_generator(plugin: Plugin) -> Generator:
    """Return a document and its plan, or what is wrong with it."""
    document = planned = None
    faults: tuple[Fault, ...] = ()
    try:
        document = read_document(plugin.document, plugin.file)
        planned = plan(document, LocalFiles(plugin.kustomization.root))
    except Refused as refused:
        faults = refused.faults
    else:
        faults = tuple(_incomplete(planned))
    return Generator(plugin, document, planned, faults)


def keys_of(planned: PlannedSecret) -> set[str] | None:
    """Return the data keys of a Secret to be; None where they are known only after reading."""
    if any(isinstance(source, WholeSecret) for source in planned.sources):
        return None
    keys = {source.key for source in planned.sources if not isinstance(source, WholeSecret)}
    return keys | {".dockerconfigjson"} if planned.registries else keys


def references_of(generator: Generator) -> Iterator[tuple[Reference, Place]]:
    """Yield every reference of a planned document with its place."""
    for secret in generator.plan.secrets if generator.plan else ():
        for source in secret.sources:
            if isinstance(source, Value):
                yield from ((part, source.place) for part in source.text if isinstance(part, Reference))
            elif isinstance(source, WholeSecret):
                yield source.reference, source.place
        for registry in secret.registries:
            for text in (registry.server, registry.username, registry.password, registry.email):
                yield from ((part, registry.place) for part in text if isinstance(part, Reference))


def lookup(tree: Any, path: Path) -> Any:
    """Return what stands at a path of a document; None where it leads nowhere."""
    for step in path:
        if isinstance(tree, dict):
            tree = tree.get(step)
        elif isinstance(tree, list) and isinstance(step, int) and step < len(tree):
            tree = tree[step]
        else:
            return None
    return tree


def dotenv_sources(entry: Entry) -> Iterator[EnvSource]:
    """Yield the dotenv files of an entry."""
    yield from (env for env in entry.envs if not is_reference(env.source))


def _incomplete(planned: Plan) -> Iterator[Fault]:
    """Yield what a build says of a Secret that lacks the keys of its type, where all keys are known."""
    for secret in planned.secrets:
        entry, keys = secret.entry, keys_of(secret)
        if keys is not None and entry.behavior != "merge":
            lacking = missing_for_type(entry.type, dict.fromkeys(keys, b"?"), entry.options.annotations)
            if lacking:
                yield Fault("incomplete-type", entry.place, {"type": entry.type, "what": lacking})
