"""The resources of a build, modelled from the text alone: names, namespaces and keys, and who refers to what.

The order is that of kustomize's ``api/internal/target/kusttarget.go``: resources, builtin generators, generators,
components, then patches, namespace, prefix and suffix; references are resolved once, at the end.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from vaultgen.document.model import Entry
from vaultgen.document.sources import parse_dotenv, parse_file_source, parse_literal
from vaultgen.errors import Fault, Refused
from vaultgen.kustomize.fields import entries
from vaultgen.kustomize.trust import function_of
from vaultgen.kustomize.walk import LEVEL_LIMIT, Kustomization, Plugin, Resource, Tree, is_remote
from vaultgen.lint.changes import HARMLESS_TRANSFORMERS, Change, changes
from vaultgen.lint.files import Files
from vaultgen.lint.finding import Spot
from vaultgen.lint.generator import Generator, keys_of
from vaultgen.local_files import LocalFiles

Id = tuple[str, str]
"""Namespace and name."""


@dataclass(eq=False)
class Item:
    """A resource of the build."""

    spot: Spot
    document: Mapping[str, Any]
    kind: str
    name: str
    namespace: str
    ids: set[Id] = field(default_factory=set)
    """All that it has been called on its way."""
    annotations: dict[str, str] = field(default_factory=dict)
    """What is added to its own: by the kustomizations above, or by the options of a generator."""
    changes: list[Change] = field(default_factory=list)
    """Patches and replacements that may reach it."""
    uncertain: bool = False
    """Whether something else than the text decides on names, keys and references."""

    @property
    def names(self) -> set[str]:
        """Every name that it has had, its suffix left out."""
        return {name for _, name in self.ids}


@dataclass(eq=False)
class MadeSecret(Item):
    """A Secret of the build."""

    keys: set[str] | None = None
    """Its data keys; None where they are not known."""
    has_suffix: bool = False
    """Whether its name will end in a hash of its content."""
    makers: list[tuple[Generator, Entry]] = field(default_factory=list)
    """What vaultgen makes of it."""


@dataclass(frozen=True)
class Clash:
    """A generated Secret whose behavior does not fit what is there."""

    spot: Spot
    name: str
    behavior: str
    """Empty for create."""
    later: bool = False
    """Whether vaultgen makes a Secret of the name in the same kustomization, but only after this."""


@dataclass
class Build:
    """All resources of a build."""

    items: list[Item] = field(default_factory=list)
    clashes: list[Clash] = field(default_factory=list)
    has_unknown: bool = False
    """Whether there are resources that are not seen: remote bases, charts, other generators."""

    @property
    def secrets(self) -> Iterator[MadeSecret]:
        """Its Secrets."""
        return (item for item in self.items if isinstance(item, MadeSecret))


def same_namespace(one: str, other: str) -> bool:
    """Return whether kustomize takes two namespaces for the same."""
    return (one or "default") == (other or "default")


def model(tree: Tree, generators: "list[Generator]", files: Files) -> Build:
    """Return what a build of the tree's first kustomization gives, as far as its text says."""
    build = Build()
    if tree.kustomizations:
        top = tree.kustomizations[0]
        # A component works on what only the one that lists it knows.
        build.has_unknown = top.is_component
        _Modeller(tree, generators, files).add(top, build)
    return build


