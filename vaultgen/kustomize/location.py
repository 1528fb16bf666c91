"""The line and column of faults, looked up in the files of a tree once something has failed."""

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from vaultgen.errors import Fault, Place, Refused
from vaultgen.kustomize.fields import entries
from vaultgen.kustomize.walk import FILE_LIMIT, Path, Tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vaultgen.kustomize.positions import Positions


@contextlib.contextmanager
def faults_with_lines(tree: Tree) -> Iterator[None]:
    """Give what the block raises, if it raises ``Refused``, the lines of the tree's files; it costs nothing before."""
    try:
        yield
    except Refused as refused:
        raise Refused(with_lines(refused.faults, tree), refused.answers) from None


def with_lines(faults: Iterable[Fault], tree: Tree) -> list[Fault]:
    """Return faults of a tree, each with line and column where the file tells; what has a line keeps it."""
    lines = Lines()
    return [lines.told(fault, path) if (path := _path(fault, tree)) else fault for fault in faults]


class Lines:
    """Looks paths up; each file is read once."""

    def __init__(self) -> None:
        self._files: dict[str, Positions | None] = {}

    def told(self, fault: Fault, path: Path) -> Fault:
        """Return a fault with the line of a path in its file; as it is if it has one, or the file has no such text."""
        place = fault.place
        if place.line:
            return fault
        if place.file not in self._files:
            self._files[place.file] = _positions(place.file)
        positions = self._files[place.file]
        if positions is None or positions.value(path[:1]) is None:
            return fault
        found = positions.at(path)
        return fault._replace(place=place._replace(line=found.line, column=found.column))


def steps_of(field: str) -> Path:
    """Return the path that a fault's field stands for: ``spec.secretGenerator[0].options["a.b"]``."""
    steps: list[int | str] = []
    for quoted, index, name in re.findall(r'\["([^"]*)"\]|\[(\d+)\]|([^.\[\]]+)', field):
        steps.append(int(index) if index else quoted or name)
    return tuple(steps)


def steps_to(place: Place) -> Path:
    """Return the path from the head of a document to a place in it."""
    return (*steps_of(place.field), *((place.key,) if place.key else ()))


def named(document: Mapping[str, Any]) -> str:
    """Return kind and name, as ``Place.document`` has them."""
    metadata = document.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else ""
    return f"{document.get('kind') or ''} {name or ''}".strip()


def _path(fault: Fault, tree: Tree) -> Path:
    """Return where in its file a fault is; empty where that is not known for sure."""
    place = fault.place
    if place.document:
        heads = {one.path for one in tree.plugins if (one.file, named(one.document)) == (place.file, place.document)}
        return (*heads.pop(), *steps_to(place)) if len(heads) == 1 else ()
    for kustomization in tree.kustomizations:
        if kustomization.file == place.file:
            listed = {fault.facts.get("path"), fault.facts.get("remote")}
            for key, index, entry in entries(kustomization.tree, place.field):
                if entry in listed:
                    return (0, key, index)
            return (0, *steps_to(place))
    return ()


def _positions(path: str) -> "Positions | None":
    from vaultgen.kustomize.positions import Positions

    with contextlib.suppress(OSError, Refused), open(path, "rb") as file:
        content = file.read(FILE_LIMIT + 1)
        # Positions are looked up in UTF-8; the parser takes UTF-16 too.
        if len(content) <= FILE_LIMIT and content[:1] not in (b"\xff", b"\xfe"):
            return Positions(content)
    return None
