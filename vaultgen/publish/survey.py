"""What has to be resolved in a tree before stock Flux can build it, and whatever stands in the way of that.

Reads nothing but the tree, so that a tree that cannot be published is refused before Vault is asked.
"""

import posixpath
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vaultgen.document.model import Document
from vaultgen.document.read import read_document
from vaultgen.errors import Fault, Place, Refused, refuse
from vaultgen.kustomize.walk import LEVEL_LIMIT, is_remote
from vaultgen.plan import Content, Plan, Value, plan
from vaultgen.publish.builtin_limits import key_limit, metadata_limits
from vaultgen.publish.component import DIRECTORY
from vaultgen.publish.generators import read_generators
from vaultgen.publish.kustomization_text import Edit, edited
from vaultgen.publish.merging import Level, without_base
from vaultgen.publish.reader import Reader
from vaultgen.publish.scan import scanned_kustomization
from vaultgen.publish.tree import Tree, TreeFiles, resolve, shown


@dataclass(frozen=True)
class Generator:
    """A generator document, once for each kustomization that lists it."""

    directory: str
    """Of that kustomization: the root that plain files are read below, and where the Component goes."""
    document: Document
    files: TreeFiles
    plan: Plan


@dataclass(frozen=True)
class Survey:
    """A tree that can be published once its generators' values are known."""

    tree: Tree
    """All files as they came."""
    rewritten: Mapping[str, bytes]
    """Its kustomizations that have to change, without the Components."""
    generators: tuple[Generator, ...]
    """In an order that never changes, those of one kustomization in the order in which kustomize runs them."""

    @property
    def files(self) -> Mapping[str, bytes]:
        """The whole tree, its kustomizations rewritten; made anew, for many surveys may share one source."""
        return {**self.tree.files, **self.rewritten}


def survey(files: Mapping[str, bytes] | Tree, path: str, added: Document | None = None) -> Survey:
    """Return what a build of the directory ``path`` of a tree needs to have resolved.

    ``files`` is the whole tree, by path (relative, with slashes) or as a ``Tree``. ``added`` is a document without a
    file, which counts as listed last in the kustomization of ``path``; where that directory has none, the one that Flux
    would generate is written, since Flux generates none once a Component stands there.

    Raises ``Refused`` with everything that is wrong in the tree, in the documents, and that cannot be carried over.
    """
    tree = files if isinstance(files, Tree) else Tree(files)
    surveyor = _Surveyor(tree)
    directory = resolve("", path.lstrip("/") or ".")
    if directory is None or not surveyor.tree.is_directory(directory):
        raise refuse("no-such-directory", path=path)
    surveyor.visit_path(directory, added)
    if not surveyor.faults:
        surveyor.faults += without_base(tree, surveyor.levels)
    if surveyor.faults:
        # A document that two kustomizations list is wrong only once.
        raise Refused({(one.code, one.place, *one.facts.items(), one.read): one for one in surveyor.faults}.values())
    return Survey(tree, surveyor.rewritten, tuple(surveyor.generators))


