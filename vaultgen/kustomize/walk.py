"""The kustomizations that a build would load, found by reading and without running anything.

What this finds decides what may run, so in doubt it finds more than kustomize does, and never less.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from vaultgen.errors import Fault, Place, Refused, refuse
from vaultgen.krm.tree import parse_yaml
from vaultgen.kustomize.addresses import addresses, addresses_of_plugin, is_remote_text
from vaultgen.kustomize.addresses import is_remote as is_remote
from vaultgen.kustomize.fields import entries
from vaultgen.kustomize.generators import KUSTOMIZATION_NAMES

Role = Literal["generators", "transformers", "validators"]
ROLES: tuple[Role, ...] = ("generators", "transformers", "validators")
Path = tuple[int | str, ...]
"""Where something stands in a file: index of the document, then a key or an index a level."""
FILE_LIMIT = 16 * 1024 * 1024
"""Bytes of a file that are read at most; no kustomization has more."""
LEVEL_LIMIT = 100
"""How many kustomizations may lead to one, each listed by the one before it. kustomize itself takes more."""


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
    plain_files: list[tuple[Kustomization, str]] = field(default_factory=list)
    """The files of plain resources, read or not, with what lists them."""
    remotes: list[Remote] = field(default_factory=list)
    plugin_roots: set[str] = field(default_factory=set)
    """Roots of the kustomizations whose result is not resources but configs of functions and plugins."""
    missing: list[Fault] = field(default_factory=list)
    """What is named and not there; kustomize will fail on it."""
    unreadable: list[Fault] | None = None
    """Where faults of files go, so that the walk goes on without them; None lets the first one end it."""


def walk(directory: str, *, keep_going: bool = False, resources: bool = True) -> Tree:
    """Return what a build of ``directory`` loads; without ``resources`` files of plain resources are not read.

    Raises ``Refused``: no-kustomization, several-kustomizations, file-unreadable, too-many-levels, and what
    ``parse_yaml`` raises for any file. With ``keep_going`` only the first two, and for ``directory`` itself; the rest
    is in ``Tree.unreadable``.
    """
    kustomization_file(directory)
    tree = Tree(unreadable=[] if keep_going else None)
    _Walk(tree, {}, {}, resources).kustomization(directory)
    return tree


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


class _Walk:
    """Fills one tree: that of the build, or that of a directory of configs."""

    def __init__(
        self,
        tree: Tree,
        read: dict[str, Kustomization | None],
        configs: dict[str, Tree],
        resources: bool,
        level: int = 0,
    ) -> None:
        """``read`` holds the kustomizations that were read, ``configs`` what the directories of configs hold.

        ``level`` is how many kustomizations lead here.
        """
        self._tree = tree
        self._read = read
        self._configs = configs
        self._resources = resources
        self._level = level
        self._known: set[str] = set()
        self._taken: set[str] = set()

    def kustomization(self, directory: str) -> None:
        root = os.path.realpath(directory)
        if root in self._known:
            return
        self._known.add(root)
        if self._level > LEVEL_LIMIT:
            self._pass_over(refuse("too-many-levels", Place(shown_path(directory)), limit=str(LEVEL_LIMIT)))
            return
        self._level += 1
        self._visit(directory, root)
        self._level -= 1

    def _visit(self, directory: str, root: str) -> None:
        if root not in self._read:
            self._read[root] = self._read_kustomization(directory, root)
        if (found := self._read[root]) is None:
            return
        self._add_kustomization(found)
        for name in ("resources", "bases", "components"):
            for _, _, entry in entries(found.tree, name):
                self._resource(entry, name, found)
        for role in ROLES:
            for key, index, entry in entries(found.tree, role):
                self._plugin(entry, role, (0, key, index), found)
        self._tree.remotes += (Remote(found, name, address) for name, address in addresses(found.tree))

    def _read_kustomization(self, directory: str, root: str) -> Kustomization | None:
        try:
            file = kustomization_file(directory)
        except Refused as refused:
            self._pass_over(refused)
            return None
        shown = shown_path(file)
        parsed = self._parsed(self._content(file), shown, overrides=False)
        documents = [one for one in parsed if isinstance(one, dict)]
        return Kustomization(shown, root, documents[0] if documents else {})

    def _add_kustomization(self, found: Kustomization) -> None:
        if all(one.root != found.root for one in self._tree.kustomizations):
            self._tree.kustomizations.append(found)

    def _resource(self, entry: str, name: str, kustomization: Kustomization) -> None:
        path = _local(kustomization, entry)
        if is_remote(entry):
            self._tree.remotes.append(Remote(kustomization, name, entry))
        if os.path.isdir(path):
            self.kustomization(path)
        elif os.path.isfile(path):
            self._tree.plain_files.append((kustomization, path))
            if self._resources:
                shown = shown_path(path)
                found = self._documents(self._content(path), shown)
                self._tree.resources += (Resource(kustomization, shown, document, at) for at, document in found)
        elif not is_remote(entry):
            self._miss(entry, name, kustomization)

    def _plugin(self, entry: str, role: Role, text: Path, kustomization: Kustomization) -> None:
        """Take an entry for all that it could be: kustomize tries a config, then a file, then an address."""
        inline = self._inline(entry, f"{role}[{text[-1]}]", kustomization)
        for at, document in inline:
            self._add_plugin(Plugin(kustomization, role, kustomization.file, document, text + at))
        remote = is_remote_text(entry) if inline else is_remote(entry)
        if remote:
            self._tree.remotes.append(Remote(kustomization, role, entry))
        path = _local(kustomization, entry)
        if os.path.isdir(path):
            self._directory(path, role, kustomization)
        elif os.path.isfile(path):
            shown = shown_path(path)
            for at, document in self._documents(self._content(path), shown):
                self._add_plugin(Plugin(kustomization, role, shown, document, at))
        elif not inline and not remote and entry:
            self._miss(entry, role, kustomization)

    def _inline(self, entry: str, field: str, kustomization: Kustomization) -> list[tuple[Path, dict[str, Any]]]:
        if "\n" in entry:
            return self._documents(entry.encode(), kustomization.file, field)
        try:
            return list(flattened(parse_yaml(entry.encode())))
        except Refused:
            return []

    def _directory(self, path: str, role: Role, kustomization: Kustomization) -> None:
        """A directory of configs is a kustomization of its own, whose result is run."""
        root = os.path.realpath(path)
        if root not in self._configs:
            inner = self._configs[root] = Tree(unreadable=self._tree.unreadable)
            _Walk(inner, self._read, self._configs, True, self._level).kustomization(path)
        inner = self._configs[root]
        if root not in self._taken:
            # Once: directories that name each other many times over would make this list endless.
            self._taken.add(root)
            for one in inner.kustomizations:
                self._add_kustomization(one)
            self._tree.plugin_roots |= inner.plugin_roots | {one.root for one in inner.kustomizations}
            self._tree.remotes += inner.remotes
            self._tree.missing += inner.missing
            self._tree.plugins += inner.plugins
        for resource in inner.resources:
            self._add_plugin(Plugin(kustomization, role, resource.file, resource.document, resource.path))

    def _add_plugin(self, plugin: Plugin) -> None:
        self._tree.plugins.append(plugin)
        found = addresses_of_plugin(plugin.document)
        self._tree.remotes += (Remote(plugin.kustomization, plugin.role, address) for address in found)

    def _miss(self, entry: str, name: str, kustomization: Kustomization) -> None:
        self._tree.missing.append(Fault("file-not-found", Place(kustomization.file, field=name), {"path": entry}))

    def _documents(self, content: bytes, file: str, field: str = "") -> list[tuple[Path, dict[str, Any]]]:
        return list(flattened(self._parsed(content, file, field)))

    def _content(self, path: str) -> bytes:
        shown = shown_path(path)
        try:
            with open(path, "rb") as file:
                content = file.read(FILE_LIMIT + 1)
        except OSError:
            self._pass_over(refuse("file-unreadable", Place(shown), path=shown, why="it cannot be opened"))
            return b""
        if len(content) > FILE_LIMIT:
            why = f"it is larger than {FILE_LIMIT} bytes"
            self._pass_over(refuse("file-unreadable", Place(shown), path=shown, why=why))
            return b""
        return content

    def _parsed(self, content: bytes, file: str, field: str = "", *, overrides: bool = True) -> list[Any]:
        try:
            _refuse_what_parsers_differ_on(content, file)
            return parse_yaml(content, file, overrides=overrides)
        except Refused as refused:
            # The lines of a text inside a file are not the file's.
            inside = Refused(fault._replace(place=Place(file, field=field)) for fault in refused.faults)
            self._pass_over(inside if field else refused)
            return []

    def _pass_over(self, refused: Refused) -> None:
        """Keep the faults and go on, or raise them again."""
        if self._tree.unreadable is None:
            raise refused
        self._tree.unreadable += refused.faults


def _refuse_what_parsers_differ_on(content: bytes, file: str) -> None:
    """Raise ``Refused`` for text that kustomize reads otherwise than it is read here."""
    text = content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "replace")
    # kustomize divides a file at `---#`, where YAML does not; its parser passes over a byte order mark within a line.
    for odd, why in (("^---[^ \\t\\r\\n]", "text right behind a leading ---"), ("\ufeff", "a second byte order mark")):
        if found := re.search(odd, text, re.MULTILINE):
            line = text.count("\n", 0, found.start()) + 1
            raise refuse("invalid-yaml", Place(file, line=line, column=1), why=why)


def _local(kustomization: Kustomization, entry: str) -> str:
    """Return an entry's path as kustomize makes it: ``..`` takes away what is written before it, also a link."""
    return os.path.normpath(os.path.join(kustomization.root, entry))


def flattened(documents: list[Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the objects of a file with their paths, those inside of lists as well, lists in lists included."""
    for index, document in enumerate(documents):
        yield from _objects(document, (index,))


def _objects(document: Any, at: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    if not isinstance(document, dict):
        return
    if not (str(document.get("kind", "")).endswith("List") and "items" in document):
        yield at, document
        return
    items = document["items"]
    # kustomize takes the values of a mapping for items too.
    pairs = items.items() if isinstance(items, dict) else enumerate(items if isinstance(items, list) else ())
    for key, item in pairs:
        yield from _objects(item, (*at, "items", key))
