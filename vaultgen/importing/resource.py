"""Resources of other tools, taken apart in such a way that nothing in them is passed over.

Whoever converts one reads its fields through a ``Node``, which counts them as used. What was neither read, noted nor
listed in the end is listed by ``Resource.finish``.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from vaultgen.krm.tree import parse_yaml
from vaultgen.kustomize.positions import Positions

Steps = tuple[str | int, ...]
"""Keys and indexes that lead to a field."""

UNKNOWN = "not known here"


class Listed(Exception):
    """Why something cannot be carried over has been listed; what depends on it is left out."""


class Ambiguous(Exception):
    """More than one resource may be meant, and they say different things."""


@dataclass(frozen=True)
class Remark:
    """Something about one field of a resource."""

    file: str
    line: int
    """1-based."""
    resource: str
    """Kind and name."""
    where: str
    """The field: ``spec.data[0].remoteRef.key``."""
    why: str


@dataclass
class Resource:
    """One Kubernetes object of a file."""

    file: str
    tree: Mapping[str, Any]
    steps: Steps
    """Number of its document in the file, and what leads to it from there: it may be an item of a List."""
    line_of: Callable[[Steps], int]
    """Says on which line of the file something stands, by the steps from the file's documents on."""
    left: list[Remark] = field(default_factory=list)
    """What cannot be carried over."""
    notes: list[Remark] = field(default_factory=list)
    """What has no meaning in a build, or works otherwise there."""
    _seen: set[Steps] = field(default_factory=set)

    @property
    def group(self) -> str:
        """The API group; empty for the core's."""
        return str(self.tree.get("apiVersion") or "").rpartition("/")[0]

    @property
    def version(self) -> str:
        """The API version, without the group."""
        return str(self.tree.get("apiVersion") or "").rpartition("/")[2]

    @property
    def kind(self) -> str:
        """The kind; empty where there is none."""
        return str(self.tree.get("kind") or "")

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Its metadata; empty where there is none."""
        metadata = self.tree.get("metadata")
        return metadata if isinstance(metadata, Mapping) else {}

    @property
    def name(self) -> str:
        """Its name; empty where it has none."""
        return str(self.metadata.get("name") or "")

    @property
    def namespace(self) -> str:
        """Its namespace; empty where that is left to kustomize."""
        return str(self.metadata.get("namespace") or "")

    @property
    def label(self) -> str:
        """Kind and name."""
        return f"{self.kind} {self.name}".strip()

    @property
    def root(self) -> "Node":
        """The object itself."""
        return Node(self, (), self.tree)

    def leave(self, steps: Steps, why: str, where: str = "") -> None:
        """List a field, with all below it, as not carried over; ``where`` in place of the field's own path."""
        self.seen(steps)
        self._add(self.left, steps, why, where)

    def note(self, steps: Steps, why: str) -> None:
        """Note something about a field, and count it, with all below it, as used."""
        self.seen(steps)
        self._add(self.notes, steps, why, "")

    def seen(self, steps: Steps) -> None:
        """Count a field, with all below it, as used."""
        self._seen.add(steps)

    def finish(self) -> None:
        """List all of the spec that nothing was said of."""
        for steps in _leaves(self.tree.get("spec"), ("spec",)):
            if not any(steps[:length] in self._seen for length in range(len(steps) + 1)):
                self.leave(steps, UNKNOWN)

    def _add(self, to: list[Remark], steps: Steps, why: str, where: str) -> None:
        line = self.line_of((*self.steps, *steps))
        remark = Remark(self.file, line, self.label, where or shown(steps) or "kind", why)
        # A store is read for each resource that uses it.
        if remark not in to:
            to.append(remark)


