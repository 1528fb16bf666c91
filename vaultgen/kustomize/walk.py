"""The kustomizations that a build would load, found by reading and without running anything."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from vaultgen.errors import Fault, Place, Refused, refuse
from vaultgen.krm.tree import parse_yaml
from vaultgen.kustomize.generators import KUSTOMIZATION_NAMES

Role = Literal["generators", "transformers", "validators"]
ROLES: tuple[Role, ...] = ("generators", "transformers", "validators")
Path = tuple[int | str, ...]
"""Where something stands in a file: index of the document, then a key or an index a level."""
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
    path: Path = ()
    """Where it stands in the file. An inline one: the path of its text, then that of the document in the text."""


@dataclass(frozen=True)
class Resource:
    """A resource of a plain file."""

    kustomization: Kustomization
    file: str
    document: Mapping[str, Any]
    path: Path = ()
    """Where it stands in the file."""


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
    unreadable: list[Fault] | None = None
    """Where faults of files go, so that the walk goes on without them; None lets the first one end it."""


def walk(directory: str, *, keep_going: bool = False) -> Tree:
    """Return what a build of ``directory`` loads.

    Raises ``Refused``: no-kustomization, several-kustomizations, file-unreadable, and what ``parse_yaml`` raises for
    any file. With ``keep_going`` only the first two, and for ``directory`` itself; the rest is in ``Tree.unreadable``.
    """
    kustomization_file(directory)
    tree = Tree(unreadable=[] if keep_going else None)
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


def _kustomization(directory: str, tree: Tree, known: dict[str, Kustomization]) -> None:
    root = os.path.realpath(directory)
    if root in known:
        return
    try:
        file = kustomization_file(directory)
    except Refused as refused:
        _pass_over(refused, tree)
        return
    documents = _documents(file, tree)
    kustomization = Kustomization(shown_path(file), root, documents[0][1] if documents else {})
    known[root] = kustomization
    tree.kustomizations.append(kustomization)
    for name in ("resources", "bases", "components"):
        for entry in _entries(kustomization.tree, name):
            _resource(entry, name, kustomization, tree, known)
    for role in ROLES:
        for index, entry in _indexed(kustomization.tree, role):
            _plugin(entry, index, role, kustomization, tree, known)
    for name, address in _addresses(kustomization.tree):
        tree.remotes.append(Remote(kustomization, name, address))


def _resource(entry: str, name: str, kustomization: Kustomization, tree: Tree, known: dict[str, Kustomization]) -> None:
    path = os.path.join(kustomization.root, entry)
    if is_remote(entry):
        tree.remotes.append(Remote(kustomization, name, entry))
    elif os.path.isdir(path):
        _kustomization(path, tree, known)
    elif os.path.isfile(path):
        shown = shown_path(path)
        tree.resources += (Resource(kustomization, shown, document, at) for at, document in _documents(path, tree))
    else:
        tree.missing.append(Fault("file-not-found", Place(kustomization.file, field=name), {"path": entry}))


def _plugin(
    entry: str, index: int, role: Role, kustomization: Kustomization, tree: Tree, known: dict[str, Kustomization]
) -> None:
    path = os.path.join(kustomization.root, entry)
    if "\n" in entry or ": " in entry:
        documents = _parsed(entry.encode(), kustomization.file, tree, field=f"{role}[{index}]")
        text: Path = (0, role, index)
        tree.plugins += (
            Plugin(kustomization, role, kustomization.file, document, text + at) for at, document in documents
        )
    elif is_remote(entry):
        tree.remotes.append(Remote(kustomization, role, entry))
    elif os.path.isdir(path):
        # A directory of configs is a kustomization of its own, whose result is run.
        inner = Tree(unreadable=tree.unreadable)
        _kustomization(path, inner, dict(known))
        tree.kustomizations += inner.kustomizations
        tree.remotes += inner.remotes
        tree.missing += inner.missing
        tree.plugin_roots |= {one.root for one in inner.kustomizations}
        tree.plugins += inner.plugins
        tree.plugins += (Plugin(kustomization, role, one.file, one.document, one.path) for one in inner.resources)
    elif os.path.isfile(path):
        shown = shown_path(path)
        tree.plugins += (Plugin(kustomization, role, shown, document, at) for at, document in _documents(path, tree))
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
    return [entry for _, entry in _indexed(tree, name)]


def _indexed(tree: Mapping[str, Any], name: str) -> list[tuple[int, str]]:
    listed = tree.get(name)
    items: Iterable[Any] = listed if isinstance(listed, list) else ()
    return [(index, entry) for index, entry in enumerate(items) if isinstance(entry, str)]


def _maps(tree: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    listed = tree.get(name)
    return [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []


def _documents(path: str, tree: Tree) -> list[tuple[Path, dict[str, Any]]]:
    shown = shown_path(path)
    try:
        with open(path, "rb") as file:
            content = file.read(FILE_LIMIT + 1)
    except OSError:
        _pass_over(refuse("file-unreadable", Place(shown), path=shown, why="it cannot be opened"), tree)
        return []
    if len(content) > FILE_LIMIT:
        why = f"it is larger than {FILE_LIMIT} bytes"
        _pass_over(refuse("file-unreadable", Place(shown), path=shown, why=why), tree)
        return []
    return _parsed(content, shown, tree)


def _parsed(content: bytes, file: str, tree: Tree, field: str = "") -> list[tuple[Path, dict[str, Any]]]:
    try:
        documents = parse_yaml(content, file)
    except Refused as refused:
        # The lines of a text inside a file are not the file's.
        inside = Refused(fault._replace(place=Place(file, field=field)) for fault in refused.faults)
        _pass_over(inside if field else refused, tree)
        return []
    found: list[tuple[Path, dict[str, Any]]] = []
    for index, document in enumerate(documents):
        if isinstance(document, dict) and str(document.get("kind", "")).endswith("List") and "items" in document:
            items: Any = document["items"]
            items = items if isinstance(items, list) else []
            found += (((index, "items", at), item) for at, item in enumerate(items) if isinstance(item, dict))
        elif isinstance(document, dict):
            found.append(((index,), document))
    return found


def _pass_over(refused: Refused, tree: Tree) -> None:
    """Keep the faults and go on, or raise them again."""
    if tree.unreadable is None:
        raise refused
    tree.unreadable += refused.faults