class _Modeller:
    def __init__(self, tree: Tree, generators: "list[Generator]", files: Files) -> None:
        self._files = files
        self._kustomizations = {one.root: one for one in tree.kustomizations}
        self._resources: dict[str, list[Resource]] = {}
        self._plugins: dict[str, list[Plugin]] = {}
        self._generators = {id(one.plugin): one for one in generators}
        self._has_gaps = bool(tree.unreadable or tree.missing)
        self._open: set[str] = set()
        for resource in tree.resources:
            self._resources.setdefault(resource.kustomization.root, []).append(resource)
        for plugin in tree.plugins:
            self._plugins.setdefault(plugin.kustomization.root, []).append(plugin)

    def add(self, kustomization: Kustomization, build: Build) -> None:
        """Add what a kustomization yields; a component works on what is there already."""
        if kustomization.root in self._open:
            return
        if len(self._open) > LEVEL_LIMIT:
            build.has_unknown = True
            return
        self._open.add(kustomization.root)
        own = build if kustomization.is_component else Build(has_unknown=self._has_gaps, clashes=build.clashes)
        tree = kustomization.tree
        for name in ("resources", "bases"):
            self._directories(kustomization, name, own)
        for resource in self._resources.get(kustomization.root, ()):
            own.items.append(_item(resource))
        self._builtin(kustomization, own)
        for plugin in self._plugins.get(kustomization.root, ()):
            if plugin.role == "generators":
                self._generate(plugin, own)
        self._directories(kustomization, "components", own)
        if any(tree.get(name) for name in ("helmCharts", "helmChartInflationGenerator")):
            own.has_unknown = True
        self._transform(kustomization, own)
        if own is not build:
            build.items += own.items
            build.has_unknown |= own.has_unknown
        self._open.remove(kustomization.root)

    def _directories(self, kustomization: Kustomization, name: str, build: Build) -> None:
        for _, _, entry in entries(kustomization.tree, name):
            path = os.path.normpath(os.path.join(kustomization.root, entry))
            build.has_unknown |= is_remote(entry)
            if os.path.isdir(path):
                below = self._kustomizations.get(os.path.realpath(path))
                build.has_unknown |= below is None
                if below:
                    self.add(below, build)

    def _builtin(self, kustomization: Kustomization, build: Build) -> None:
        """Add the Secrets of the builtin secretGenerator."""
        defaults = kustomization.tree.get("generatorOptions")
        made_later = {
            entry.name
            for plugin in self._plugins.get(kustomization.root, ())
            if (generator := self._generators.get(id(plugin)))
            for entry in generator.entries
        }
        for spot, entry in builtin_entries(kustomization):
            options = [one for one in (defaults, entry.get("options")) if isinstance(one, dict)]
            secret = MadeSecret(
                spot,
                entry,
                "Secret",
                str(entry.get("name") or ""),
                str(entry.get("namespace") or ""),
                keys=_builtin_keys(entry, kustomization),
                has_suffix=not any(one.get("disableNameSuffixHash") is True for one in options),
            )
            _absorb(secret, str(entry.get("behavior") or ""), build, later=secret.name in made_later)

    def _generate(self, plugin: Plugin, build: Build) -> None:
        generator = self._generators.get(id(plugin))
        if generator is None or generator.document is None:
            build.has_unknown = True
            return
        for entry in generator.entries:
            planned = generator.planned(entry)
            secret = MadeSecret(
                generator.at(entry.place),
                plugin.document,
                "Secret",
                entry.name,
                entry.namespace,
                annotations=dict(entry.options.annotations),
                keys=keys_of(planned) if planned else None,
                has_suffix=not entry.options.disable_name_suffix_hash,
                makers=[(generator, entry)],
            )
            _absorb(secret, entry.behavior or "", build)

    def _transform(self, kustomization: Kustomization, build: Build) -> None:
        tree = kustomization.tree
        for change in changes(kustomization, self._files):
            for item in build.items:
                if any(target.may_be(item.kind, item.names) for target in change.targets):
                    item.changes.append(change)
                    item.uncertain |= change.matters or isinstance(item, MadeSecret)
        namespace, prefix, suffix = (str(tree.get(name) or "") for name in ("namespace", "namePrefix", "nameSuffix"))
        added = tree.get("commonAnnotations")
        other = any(
            plugin.role == "transformers" and not _is_harmless(plugin)
            for plugin in self._plugins.get(kustomization.root, ())
        )
        for item in build.items:
            item.namespace = namespace or item.namespace
            item.name = prefix + item.name + suffix
            item.ids.add((item.namespace, item.name))
            item.uncertain |= other
            if isinstance(added, dict):
                item.annotations.update({str(name): str(value) for name, value in added.items()})


