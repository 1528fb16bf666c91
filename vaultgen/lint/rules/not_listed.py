"""A document that no kustomization lists."""

import os
from collections.abc import Iterator

from vaultgen.document.read import KIND
from vaultgen.errors import Refused
from vaultgen.krm.tree import parse_yaml
from vaultgen.kustomize.generators import KUSTOMIZATION_NAMES
from vaultgen.kustomize.trust import is_ours
from vaultgen.kustomize.walk import Kustomization
from vaultgen.lint.files import joined
from vaultgen.lint.finding import Found, Rule, Spot
from vaultgen.lint.subject import Subject
from vaultgen.lint.texts import strings

DEPTH = 4
"""Directories below a kustomization that are looked through."""


def check(subject: Subject) -> Iterator[Found]:
    """Find files beside the kustomizations that hold a document, and that none of them names anywhere."""
    named = {joined(one.root, text) for one in subject.tree.kustomizations for text in _named(one)}
    named |= {os.path.dirname(one.file) for one in subject.tree.kustomizations}
    roots = {one.root for one in subject.tree.kustomizations}
    for kustomization in subject.tree.kustomizations:
        for file in _files(kustomization.root, roots, DEPTH):
            shown = joined(kustomization.root, file)
            if shown not in named and (index := _document(subject.files.content(shown))) is not None:
                hint = f"add it to generators in {kustomization.file}"
                yield Found(Spot(shown, (index, "kind")), f"nothing lists this {KIND}, so that no build runs it", hint)


def _named(kustomization: Kustomization) -> Iterator[str]:
    for _, text in strings(kustomization.tree):
        if "\n" not in text and len(text) < 1024:
            yield from (text, text.partition("=")[2])


def _files(directory: str, roots: set[str], depth: int) -> Iterator[str]:
    """Yield the YAML files below a directory, without those of other builds and what is hidden."""
    try:
        entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith(".") or entry.is_symlink():
            continue
        if entry.is_dir():
            is_other = any(os.path.exists(os.path.join(entry.path, name)) for name in KUSTOMIZATION_NAMES)
            if depth and not is_other and entry.path not in roots:
                yield from _files(entry.path, roots, depth - 1)
        elif entry.name.endswith((".yaml", ".yml")) and entry.name not in KUSTOMIZATION_NAMES:
            yield entry.path


def _document(content: bytes | None) -> int | None:
    """Return the index of the first document of vaultgen's own kind in a file."""
    if content is None or KIND.encode() not in content:
        return None
    try:
        documents = parse_yaml(content)
    except Refused:
        return None
    meant = (i for i, one in enumerate(documents) if isinstance(one, dict) and one.get("kind") == KIND and is_ours(one))
    return next(meant, None)


RULE = Rule(
    "not-listed", "warning", "a document for vaultgen stands beside the kustomizations, and none lists it", check
)
