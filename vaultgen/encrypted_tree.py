"""The tree that stock Flux builds: read from disk, values encrypted for age, and written; kustomize is not run."""

import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from vaultgen.errors import Fault, Place, Refused, refuse
from vaultgen.extras import imported_with
from vaultgen.git_tree import tracked_files
from vaultgen.kustomize.addresses import files as named_files
from vaultgen.kustomize.addresses import files_of_plugin
from vaultgen.kustomize.location import named, with_lines
from vaultgen.kustomize.trust import is_ours, untrusted
from vaultgen.kustomize.walk import Tree, shown_path, walk
from vaultgen.local_files import LocalFiles
from vaultgen.session.backends import Located
from vaultgen.session.opened import opened_backends
from vaultgen.unresolved import unresolved


@dataclass(frozen=True)
class EncryptedTree:
    """What is to be published."""

    files: Mapping[str, bytes]
    """By path: the whole work tree of git, or the directory where there is none."""
    path: str
    """Of the directory in it, as ``spec.path`` of a Flux Kustomization names it: ``./overlays/production``."""
    secrets: int
    """How many Secrets were made."""


def encrypted_tree(
    directory: str, recipients: Sequence[str], environ: Mapping[str, str], log: "Callable[[str], None] | None" = None
) -> EncryptedTree:
    """Return the tree of a directory for recipients (``age1…``); values are read as a build reads them.

    Of a work tree only files that git tracks are taken: an untracked .env would be published otherwise.

    Raises ``Refused`` before Vault is asked: missing-extra, bad-recipient, what ``walk`` raises, what a build would run
    or fetch, what no Secret would come of, git-failed, no-work-tree, untracked-file, file-unreadable, and what
    ``survey`` refuses; then what Vault lacks, and what ``published`` refuses.
    """
    with imported_with("publish"):
        from vaultgen.publish.on_disk import read_tree
        from vaultgen.publish.rewrite import published
        from vaultgen.publish.sealing import Sealer
        from vaultgen.publish.sops import parse_recipients
        from vaultgen.publish.survey import survey
    parsed = parse_recipients(recipients)
    directory = os.path.realpath(directory)
    tree = walk(directory, resources=False)
    if faults := [*untrusted(tree), *unresolved(tree), *tree.missing]:
        raise Refused(with_lines(faults, tree))
    root, paths = _work_tree(directory, environ)
    files = read_tree(root, paths)
    if faults := [*_untracked(tree, root, files), *with_lines(_left_out(tree, root, files, paths), tree)]:
        raise Refused(faults)
    path = os.path.relpath(directory, root)
    try:
        surveyed = survey(files, path)
        located = [
            Located(one.document, LocalFiles(os.path.join(root, one.directory)), os.path.join(root, one.directory))
            for one in surveyed.generators
        ]
        with opened_backends(environ, log) as backends:
            backends.read_ahead(located)
            made = [backends.make(one.document, one.files, one.root) for one in located]
        sealer = Sealer(parsed, secrets.token_bytes(32), datetime.now(UTC))
        encrypted = published(surveyed, made, sealer)
    except Refused as refused:
        seen = [_seen_from_here(fault, root) for fault in refused.faults]
        told = [_as_untracked(fault, tree, root, paths) for fault in seen]
        raise Refused(with_lines(told, tree)) from None
    return EncryptedTree(encrypted, "./" if path == "." else f"./{path}", sum(map(len, made)))


def check_target(directory: str) -> None:
    """Raise ``Refused`` (file-exists) unless a tree can be written there: where nothing is, or an empty directory."""
    if os.path.lexists(directory) and not (os.path.isdir(directory) and not os.listdir(directory)):
        raise refuse("file-exists", path=directory, remark="name another, or")


def write_tree(files: Mapping[str, bytes], directory: str) -> None:
    """Write a tree, whole or not at all, as a new directory or in place of an empty one.

    Raises ``Refused``: file-exists, file-not-written.
    """
    check_target(directory)
    target = os.path.realpath(directory)
    parent, name = os.path.split(target)
    beside = os.path.join(parent, f".{name}.{secrets.token_hex(4)}")
    try:
        os.makedirs(beside)
        for path, content in files.items():
            os.makedirs(os.path.dirname(os.path.join(beside, path)), exist_ok=True)
            with open(os.path.join(beside, path), "xb") as file:
                file.write(content)
        os.rename(beside, target)
    except BaseException as error:
        shutil.rmtree(beside, ignore_errors=True)
        if isinstance(error, OSError):
            why = "permission denied" if isinstance(error, PermissionError) else "the file system does not take it"
            raise refuse("file-not-written", path=directory, why=why) from None
        raise


