"""The trees of sources, in memory: one parsed copy an artifact, whatever the number of VaultArtifacts made of it."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock
from typing import TypeVar

from vaultgen.controller.ignore import Ignored, TooSlow
from vaultgen.controller.sources import SourceArtifact
from vaultgen.errors import Fault, Place, Refused, refuse
from vaultgen.publish.archive import unpack
from vaultgen.publish.survey import Survey
from vaultgen.publish.tree import Tree

Made = TypeVar("Made")

BYTES_KEPT = 64 << 20
"""Of trees that are not in use; those above are fetched again when they are needed."""
IGNORE_SECONDS = 10.0
"""How long patterns may be compared with the paths of a tree, of the time that a look has."""
FAULTS_KEPT = 100
_OBJECT_BYTES = 1000
"""About what a file of a tree, or a part of a plan, takes beside its text."""


class Trees:
    """A cache of unpacked artifacts, and of what was found in them.

    Nothing else holds a tree longer than a look takes: what is kept for all VaultArtifacts together is bounded here.
    """

    def __init__(self, fetch: Callable[[SourceArtifact, float], bytes], bytes_kept: int = BYTES_KEPT) -> None:
        """``fetch`` returns an artifact's bytes within some seconds."""
        self._fetch = fetch
        self._bytes_kept = bytes_kept
        self._lock = Lock()
        self._fetching: dict[_Key, Lock] = {}
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()

    def tree(self, artifact: SourceArtifact, ignore: str, seconds: float) -> Tree:
        """Return the tree of an artifact, without the files that ``ignore`` (gitignore syntax) names.

        Equal arguments give the same object while it is kept. Raises ``Refused``: source-not-fetched, bad-archive,
        bad-artifact.
        """
        return _unless_refused(self._entry(artifact, ignore, seconds).tree_or_faults)

    def survey(
        self,
        artifact: SourceArtifact,
        ignore: str,
        seconds: float,
        asker: tuple[Hashable, Hashable],
        make: Callable[[Tree], Survey],
    ) -> Survey:
        """Return what ``make`` finds in a tree, which is called once for an asker while the tree is kept.

        ``asker`` is who asks, and what would make the answer another. Raises what ``tree`` and ``make`` raise.
        """
        entry = self._entry(artifact, ignore, seconds)
        tree = _unless_refused(entry.tree_or_faults)
        who, state = asker
        with self._lock:
            known = entry.surveys.get(who)
        if known is None or known[0] != state:
            known = state, _made(lambda: make(tree))
            with self._lock:
                entry.keep(who, known)
                self._shrink()
        return _unless_refused(known[1])

    def _entry(self, artifact: SourceArtifact, ignore: str, seconds: float) -> "_Kept":
        # The URL as well: who only knows the digest of another's tree must not get it from here.
        key = (artifact.url, artifact.digest, ignore)
        if ignore:
            whole = self.tree(artifact, "", seconds)
            return self._cached(key, lambda: _without(whole, ignore, min(seconds, IGNORE_SECONDS)))

        def unpacked() -> "Tree | _Faults":
            packed = self._fetch(artifact, seconds)
            return _made(lambda: Tree(unpack(packed)))

        return self._cached(key, unpacked)

    def _cached(self, key: "_Key", make: Callable[[], "Tree | _Faults"]) -> "_Kept":
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            # Two that want the same tree wait for one fetch; others go on.
            fetching = self._fetching.setdefault(key, Lock())
        with fetching:
            with self._lock:
                if key in self._kept:
                    return self._kept[key]
            try:
                made = _Kept(make())
            finally:
                with self._lock:
                    self._fetching.pop(key, None)
            with self._lock:
                self._kept[key] = made
                self._shrink()
            return made

    def _shrink(self) -> None:
        """Drop the trees that were not asked for longest; a filtered one shares the bytes of the whole one."""
        sizes: dict[tuple[str, str], int] = {}
        for (url, digest, ignore), entry in self._kept.items():
            sizes[url, digest] = sizes.get((url, digest), 0) + entry.size(shares=bool(ignore))
        total = sum(sizes.values())
        while total > self._bytes_kept and len(sizes) > 1:
            oldest = next(iter(sizes))
            total -= sizes.pop(oldest)
            for key in [key for key in self._kept if key[:2] == oldest]:
                del self._kept[key]


_Key = tuple[str, str, str]
"""URL, digest, and what is left out."""


_Faults = tuple[Fault, ...]
"""Why there is no tree or no survey. That is kept, too: the same bytes would be refused again, after as much work."""


@dataclass
class _Kept:
    tree_or_faults: Tree | _Faults
    surveys: dict[Hashable, tuple[Hashable, Survey | _Faults]] = field(default_factory=dict, init=False)
    """By who asked; of each the last."""
    _of_surveys: int = field(default=0, init=False)
    """Bytes; there may be thousands of one tree, and each new one asks for the size of all."""

    def __post_init__(self) -> None:
        files = self.tree_or_faults.files if isinstance(self.tree_or_faults, Tree) else {}
        self._content = sum(map(len, files.values()))
        self._names = sum(map(len, files)) + _OBJECT_BYTES * (1 + len(files))

    def keep(self, who: Hashable, known: tuple[Hashable, Survey | _Faults]) -> None:
        """Keep a survey for who asked, in place of an earlier one."""
        if who in self.surveys:
            self._of_surveys -= _size_of(self.surveys[who][1])
        self.surveys[who] = known
        self._of_surveys += _size_of(known[1])

    def size(self, *, shares: bool) -> int:
        """Return about how many bytes it takes; ``shares`` tells that the files' contents are another's."""
        return self._of_surveys + self._names + (0 if shares else self._content)


def _made(make: Callable[[], Made]) -> Made | _Faults:
    try:
        return make()
    except Refused as refused:
        return tuple(refused.faults[:FAULTS_KEPT])


def _unless_refused(made: Made | _Faults) -> Made:
    if isinstance(made, tuple):
        raise Refused(made)
    return made


def _size_of(survey: Survey | _Faults) -> int:
    if isinstance(survey, tuple):
        return _OBJECT_BYTES * len(survey)
    parts = sum(
        1 + len(generator.plan.uses) + sum(1 + len(secret.sources) for secret in generator.plan.secrets)
        for generator in survey.generators
    )
    return sum(map(len, survey.rewritten.values())) + _OBJECT_BYTES * parts


def _without(tree: Tree, ignore: str, seconds: float) -> Tree:
    try:
        kept = list(Ignored(ignore).kept(tree.files, seconds))
    except ValueError:
        raise refuse("bad-artifact", Place(field="spec.ignore"), why="one of its patterns is not valid") from None
    except TooSlow:
        why = "its patterns take too long for this tree"
        raise refuse("bad-artifact", Place(field="spec.ignore"), why=why) from None
    return Tree({path: tree.files[path] for path in kept})
