"""What all documents of a tree ask of Vault, without asking it."""

from collections.abc import Iterator
from dataclasses import dataclass

from vaultgen.document.model import Document
from vaultgen.document.read import read_document
from vaultgen.errors import Fault, Refused
from vaultgen.kustomize.location import with_lines
from vaultgen.kustomize.trust import is_for_vaultgen
from vaultgen.kustomize.walk import Plugin, Tree
from vaultgen.local_files import LocalFiles
from vaultgen.plan import Plan, plan


@dataclass(frozen=True)
class Asked:
    """One document of a tree, planned."""

    plugin: Plugin
    document: Document
    plan: Plan

    @property
    def root(self) -> str:
        """Directory of the kustomization that lists the document."""
        return self.plugin.kustomization.root


def survey(tree: Tree) -> list[Asked]:
    """Return every document of vaultgen in a tree. Raises ``Refused`` with all faults of all documents."""
    asked: list[Asked] = []
    faults: list[Fault] = list(tree.missing)
    for plugin in documents_of(tree):
        try:
            asked.append(planned(plugin))
        except Refused as refused:
            faults += refused.faults
    if faults:
        raise Refused(with_lines(faults, tree))
    return asked


def planned(plugin: Plugin) -> Asked:
    """Return one document of vaultgen, planned. Raises ``Refused`` with all that is wrong in it."""
    document = read_document(plugin.document, plugin.file)
    return Asked(plugin, document, plan(document, LocalFiles(plugin.kustomization.root)))


def documents_of(tree: Tree) -> Iterator[Plugin]:
    """Yield the configs of a tree that vaultgen is started for."""
    return (plugin for plugin in tree.plugins if is_for_vaultgen(plugin.document))