def _work_tree(directory: str, environ: Mapping[str, str]) -> tuple[str, Sequence[str] | None]:
    """Return where the tree begins, and the paths that belong to it; None for all that is there."""
    above = (Path(directory), *Path(directory).parents)
    if not any(os.path.lexists(one / ".git") for one in above):
        return directory, None
    # A repository that git will not read (that of another user, say) must not count as none.
    return tracked_files(directory, environ)


def _untracked(tree: Tree, root: str, files: Mapping[str, bytes]) -> Iterator[Fault]:
    """Yield what a build would load, below the root, that is not among the files."""
    loaded = [one.file for one in tree.kustomizations] + [one.file for one in tree.plugins]
    loaded += [shown_path(path) for _, path in tree.plain_files]
    for shown in dict.fromkeys(loaded):
        path = os.path.relpath(os.path.abspath(shown), root)
        if path.replace(os.sep, "/") not in files and not path.startswith(".."):
            yield Fault("untracked-file", Place(shown), {"path": shown})


def _left_out(tree: Tree, root: str, files: Mapping[str, bytes], tracked: Sequence[str] | None) -> Iterator[Fault]:
    """Yield what only kustomize itself reads, patches and the files of its generators, that is not among the files."""
    found = [
        (one.root, _path_of(text) if field.endswith("files") else text, Place(one.file, field=field))
        for one in tree.kustomizations
        for field, text in named_files(one.tree)
    ]
    for plugin in tree.plugins:
        # What ours name is looked for when they are planned.
        if not is_ours(plugin.document):
            place = Place(plugin.file, named(plugin.document), field=plugin.role)
            texts = files_of_plugin(plugin.document)
            if plugin.document.get("kind") in ("ConfigMapGenerator", "SecretGenerator"):
                texts = map(_path_of, texts)
            found += [(plugin.kustomization.root, text, place) for text in texts]
    for base, entry, place in dict.fromkeys(found):
        path = os.path.normpath(os.path.join(base, entry))
        within = os.path.relpath(path, root)
        if not os.path.isfile(path) or within.startswith("..") or within.replace(os.sep, "/") in files:
            continue
        # What git tracks and is left out all the same is a link; so is all that is left out where there is no git.
        if tracked is None or not {within, os.path.relpath(os.path.realpath(path), root)}.isdisjoint(tracked):
            why = "a link leads to it, and a published tree holds none"
            yield Fault("file-unreadable", place, {"path": shown_path(path), "why": why})
        else:
            yield Fault("untracked-file", place, {"path": shown_path(path)})


def _path_of(source: str) -> str:
    """Return the path of a generator's ``PATH`` or ``KEY=PATH``."""
    return source.partition("=")[2] if "=" in source else source


def _as_untracked(fault: Fault, tree: Tree, root: str, tracked: Sequence[str] | None) -> Fault:
    """Return a fault of a file that is on disk, and missed since git does not track it, as what it is."""
    if fault.code != "file-not-found" or tracked is None:
        return fault
    for plugin in tree.plugins:
        path = os.path.normpath(os.path.join(plugin.kustomization.root, fault.facts["path"]))
        # What git tracks and was left out all the same is a link.
        known = {os.path.relpath(path, root), os.path.relpath(os.path.realpath(path), root)}
        if plugin.file == fault.place.file and os.path.isfile(path) and known.isdisjoint(tracked):
            return fault._replace(code="untracked-file", facts={"path": shown_path(path)})
    return fault


def _seen_from_here(fault: Fault, root: str) -> Fault:
    """Return a fault whose file is named as it would be from the working directory, and not from the root."""
    if not fault.place.file or os.path.isabs(fault.place.file):
        return fault
    return fault._replace(place=fault.place._replace(file=shown_path(os.path.join(root, fault.place.file))))