def builtin_entries(
    kustomization: Kustomization, name: str = "secretGenerator"
) -> Iterator[tuple[Spot, dict[str, Any]]]:
    """Yield the entries of a kustomization's own secretGenerator or configMapGenerator."""
    listed = kustomization.tree.get(name)
    for index, entry in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(entry, dict):
            yield Spot(kustomization.file, (0, name, index)), entry


def dotenv_files(entry: Mapping[str, Any]) -> list[str]:
    """Return the dotenv files of a builtin generator's entry."""
    env = entry.get("env")
    return [text for _, text in texts(entry, "envs")] + ([env] if isinstance(env, str) else [])


def texts(entry: Mapping[str, Any], name: str) -> list[tuple[int, str]]:
    """Return the texts in a list of an entry, with their indexes."""
    listed = entry.get(name)
    return [(i, one) for i, one in enumerate(listed) if isinstance(one, str)] if isinstance(listed, list) else []


def _builtin_keys(entry: Mapping[str, Any], kustomization: Kustomization) -> set[str] | None:
    parsed: list[tuple[str, str] | Fault] = [parse_literal(text) for _, text in texts(entry, "literals")]
    parsed += [parse_file_source(text) for _, text in texts(entry, "files")]
    for path in dotenv_files(entry):
        try:
            parsed += parse_dotenv(LocalFiles(kustomization.root).read(path))
        except Refused:
            return None
    if any(isinstance(one, Fault) for one in parsed):
        return None
    return {one[0] for one in parsed if not isinstance(one, Fault)}


def _item(resource: Resource) -> Item:
    document = resource.document
    metadata = document.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    kind, name, namespace = str(document.get("kind") or ""), str(metadata.get("name") or ""), metadata.get("namespace")
    spot = Spot(resource.file, resource.path)
    namespace = namespace if isinstance(namespace, str) else ""
    item: Item
    if kind == "Secret" and document.get("apiVersion") == "v1":
        data = [document.get(part) for part in ("data", "stringData")]
        keys = {str(key) for one in data if isinstance(one, dict) for key in one}
        item = MadeSecret(spot, document, kind, name, namespace, keys=keys)
    else:
        item = Item(spot, document, kind, name, namespace)
    item.ids.add((namespace, name))
    return item


def _absorb(secret: MadeSecret, behavior: str, build: Build, *, later: bool = False) -> None:
    """Add a generated Secret, or merge it with the one that it is for."""
    secret.ids.add((secret.namespace, secret.name))
    matches = [
        one
        for one in build.secrets
        if any(same_namespace(namespace, secret.namespace) and name == secret.name for namespace, name in one.ids)
    ]
    if behavior in ("merge", "replace"):
        if len(matches) == 1:
            _merge(matches[0], secret, behavior)
            return
        if not (matches or build.has_unknown or any(one.uncertain for one in build.secrets)):
            build.clashes.append(Clash(secret.spot, secret.name, behavior, later))
            return
        # What it is for is not seen, and so are that one's keys.
        secret.keys = None
    elif matches and not any(one.uncertain for one in matches):
        build.clashes.append(Clash(secret.spot, secret.name, ""))
    build.items.append(secret)


def _merge(old: MadeSecret, new: MadeSecret, behavior: str) -> None:
    if behavior == "replace":
        old.keys = new.keys
        old.makers = list(new.makers)
    else:
        old.keys = None if old.keys is None or new.keys is None else old.keys | new.keys
        old.makers += new.makers
    old.annotations.update(new.annotations)
    # Only if both ask for a hash there is one.
    old.has_suffix &= new.has_suffix


def _is_harmless(plugin: Plugin) -> bool:
    document = plugin.document
    kind = str(document.get("kind") or "")
    return document.get("apiVersion") == "builtin" and kind in HARMLESS_TRANSFORMERS and not function_of(document)
