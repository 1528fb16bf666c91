"""What a kustomization changes in resources by patches and replacements, as far as lint has to know.

Nothing is applied. A resource that a patch may reach in a place that matters counts as uncertain, so that no rule
says of it what the patch has made untrue.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vaultgen.errors import Refused
from vaultgen.krm.tree import parse_yaml
from vaultgen.kustomize.walk import Kustomization, is_remote
from vaultgen.lint.files import Files, joined
from vaultgen.lint.finding import Spot

HARMLESS_TRANSFORMERS = frozenset(
    {"AnnotationsTransformer", "ImageTagTransformer", "LabelTransformer", "ReplicaCountTransformer"}
)
"""Builtin transformers that change neither names nor references nor data."""


@dataclass(frozen=True)
class Target:
    """Which resources a change may reach; an empty part stands for any."""

    kind: str = ""
    name: str = ""

    def may_be(self, kind: str, names: set[str]) -> bool:
        """Return whether a resource may be meant; for kustomize both parts are regular expressions."""
        return _may_match(self.kind, kind) and any(_may_match(self.name, name) for name in names)


@dataclass(frozen=True)
class Change:
    """One patch, or the targets of one replacement."""

    spot: Spot
    """Where its text stands."""
    text: str
    targets: tuple[Target, ...]

    def at(self, line: int) -> Spot:
        """Return the spot of a line (from 0) of its text."""
        return Spot(self.spot.file, self.spot.path, line if self.spot.path else line + 1)

    @property
    def matters(self) -> bool:
        """Whether it could concern a Secret's name, keys or namespace, or a reference to one."""
        words = r"ecret|valueFrom|envFrom|\benv\b|volume|\$patch|\bremove\b|\bnull\b|metadata/name"
        return re.search(words, self.text) is not None


def changes(kustomization: Kustomization, files: Files) -> Iterator[Change]:
    """Yield the patches and replacements of a kustomization; those that cannot be read may reach anything."""
    tree, at = kustomization.tree, Spot(kustomization.file, (0,))
    for field in ("patches", "patchesJson6902"):
        for index, item in _items(tree, field):
            if isinstance(item, dict):
                inline = at.below(field, index, "patch")
                spot, text = _text(item.get("patch"), item.get("path"), inline, kustomization, files)
                target = item.get("target")
                targets = (_selected(target),) if isinstance(target, dict) else tuple(_patched(text))
                yield Change(spot, text, targets)
    for index, item in _items(tree, "patchesStrategicMerge"):
        inline_text = item if isinstance(item, str) and "\n" in item else None
        spot, text = _text(inline_text, item, at.below("patchesStrategicMerge", index), kustomization, files)
        yield Change(spot, text, tuple(_patched(text)))
    for index, item in _items(tree, "replacements"):
        if isinstance(item, dict):
            yield from _replacement(item, at.below("replacements", index), kustomization, files)


def _replacement(item: Mapping[str, Any], at: Spot, kustomization: Kustomization, files: Files) -> Iterator[Change]:
    trees: list[Any] = [item]
    if "path" in item:
        at, text = _text(None, item["path"], at, kustomization, files)
        trees = _trees(text)
        trees = [one for tree in trees for one in (tree if isinstance(tree, list) else [tree])]
    targets: list[Target] = []
    for tree in trees:
        listed = tree.get("targets") if isinstance(tree, dict) else None
        for target in listed if isinstance(listed, list) else ():
            select = target.get("select") if isinstance(target, dict) else None
            if isinstance(select, dict):
                targets.append(_selected(select))
    # What is written is not in its text, so it counts as if it mattered.
    yield Change(at, "secret", tuple(targets) if targets or "path" not in item else (Target(),))


def _selected(target: Mapping[str, Any]) -> Target:
    return Target(*(str(target.get(part) or "") for part in ("kind", "name")))


def _patched(text: str) -> Iterator[Target]:
    """Yield what the documents of a strategic merge patch name as their targets."""
    for tree in _trees(text) or [None]:
        metadata = tree.get("metadata") if isinstance(tree, dict) else None
        if isinstance(tree, dict) and isinstance(metadata, dict):
            yield Target(str(tree.get("kind") or ""), str(metadata.get("name") or ""))
        else:
            yield Target()


def _trees(text: str) -> list[Any]:
    try:
        return parse_yaml(text.encode())
    except Refused:
        return []


def _text(inline: Any, path: Any, at: Spot, kustomization: Kustomization, files: Files) -> tuple[Spot, str]:
    if isinstance(inline, str):
        return at, inline
    if isinstance(path, str) and not is_remote(path):
        content = files.local(kustomization.root, path) or b""
        return Spot(joined(kustomization.root, path)), content.decode("utf-8-sig", "replace")
    return at, ""


def _items(tree: Mapping[str, Any], field: str) -> Iterator[tuple[int, Any]]:
    listed = tree.get(field)
    yield from enumerate(listed if isinstance(listed, list) else ())


def _may_match(pattern: str, text: str) -> bool:
    """Whether kustomize could match; a regular expression of the tree's own is not run, but for plain alternatives."""
    parts = [part.strip("^$") for part in pattern.split("|")]
    return not pattern or any(part == text or not re.fullmatch(r"[\w/.-]+", part) for part in parts)
