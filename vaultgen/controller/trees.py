"""The trees of sources, in memory: one parsed copy a digest, whatever the number of VaultArtifacts made of it."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from pathspec import GitIgnoreSpec

from vaultgen.controller.sources import SourceArtifact
from vaultgen.errors import Place, refuse
from vaultgen.publish.archive import unpack
from vaultgen.publish.tree import Tree

BYTES_KEPT = 64 << 20
"""Of trees that are not in use; those above are fetched again when they are needed."""


class Trees:
    """A cache of unpacked artifacts."""

    def __init__(self, fetch: Callable[[SourceArtifact, float], bytes], bytes_kept: int = BYTES_KEPT) -> None:
        """``fetch`` returns an artifact's bytes within some seconds."""
        self._fetch = fetch
        self._bytes_kept = bytes_kept
        self._lock = Lock()
        self._fetching: dict[str, Lock] = {}
        self._kept: OrderedDict[tuple[str, str], Tree] = OrderedDict()

    def tree(self, artifact: SourceArtifact, ignore: str, seconds: float) -> Tree:
        """Return the tree of an artifact, without the files that ``ignore`` (gitignore syntax) names.

        Equal arguments give the same object while it is kept. Raises ``Refused``: source-not-fetched, bad-archive,
        bad-artifact.
        """
        if ignore:
            whole = self.tree(artifact, "", seconds)
            return self._cached((artifact.digest, ignore), lambda: _without(whole, ignore))
        return self._cached((artifact.digest, ""), lambda: Tree(unpack(self._fetch(artifact, seconds))))

    def _cached(self, key: tuple[str, str], make: Callable[[], Tree]) -> Tree:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            # Two that want the same tree wait for one fetch; others go on.
            fetching = self._fetching.setdefault(repr(key), Lock())
        with fetching:
            with self._lock:
                if key in self._kept:
                    return self._kept[key]
            try:
                made = make()
            finally:
                with self._lock:
                    self._fetching.pop(repr(key), None)
            with self._lock:
                self._kept[key] = made
                self._shrink()
            return made

    def _shrink(self) -> None:
        """Drop the trees that were not asked for longest; a filtered one shares the bytes of the whole one."""
        sizes = {key: sum(map(len, tree.files.values())) for key, tree in self._kept.items() if not key[1]}
        while sum(sizes.values()) > self._bytes_kept and len(sizes) > 1:
            oldest = next(key for key in self._kept if key in sizes)
            del sizes[oldest]
            for key in [key for key in self._kept if key[0] == oldest[0]]:
                del self._kept[key]


def _without(tree: Tree, ignore: str) -> Tree:
    try:
        spec = GitIgnoreSpec.from_lines(ignore.splitlines())
    except ValueError:
        raise refuse("bad-artifact", Place(field="spec.ignore"), why="one of its patterns is not valid") from None
    return Tree({path: content for path, content in tree.files.items() if not spec.match_file(path)})
