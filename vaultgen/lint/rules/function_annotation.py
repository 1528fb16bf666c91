"""The function annotation is there, but not as kustomize reads it."""

from collections.abc import Iterator, Mapping
from typing import Any

from vaultgen.kustomize.trust import FUNCTION_ANNOTATIONS, function_of
from vaultgen.kustomize.walk import Path, Plugin
from vaultgen.lint.finding import Edit, Fix, Found, Rule, Spot
from vaultgen.lint.generator import is_meant
from vaultgen.lint.subject import Subject
from vaultgen.lint.words import nearest, shown_name

ANNOTATION = FUNCTION_ANNOTATIONS[0]
AT = ("metadata", "annotations", ANNOTATION)
_WRITE = "write `exec: {path: vaultgen}` as its text"
_MOVE = "move it below metadata.annotations"


def check(subject: Subject) -> Iterator[Found]:
    """Find annotations with another name, at another place, that are no text, or that name nothing to run."""
    for plugin in subject.tree.plugins:
        if plugin.role == "generators" and is_meant(plugin.document):
            at = Spot(plugin.file, plugin.path)
            if function_of(plugin.document) is not None:
                yield from _value(plugin.document, at, subject)
            elif (path := misplaced(plugin)) is not None:
                yield _elsewhere(path, plugin.document, at, subject)


def misplaced(plugin: Plugin) -> Path | None:
    """Return where a document has something that is meant as the function annotation, but is not; else None."""
    metadata = _map(plugin.document, "metadata")
    for path, names in (
        (("metadata", "labels"), _map(metadata, "labels")),
        (("metadata",), metadata),
        ((), plugin.document),
        (("metadata", "annotations"), _map(metadata, "annotations")),
    ):
        for name in names:
            if nearest(name.lower(), [ANNOTATION], 0.85):
                return (*path, name)
    return None


def _elsewhere(path: Path, document: Mapping[str, Any], at: Spot, subject: Subject) -> Found:
    spot, name = at.below(*path), str(path[-1])
    if path[:-1] != AT[:-1]:
        where = "is a label here, and has to be an annotation" if "labels" in path else "stands outside annotations"
        return Found(spot, f"{shown_name(name)} {where}", _MOVE)
    message = f"kustomize knows no annotation {shown_name(name)}, and runs no function for it"
    is_text = isinstance(_map(_map(document, "metadata"), "annotations")[name], str)
    return Found(spot, message, f"write {ANNOTATION}", _renamed(spot, subject) if is_text else None)


def _value(document: Mapping[str, Any], at: Spot, subject: Subject) -> Iterator[Found]:
    annotations = _map(_map(document, "metadata"), "annotations")
    name = next(name for name in FUNCTION_ANNOTATIONS if name in annotations)
    spot, value, function = at.below(*AT[:-1], name), annotations[name], function_of(document) or {}
    if isinstance(value, dict):
        message = "the annotation is a map, and kustomize does not see it: annotations are text"
        yield Found(spot, message, "put ` |` behind its colon", _as_text(spot, subject))
    elif not function:
        yield Found(spot, "the annotation's text is no map in YAML", _WRITE)
    elif not any(_map(function, kind) for kind in ("exec", "container", "starlark")):
        message = "the annotation names nothing to run, so that kustomize skips the document and says nothing"
        yield Found(spot, message, _WRITE)


def _renamed(spot: Spot, subject: Subject) -> Fix | None:
    positions = subject.files.positions(spot.file)
    span = positions.key(spot.path) if positions else None
    return Fix(f"rename it to {ANNOTATION}", (Edit(spot.file, span.start, span.end, ANNOTATION),)) if span else None


def _as_text(spot: Spot, subject: Subject) -> Fix | None:
    """Return the edit that makes a text of a block, if that begins on the line below its key."""
    positions = subject.files.positions(spot.file)
    key = positions.key(spot.path) if positions else None
    if positions is None or key is None:
        return None
    rest, newline, _ = positions.text[key.end :].partition("\n")
    if not newline or rest.strip() != ":":
        return None
    colon = key.end + rest.index(":") + 1
    return Fix("make it a text", (Edit(spot.file, colon, colon, " |"),))


def _map(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = holder.get(name)
    return found if isinstance(found, dict) else {}


RULE = Rule(
    "function-annotation",
    "error",
    "the function annotation is not where, or not what, kustomize reads",
    check,
    is_fixable=True,
)
