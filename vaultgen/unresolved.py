"""What stands where kustomize takes it as it is, though it was meant for vaultgen: no Secret would come of it.

Looked for before each build, so by what costs little; ``vaultgen lint`` finds more.
"""

import contextlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from vaultgen.document.read import API_VERSION, KIND
from vaultgen.document.sources import parse_dotenv, parse_file_source, parse_literal
from vaultgen.errors import Fault, Place, Refused
from vaultgen.krm.tree import parse_yaml
from vaultgen.kustomize.fields import entries, values
from vaultgen.kustomize.location import Lines, named, steps_of
from vaultgen.kustomize.trust import BUILTIN_GROUP, is_for_vaultgen, is_ours
from vaultgen.kustomize.walk import FILE_LIMIT, Path, Tree, flattened, shown_path
from vaultgen.local_files import LocalFiles
from vaultgen.reference import OPENING, PREFIX

_GROUP = API_VERSION.partition("/")[0]
_KINDS = {"SecretGenerator": "secretGenerator", "ConfigMapGenerator": "configMapGenerator"}
"""Builtin generators, and their fields in a kustomization."""
_MARKS = (KIND.encode(), b"secretGenerator")
"""One of these is in each file with a document for vaultgen."""
LISTED: Mapping[str, str] = {
    "resources": "kustomize puts the document itself into the build, and makes no Secret",
    "transformers": "kustomize honours neither name suffix nor behavior of a transformer's Secrets",
    "validators": "kustomize takes no Secret from a validator",
}
"""What becomes of a document that is listed elsewhere than under generators."""
_PRUNED = "kustomize puts it into the build as it is, and the API server drops its spec.secretGenerator"

_Found = tuple[Fault, Path]
"""A fault, and where in its file it is."""


def unresolved(tree: Tree) -> list[Fault]:
    """Return a fault for each document that is not listed under generators, and each reference in a builtin one."""
    found = [one for _, path in tree.plain_files for one in _listed_as_resource(path)]
    for one in tree.kustomizations:
        for name in _KINDS.values():
            for key, value in values(one.tree, name):
                for index, entry in enumerate(value if isinstance(value, list) else ()):
                    place = Place(one.file, field=f"{key}[{index}]")
                    found += _Builtin(name, entry, place, (0,), one.root).faults()
    for plugin in tree.plugins:
        config = plugin.document
        if plugin.role != "generators" and is_for_vaultgen(config):
            facts = {"role": plugin.role, "why": LISTED[plugin.role]}
            fault = Fault("listed-as-transformer", Place(plugin.file, named(config)), facts)
            found.append((fault, plugin.path))
        if config.get("apiVersion") == BUILTIN_GROUP and (kind := str(config.get("kind"))) in _KINDS:
            place, root = Place(plugin.file), plugin.kustomization.root
            found += _Builtin(_KINDS[kind], config, place, plugin.path, root).faults()
    once = {(fault.code, fault.place): (fault, path) for fault, path in found}
    lines = Lines()
    return [lines.told(fault, path) for fault, path in once.values()]


def stray(text: str) -> int | None:
    """Return the line (from 0) of what would be a reference if it stood in the right place; None without one.

    Only what names a field or a format counts: ``vault:`` alone begins other tools' texts too.
    """
    if PREFIX not in text:
        return None
    found = re.search(r"(?<![\w./:+-])vault:[^\s\"'?#]{1,500}\?(?:[^\s\"']{0,500}&)?(?:key|format)=", text)
    return None if found is None else text.count("\n", 0, found.start())


def _listed_as_resource(path: str) -> Iterator[_Found]:
    with contextlib.suppress(OSError), open(path, "rb") as file:
        content = file.read(FILE_LIMIT + 1)
        if len(content) > FILE_LIMIT or not any(mark in content for mark in _MARKS):
            return
        # What cannot be read here is for kustomize to judge.
        with contextlib.suppress(Refused):
            for at, document in flattened(parse_yaml(content)):
                if why := _why_lost(document):
                    place = Place(shown_path(path), named(document))
                    yield Fault("listed-as-resource", place, {"why": why}), at


def _why_lost(document: Mapping[str, Any]) -> str:
    """Return what becomes of a document among the resources; empty where it may stand there."""
    if document.get("kind") == KIND and str(document.get("apiVersion")).partition("/")[0] == _GROUP:
        return LISTED["resources"]
    spec = document.get("spec")
    return _PRUNED if is_ours(document) and isinstance(spec, dict) and "secretGenerator" in spec else ""


class _Builtin:
    """An entry of a builtin generator."""

    def __init__(self, name: str, entry: Any, place: Place, head: Path, root: str) -> None:
        """Take the entry at ``place``; ``head`` leads to the document that it stands in."""
        self._entry = entry if isinstance(entry, dict) else {}
        self._name = name
        named = str(self._entry.get("name") or "")
        self._is_of_secret = name == _KINDS["SecretGenerator"]
        self._place = (
            place._replace(entry=named) if self._is_of_secret else place._replace(document=f"ConfigMap {named}")
        )
        self._head = head
        self._files = LocalFiles(root)

    def faults(self) -> Iterator[_Found]:
        for field, text in self._sources("literals"):
            literal = parse_literal(text)
            if not isinstance(literal, Fault) and _is_meant(literal[1]):
                yield self._fault(field, literal[0])
        for field, text in self._sources("files"):
            file = parse_file_source(text)
            if not isinstance(file, Fault) and self._is_meant_in(file[1]):
                yield self._fault(field, file[0])
        for field, text in (*self._sources("envs"), *self._sources("env")):
            if (content := self._read(text)) is None:
                if text.startswith(PREFIX):
                    yield self._fault(field)
            elif PREFIX.encode() in content:
                pairs = (pair for pair in parse_dotenv(content) if not isinstance(pair, Fault))
                yield from (self._fault(field, key) for key, value in pairs if _is_meant(value))

    def _sources(self, name: str) -> Iterator[tuple[str, str]]:
        """Yield the text of a field, or those of its list, each with where it stands: ``literals[0]``."""
        for key, value in values(self._entry, name):
            if isinstance(value, str):
                yield key, value
        for key, index, text in entries(self._entry, name):
            yield f"{key}[{index}]", text

    def _is_meant_in(self, source: str) -> bool:
        """Return whether a source is a reference itself, or the file there holds one; that of a ConfigMap may."""
        if (content := self._read(source)) is None:
            return source.startswith(PREFIX)
        return self._is_of_secret and _is_meant(content.decode(errors="replace"))

    def _read(self, path: str) -> bytes | None:
        try:
            return self._files.read(path)
        except Refused:
            return None

    def _fault(self, field: str, key: str = "") -> _Found:
        place = self._place
        inside = f"{place.field}.{field}" if place.field else field
        fault = Fault("builtin-reference", place._replace(field=inside, key=key), {"generator": self._name})
        return fault, (*self._head, *steps_of(inside))


def _is_meant(text: str) -> bool:
    """Return whether vaultgen would put a value in the place of a text or into it."""
    return (text.startswith(PREFIX) or OPENING in text.replace("$" + OPENING, "")) and stray(text) is not None