class _Surveyor:
    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.faults: list[Fault] = []
        self.generators: list[Generator] = []
        self.rewritten: dict[str, bytes] = {}
        self.levels: dict[str, Level] = {}
        self._reader = Reader()
        self._changes: dict[str, bool] = {}
        self._level = 0

    def visit_path(self, directory: str, added: Document | None) -> None:
        """Visit the directory that Flux builds, which may have no kustomization."""
        if self.tree.kustomizations_in(directory):
            self._visit(directory, added)
            return
        scanned = scanned_kustomization(self.tree, directory, self._reader)
        self.faults += scanned.faults
        for below in scanned.directories:
            self._visit(below)
        if added:
            listed = [posixpath.relpath(path, directory or ".") for path in scanned.found]
            self.levels[directory] = Level({"resources": listed}, [added], is_known=True)
            file = posixpath.join(directory, "kustomization.yaml")
            self._rewrite(directory, file, scanned.text, Edit(component=DIRECTORY), [added])

    def _visit(self, directory: str, added: Document | None = None) -> bool:
        """Visit a kustomization and all below it; return whether any of them has to be rewritten."""
        if directory in self._changes:
            return self._changes[directory]
        # What leads back to itself is refused by kustomize.
        self._changes[directory] = False
        if self._level > LEVEL_LIMIT:
            self.faults.append(Fault("too-many-levels", Place(shown(directory)), {"limit": str(LEVEL_LIMIT)}))
            return False
        self._level += 1
        try:
            self._changes[directory] = self._read(directory, added)
        except Refused as refused:
            self.faults += refused.faults
        self._level -= 1
        return self._changes[directory]

    def _read(self, directory: str, added: Document | None) -> bool:
        found = self.tree.kustomizations_in(directory)
        if not found:
            raise refuse("no-kustomization", directory=shown(directory))
        if len(found) > 1:
            names = " and ".join(map(posixpath.basename, found))
            raise refuse("several-kustomizations", directory=shown(directory), files=names)
        (file,) = found
        text = _decoded(self.tree.files[file], file)
        fields = self._reader.document(text.encode(), file)
        fields = fields if isinstance(fields, dict) else {}
        changed = {name: self._below(directory, file, name, fields) for name in ("resources", "bases", "components")}
        listed = read_generators(self.tree, directory, file, fields, self._reader)
        self.faults += listed.faults
        documents = [*self._documents(listed.documents), *([added] if added else [])]
        generators = fields.get("generators") or []
        is_known = isinstance(generators, list) and len(listed.dropped) == len(generators)
        self.levels[directory] = Level(fields, documents, is_known)
        edit = Edit(listed.dropped, DIRECTORY if documents else "", changed["bases"])
        if any(edit):
            self._rewrite(directory, file, text, edit, documents, listed.builtin)
        return any(edit) or any(changed.values())

    def _below(self, directory: str, file: str, name: str, fields: Mapping[str, Any]) -> bool:
        """Visit what a list of a kustomization names; return whether anything there has to be rewritten."""
        changed = False
        listed = fields.get(name)
        for entry in listed if isinstance(listed, list) else ():
            if not isinstance(entry, str):
                continue
            place = Place(file, field=name)
            path = resolve(directory, entry)
            if path in self.tree.files:
                continue
            if is_remote(entry):
                self.faults.append(Fault("unpublishable-remote", place, {"remote": entry[:200]}))
            elif path is None:
                self.faults.append(Fault("file-outside-root", place, {"path": entry}))
            elif self.tree.is_directory(path):
                changed |= self._visit(path)
            else:
                self.faults.append(Fault("file-not-found", place, {"path": entry}))
        return changed

    def _documents(self, found: Sequence[tuple[str, Mapping[str, Any]]]) -> Iterator[Document]:
        for file, document in found:
            try:
                yield read_document(document, file)
            except Refused as refused:
                self.faults += refused.faults

    def _rewrite(
        self,
        directory: str,
        file: str,
        text: str,
        edit: Edit,
        documents: Sequence[Document],
        builtin: Collection[str] = (),
    ) -> None:
        self.rewritten[file] = edited(text, file, edit).encode()
        component = posixpath.join(directory, DIRECTORY)
        if self.tree.is_directory(component) or component in self.tree.files:
            self.faults.append(Fault("already-published", Place(file), {"path": component}))
        names: set[tuple[str, str]] = set()
        for document in documents:
            files = TreeFiles(self.tree, directory)
            try:
                planned = plan(document, files)
            except Refused as refused:
                self.faults += refused.faults
                continue
            self.faults += _unpublishable(planned, names, builtin)
            self.generators.append(Generator(directory, document, files, planned))


def _unpublishable(planned: Plan, names: set[tuple[str, str]], builtin: Collection[str]) -> Iterator[Fault]:
    """Yield what a published tree cannot hold.

    ``names`` are those of the kustomization's Secrets so far, ``builtin`` those of its listed SecretGenerators, which
    may run after ours in the source and never do in a published tree.
    """
    for read, places in planned.uses.items():
        if read.allow_dynamic:
            yield from (Fault("unpublishable-dynamic", place) for place in places)
    for secret in planned.secrets:
        entry = secret.entry
        name = (entry.namespace or "default", entry.name)
        if name in names and entry.behavior not in ("merge", "replace"):
            yield Fault("same-secret-twice", entry.place)
        names.add(name)
        if entry.name in builtin:
            why = "a builtin SecretGenerator listed in generators makes the same Secret"
            yield Fault("unpublishable-generator", entry.place, {"why": why})
        for what, why in metadata_limits(entry):
            yield Fault("unpublishable-text", entry.place, {"what": what, "why": why})
        for source in secret.sources:
            if isinstance(source, Content | Value) and (why := key_limit(source.key)):
                yield Fault("unpublishable-text", source.place, {"what": f'the data key "{source.key}"', "why": why})


def _decoded(content: bytes, file: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise refuse("invalid-yaml", Place(file), why="it is not UTF-8") from None
