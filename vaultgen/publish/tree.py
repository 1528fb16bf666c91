"""A tree of files in memory, and the paths in it."""

import posixpath
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from vaultgen.document.api_rules import SECRET_LIMIT
from vaultgen.errors import refuse
from vaultgen.kustomize.generators import KUSTOMIZATION_NAMES

Made = TypeVar("Made")


@dataclass(frozen=True)
class Tree:
    """Files by path: relative, with slashes, without ``.`` and ``..``. A directory's path is empty for the root."""

    files: Mapping[str, bytes]
    _made: dict[Callable[..., Any], Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def once(self, make: Callable[[Mapping[str, bytes]], Made]) -> Made:
        """Return what a function makes of the files, kept with the tree: many objects may be made of one."""
        if make not in self._made:
            self._made[make] = make(self.files)
        made: Made = self._made[make]
        return made

    @cached_property
    def names(self) -> Mapping[str, Collection[str]]:
        """What stands in each directory, by its name there."""
        found: dict[str, set[str]] = {"": set()}
        for path in self.files:
            directory, name = posixpath.split(path)
            while directory not in found:
                found[directory] = {name}
                directory, name = posixpath.split(directory)
            found[directory].add(name)
        return found

    def is_directory(self, path: str) -> bool:
        """Return whether a directory of this path holds something."""
        return path in self.names

    def kustomizations_in(self, directory: str) -> list[str]:
        """Return the paths of the kustomization files of a directory; kustomize takes exactly one."""
        return [path for name in KUSTOMIZATION_NAMES if (path := posixpath.join(directory, name)) in self.files]


def resolve(directory: str, entry: str) -> str | None:
    """Return the path that an entry of a kustomization in ``directory`` means; None where that is outside the tree."""
    path = posixpath.normpath(posixpath.join(directory, entry))
    if path.startswith(("/", "../")) or path == "..":
        return None
    return "" if path == "." else path


def shown(directory: str) -> str:
    """Return a directory as a person would name it."""
    return directory or "."


class TreeFiles:
    """The port ``Files`` over a tree, below one directory: kustomize's rule LoadRestrictionsRootOnly."""

    def __init__(self, tree: Tree, root: str) -> None:
        self._tree = tree
        self._root = root

    def read(self, path: str, /) -> bytes:
        """Return the bytes of a file, at most those that a Secret can hold.

        Raises ``Refused``: remote-file, file-not-found, file-outside-root, file-unreadable.
        """
        if "://" in path:
            raise refuse("remote-file", path=path.partition("://")[0] + "://…")
        resolved = resolve(self._root, path)
        if resolved is None or not f"{resolved}/".startswith(self._root and f"{self._root}/"):
            raise refuse("file-outside-root", path=path)
        if path and self._tree.is_directory(resolved):
            raise refuse("file-unreadable", path=path, why="it is no plain file")
        if resolved not in self._tree.files:
            raise refuse("file-not-found", path=path or '""')
        content = self._tree.files[resolved]
        if len(content) > SECRET_LIMIT:
            raise refuse("file-unreadable", path=path, why=f"it is larger than a Secret can be ({SECRET_LIMIT} bytes)")
        return content
