"""A ``vault:`` text where nothing resolves it."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any

from vaultgen.document.read import KIND
from vaultgen.kustomize.walk import ROLES, Kustomization
from vaultgen.lint.build import builtin_entries, dotenv_files, texts
from vaultgen.lint.files import joined
from vaultgen.lint.finding import Found, Rule, Spot
from vaultgen.lint.generator import Generator, is_meant
from vaultgen.lint.subject import Subject
from vaultgen.lint.texts import strings
from vaultgen.reference import is_reference
from vaultgen.unresolved import stray

_HINT = (
    f"only a {KIND} resolves references, in files, literals, envs and dockerConfig; put the value into a Secret of one"
)


def check(subject: Subject) -> Iterator[Found]:
    """Find references in resources, patches, builtin generators, and in our own document's files and metadata."""
    for resource in subject.tree.resources:
        if not is_meant(resource.document):
            yield from _resource(resource.document, Spot(resource.file, resource.path))
    for change in subject.changes:
        if (line := stray(change.text)) is not None and KIND not in change.text:
            yield Found(change.at(line), "a patch holds a reference, which stays text", _HINT)
    for kustomization in subject.tree.kustomizations:
        yield from _kustomization(kustomization, subject)
    for generator in subject.generators:
        yield from _generator(generator, subject)


def _resource(document: Mapping[str, Any], at: Spot) -> Iterator[Found]:
    kind = str(document.get("kind") or "")
    for path, text in strings(document):
        decoded = _decoded(text) if kind == "Secret" and path[:1] == ("data",) else text
        if (line := stray(decoded)) is not None:
            where = f"in {path[0]} of a {kind}" if kind in ("ConfigMap", "Secret") else f"in a {kind}"
            spot = at.below(*path)
            yield Found(
                Spot(spot.file, spot.path, line if decoded == text else 0), f"a reference {where} stays text", _HINT
            )


def _kustomization(kustomization: Kustomization, subject: Subject) -> Iterator[Found]:
    for name, value in kustomization.tree.items():
        if name in (*ROLES, "patches", "patchesStrategicMerge", "patchesJson6902"):
            continue
        for path, text in strings(value, (name,)):
            is_source = name == "secretGenerator" and path[2:3] in (("envs",), ("env",), ("files",))
            if (line := stray(text)) is not None or (is_source and is_reference(text)):
                builtin = "Generator" in name
                message = (
                    f"the builtin {name} takes a reference for text" if builtin else f"a reference in {name} stays text"
                )
                hint = (
                    "move the entry to a vaultgen document: `vaultgen init` does that"
                    if name == "secretGenerator"
                    else _HINT
                )
                yield Found(Spot(kustomization.file, (0, *path), line or 0), message, hint)
    for name in ("secretGenerator", "configMapGenerator"):
        for _, entry in builtin_entries(kustomization, name):
            yield from _files(entry, name, kustomization, subject)


def _files(entry: Mapping[str, Any], name: str, kustomization: Kustomization, subject: Subject) -> Iterator[Found]:
    """Look through the files that a builtin generator puts into the build as they are."""
    paths = [(text.partition("=")[2] or text) for _, text in texts(entry, "files")]
    for path in (*dotenv_files(entry), *paths):
        content = (subject.files.local(kustomization.root, path) or b"").decode("utf-8", "replace")
        if (line := stray(content)) is not None:
            message = f"the builtin {name} takes a reference in this file for text"
            yield Found(Spot(joined(kustomization.root, path), line=line + 1), message, _HINT)


def _generator(generator: Generator, subject: Subject) -> Iterator[Found]:
    root = generator.plugin.kustomization.root
    for entry in generator.entries:
        for file in entry.files:
            if is_reference(file.source):
                continue
            content = (subject.files.local(root, file.source) or b"").decode("utf-8", "replace")
            if (line := stray(content)) is not None:
                hint = "take it as a literal or from a dotenv file; a file is put in as it is"
                yield Found(Spot(joined(root, file.source), line=line + 1), "a reference in a file stays text", hint)
        for pairs in (entry.options.labels, entry.options.annotations):
            if any(stray(value) is not None for value in pairs.values()):
                message = "a reference in labels or annotations stays text, and anybody who sees the Secret sees those"
                yield Found(generator.at(entry.place).below("options"), message, _HINT)


def _decoded(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


RULE = Rule("stray-reference", "error", "a vault: reference stands where nothing resolves it", check)