class Node:
    """A mapping inside a resource."""

    def __init__(self, resource: Resource, steps: Steps, value: Mapping[str, Any]) -> None:
        self.resource = resource
        self.steps = steps
        self._value = value

    def __contains__(self, name: str) -> bool:
        """Return whether a field is there; null counts as not there, as for the API server."""
        return self._value.get(name) is not None

    def names(self) -> list[str]:
        """Return the names of the fields that are there."""
        return [name for name in self._value if name in self]

    def text(self, name: str, default: str = "") -> str:
        """Return a text; a whole number counts as one. Raises Listed for anything else."""
        value = self._take(name)
        if isinstance(value, str):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if value is None:
            return default
        raise self.unable(name, "text is expected here")

    def flag(self, name: str) -> bool:
        """Return whether a boolean is true. Raises Listed for anything else."""
        value = self._take(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise self.unable(name, "true or false is expected here")

    def mapping(self, name: str) -> "Node":
        """Return a mapping, empty where it is not there. Raises Listed for anything else."""
        value = self._value.get(name)
        if value is not None and not isinstance(value, Mapping):
            raise self.unable(name, "a mapping is expected here")
        if not value:
            self.seen(name)
        return Node(self.resource, (*self.steps, name), value or {})

    def items(self, name: str) -> "list[Node]":
        """Return the mappings of a list; what is not one is listed. Raises Listed for anything but a list."""
        nodes = []
        for steps, item in self._list(name):
            if isinstance(item, Mapping):
                nodes.append(Node(self.resource, steps, item))
                if not item:
                    self.resource.seen(steps)
            else:
                self.resource.leave(steps, "a mapping is expected here")
        return nodes

    def texts(self, name: str) -> list[str]:
        """Return the texts of a list. Raises Listed for anything else."""
        found = []
        for steps, item in self._list(name):
            if not isinstance(item, str):
                self.resource.leave(steps, "text is expected here")
                raise Listed
            self.resource.seen(steps)
            found.append(item)
        return found

    def pairs(self, name: str) -> dict[str, str]:
        """Return the texts of a mapping, such as labels; what is none is listed. Raises Listed for anything else."""
        node = self.mapping(name)
        found = {}
        for key in node.names():
            try:
                found[key] = node.text(key)
            except Listed:
                continue
        return found

    def seen(self, *names: str) -> None:
        """Count fields, with all below them, as used; without names the whole mapping."""
        for name in names:
            self.resource.seen((*self.steps, name))
        if not names:
            self.resource.seen(self.steps)

    def note(self, name: str, why: str) -> None:
        """Note something about a field, if it is there."""
        if name in self:
            self.resource.note((*self.steps, name), why)

    def tell(self, name: str, why: str) -> None:
        """Note something about a field, also where it is not there, and its default counts."""
        self.resource.note((*self.steps, name), why)

    def leave(self, name: str, why: str) -> None:
        """List a field as not carried over, if it is there."""
        if name in self:
            self.resource.leave((*self.steps, name), why)

    def unable(self, name: str, why: str) -> Listed:
        """List a field (empty: the whole mapping) as not carried over, and return what to raise."""
        self.resource.leave((*self.steps, name) if name else self.steps, why)
        return Listed()

    def _take(self, name: str) -> Any:
        self.seen(name)
        return self._value.get(name)

    def _list(self, name: str) -> list[tuple[Steps, Any]]:
        value = self._value.get(name)
        if value is not None and not isinstance(value, list):
            raise self.unable(name, "a list is expected here")
        if not value:
            self.seen(name)
        return [((*self.steps, name, index), item) for index, item in enumerate(value or [])]


def read_resources(file: str, content: bytes) -> list[Resource]:
    """Return the objects of a YAML text, those inside a List as well; ``file`` names it. Raises as ``parse_yaml``."""
    documents = parse_yaml(content, file)

    @cache
    def positions() -> Positions:
        return Positions(content, file)

    return [
        Resource(file, tree, steps, lambda path: positions().at(path).line)
        for number, document in enumerate(documents)
        for steps, tree in _objects(document, (number,))
    ]


def _objects(tree: Any, steps: Steps) -> Iterator[tuple[Steps, Mapping[str, Any]]]:
    if not isinstance(tree, Mapping):
        return
    items = tree.get("items")
    if str(tree.get("kind")).endswith("List") and isinstance(items, list):
        for index, item in enumerate(items):
            yield from _objects(item, (*steps, "items", index))
    else:
        yield steps, tree


def nearest(named: Sequence[Resource], namespace: str) -> Resource | None:
    """Return the one of some resources, of one kind and name, that is meant from a namespace (empty: not known).

    Where kustomize sets the namespace, a file may leave it out. Raises Ambiguous: the files may be those of more than
    one environment.
    """
    near = [one for one in named if not namespace or one.namespace in (namespace, "")]
    best = [one for one in near if one.namespace == namespace] or near
    if any((one.namespace, one.tree.get("spec")) != (best[0].namespace, best[0].tree.get("spec")) for one in best):
        raise Ambiguous
    return best[0] if best else None


def shown(steps: Steps) -> str:
    """Return the path to a field as a person writes it: ``spec.data[0].remoteRef.key``."""
    text = ""
    for step in steps:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.removeprefix(".")


def _leaves(tree: Any, steps: Steps) -> Iterator[Steps]:
    """Yield the path of each value that has none below it; null counts as not there."""
    if isinstance(tree, Mapping | list) and tree:
        pairs = tree.items() if isinstance(tree, Mapping) else enumerate(tree)
        for step, value in pairs:
            yield from _leaves(value, (*steps, step))
    elif tree is not None:
        yield steps
