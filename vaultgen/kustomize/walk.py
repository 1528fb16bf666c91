"""The kustomizations that a build would load, found by reading and without running anything."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from vaultgen.errors import Fault, Place, refuse
from vaultgen.krm.tree import parse_yaml
from vaultgen.kustomize.generators import KUSTOMIZATION_NAMES

Role = Literal["generators", "transformers", "validators"]
ROLES: tuple[Role, ...] = ("generators", "transformers", "validators")
FILE_LIMIT = 16 * 1024 * 1024
"""Bytes of a file that are read at most; no kustomization has more."""


@dataclass(frozen=True)
class Kustomization:
    """One kustomization file."""

    file: str
    """Its path, relative to the working directory where that is above it."""
    root: str
    """Its directory, links resolved."""
    tree: Mapping[str, Any]

    @property
    def is_component(self) -> bool:
        """Whether it is a Component."""
        return self.tree.get("kind") == "Component"


@dataclass(frozen=True)
class Plugin:
    """A generator, transformer or validator: the config of a function or a plugin."""

    kustomization: Kustomization
    """The one that lists it, in whose root it runs."""
    role: Role
    file: str
    """The file that it stands in; the kustomization's own where it is written inline."""
    document: Mapping[str, Any]


@dataclass(frozen=True)
class Resource:
    """A resource of a plain file."""

    kustomization: Kustomization
    file: str
    document: Mapping[str, Any]


@dataclass(frozen=True)
class Remote:
    """Something that kustomize would fetch."""

    kustomization: Kustomization
    field: str
    address: str


@dataclass
class Tree:
    """All that a build of one directory loads; each kustomization once, in the order of loading."""

    kustomizations: list[Kustomization] = field(default_factory=list)
    plugins: list[Plugin] = field(default_factory=list)
    resources: list[Resource] = field(default_factory=list)
    remotes: list[Remote] = field(default_factory=list)
    plugin_roots: set[str] = field(default_factory=set)
    """Roots of the kustomizations whose result is not resources but configs of functions and plugins."""
    missing: list[Fault] = field(default_factory=list)
    """What is named and not there; kustomize will fail on it."""


def walk(directory: str) -> Tree:
    """Return what a build of ``directory`` loads.

    Raises ``Refused``: no-kustomization, several-kustomizations, and what ``parse_yaml`` raises for any file.
    """
    tree = Tree()
    _kustomization(directory, tree, {})
    return tree


def is_remote(entry: str) -> bool:
    """Return whether kustomize could take an entry for an address: it looks for one before it looks at the disk.

    Wider than kustomize's own rule (``api/internal/git``), so that what is left is local in any version.
    """
    lowered = entry.lower()
    return any(mark in entry for mark in (":", "@", "?")) or lowered.startswith(("github.com", "gitlab.com", "//"))


def kustomization_file(directory: str) -> str:
    """Return the kustomization file of a directory. Raises ``Refused``: no-kustomization, several-kustomizations."""
    found = [name for name in KUSTOMIZATION_NAMES if os.path.isfile(os.path.join(directory, name))]
    if not found:
        raise refuse("no-kustomization", directory=shown_path(directory))
    if len(found) > 1:
        raise refuse("several-kustomizations", directory=shown_path(directory), files=" and ".join(found))
    return os.path.join(directory, found[0])


def shown_path(path: str) -> str:
    """Return a path as a person would name it: relative where it is below the working directory."""
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative


def _kustomization(directory: str, tree: Tree, known: dict[str, Kustomization]) -> Kustomization:
    root = os.path.realpath(directory)
    if root in known:
        return known[root]
    file = kustomization_file(directory)
    documents = _documents(file)
    kustomization = Kustomization(shown_path(file), root, documents[0] if documents else {})
    known[root] = kustomization
    tree.kustomizations.append(kustomization)
    for name in ("resources", "bases", "components"):
        for entry in _entries(kustomization.tree, name):
            _resource(entry, name, kustomization, tree, known)
    for role in ROLES:
        for entry in _entries(kustomization.tree, role):
            _plugin(entry, role, kustomization, tree, known)
    for name, address in _addresses(kustomization.tree):
        tree.remotes.append(Remote(kustomization, name, address))
    return kustomization


