"""The kustomization that Flux generates for a directory that has none.

As fluxcd/pkg does (``kustomize/kustomize_generator.go``, ``scanManifests``); kustomize-controller gives it no ignore
rules, since what is ignored is not in the artifact.
"""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from vaultgen.errors import Fault, Place, Refused
from vaultgen.kustomize.trust import is_ours
from vaultgen.publish.reader import Reader
from vaultgen.publish.tree import Tree, shown
from vaultgen.publish.yaml_text import quoted

_HEAD = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"


@dataclass(frozen=True)
class Scanned:
    """What a scan found."""

    text: str
    """Of the kustomization."""
    found: tuple[str, ...]
    """Paths of all that it lists."""
    directories: tuple[str, ...]
    """Those of them that are directories with a kustomization of their own."""
    faults: tuple[Fault, ...]
    """For each generator document among the resources: nothing lists it."""


def scanned_kustomization(tree: Tree, directory: str, reader: Reader) -> Scanned:
    """Return the kustomization that Flux would generate, and what it leads to."""
    found = list(_scan(tree, directory))
    resources = "".join(f"- {quoted('./' + posixpath.relpath(path, directory or '.'))}\n" for path in found)
    # Flux writes a placeholder namespace where nothing is found; it would become that of the Secrets.
    text = _HEAD + (f"resources:\n{resources}" if resources else "")
    faults = [
        Fault(
            "unpublishable-generator", Place(path), {"why": f"no kustomization lists it; {shown(directory)} has none"}
        )
        for path in found
        if path in tree.files and _is_generator(tree.files[path], reader)
    ]
    return Scanned(text, tuple(found), tuple(path for path in found if path not in tree.files), tuple(faults))


def _scan(tree: Tree, directory: str) -> Iterator[str]:
    """Yield YAML files, and directories with a kustomization, in the order of Go's ``filepath.Walk``."""
    waiting = _in_reverse(tree, directory)
    while waiting:
        path = waiting.pop()
        if path in tree.files:
            if path.endswith((".yaml", ".yml")):
                yield path
        elif tree.kustomizations_in(path):
            yield path
        else:
            waiting += _in_reverse(tree, path)


def _in_reverse(tree: Tree, directory: str) -> list[str]:
    names = sorted(tree.names[directory], key=str.encode, reverse=True)
    return [posixpath.join(directory, name) for name in names]


def _is_generator(content: bytes, reader: Reader) -> bool:
    if b"VaultSecretGenerator" not in content:
        return False
    try:
        return any(isinstance(document, dict) and is_ours(document) for document in reader.documents(content, ""))
    except Refused:
        return False