def _resource(entry: str, name: str, kustomization: Kustomization, tree: Tree, known: dict[str, Kustomization]) -> None:
    path = os.path.join(kustomization.root, entry)
    if is_remote(entry):
        tree.remotes.append(Remote(kustomization, name, entry))
    elif os.path.isdir(path):
        _kustomization(path, tree, known)
    elif os.path.isfile(path):
        shown = shown_path(path)
        tree.resources += (Resource(kustomization, shown, document) for document in _documents(path))
    else:
        tree.missing.append(Fault("file-not-found", Place(kustomization.file, field=name), {"path": entry}))


def _plugin(entry: str, role: Role, kustomization: Kustomization, tree: Tree, known: dict[str, Kustomization]) -> None:
    path = os.path.join(kustomization.root, entry)
    if "\n" in entry or ": " in entry:
        documents = _parsed(entry.encode(), kustomization.file)
        tree.plugins += (Plugin(kustomization, role, kustomization.file, document) for document in documents)
    elif is_remote(entry):
        tree.remotes.append(Remote(kustomization, role, entry))
    elif os.path.isdir(path):
        # A directory of configs is a kustomization of its own, whose result is run.
        inner = Tree()
        _kustomization(path, inner, dict(known))
        tree.kustomizations += inner.kustomizations
        tree.remotes += inner.remotes
        tree.missing += inner.missing
        tree.plugin_roots |= {one.root for one in inner.kustomizations}
        tree.plugins += inner.plugins
        tree.plugins += (Plugin(kustomization, role, one.file, one.document) for one in inner.resources)
    elif os.path.isfile(path):
        shown = shown_path(path)
        tree.plugins += (Plugin(kustomization, role, shown, document) for document in _documents(path))
    else:
        tree.missing.append(Fault("file-not-found", Place(kustomization.file, field=role), {"path": entry}))


_PATH_FIELDS = ("crds", "configurations", "patchesStrategicMerge")
_PATHS_INSIDE = ("patches", "patchesJson6902", "replacements")


def _addresses(tree: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield field and address of every further file that kustomize would fetch over HTTP."""
    for name in _PATH_FIELDS:
        yield from ((name, entry) for entry in _entries(tree, name) if "\n" not in entry and _is_http(entry))
    for name in _PATHS_INSIDE:
        for item in _maps(tree, name):
            if isinstance(path := item.get("path"), str) and _is_http(path):
                yield f"{name}[].path", path
    openapi = tree.get("openapi")
    if isinstance(openapi, dict) and isinstance(path := openapi.get("path"), str) and _is_http(path):
        yield "openapi.path", path
    for name in ("configMapGenerator", "secretGenerator"):
        for item in _maps(tree, name):
            for kind in ("files", "envs"):
                for entry in _entries(item, kind):
                    if _is_http(entry.partition("=")[2] or entry):
                        yield f"{name}[].{kind}", entry
    for name in ("helmCharts", "helmChartInflationGenerator"):
        for item in _maps(tree, name):
            yield name, str(item.get("repo") or item.get("chartRepoUrl") or item.get("name") or "a chart")


def _is_http(text: str) -> bool:
    return text.lower().lstrip().startswith(("http://", "https://"))


def _entries(tree: Mapping[str, Any], name: str) -> list[str]:
    listed = tree.get(name)
    return [entry for entry in listed if isinstance(entry, str)] if isinstance(listed, list) else []


def _maps(tree: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    listed = tree.get(name)
    return [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []


def _documents(path: str) -> list[dict[str, Any]]:
    shown = shown_path(path)
    try:
        with open(path, "rb") as file:
            content = file.read(FILE_LIMIT + 1)
    except OSError:
        raise refuse("file-unreadable", path=shown, why="it cannot be opened") from None
    if len(content) > FILE_LIMIT:
        raise refuse("file-unreadable", path=shown, why=f"it is larger than {FILE_LIMIT} bytes")
    return _parsed(content, shown)


def _parsed(content: bytes, file: str) -> list[dict[str, Any]]:
    found = []
    for document in parse_yaml(content, file):
        if isinstance(document, dict) and str(document.get("kind", "")).endswith("List") and "items" in document:
            items = document["items"]
            found += [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
        elif isinstance(document, dict):
            found.append(document)
    return found
