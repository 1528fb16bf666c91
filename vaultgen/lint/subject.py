"""What the rules look at: a tree, its documents for vaultgen, and the build that they give."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from vaultgen.errors import Refused
from vaultgen.krm.tree import parse_yaml
from vaultgen.kustomize.walk import Plugin, Resource, Tree
from vaultgen.lint.build import Build, Item, MadeSecret, builtin_entries, dotenv_files, model, same_namespace
from vaultgen.lint.changes import Change, changes
from vaultgen.lint.files import Files, joined
from vaultgen.lint.finding import Spot
from vaultgen.lint.generator import Generator, dotenv_sources, is_meant, read_generator
from vaultgen.lint.ignore import Comment, comments
from vaultgen.lint.references import FieldSpec, Reference, added_fields, is_rewritten, references


@dataclass(frozen=True)
class Use:
    """A place in a resource of the build that names a Secret."""

    item: Item
    reference: Reference
    is_rewritten: bool
    """Whether kustomize writes the final name there."""
    named: list[MadeSecret]
    """The Secrets that have, or had on their way, the name that is written."""

    @property
    def meant(self) -> list[MadeSecret]:
        """Those of the right namespace."""
        namespace = self.reference.namespace or self.item.namespace
        return [secret for secret in self.named if same_namespace(secret.namespace, namespace)]

    @property
    def spot(self) -> Spot:
        """Where the name is written."""
        return self.item.spot.below(*self.reference.path)


class Subject:
    """A tree and what can be said of it without running anything."""

    def __init__(self, tree: Tree, environ: Mapping[str, str], rules: tuple[str, ...] = ()) -> None:
        """Take a walked tree, the environment that a build would run in, and the names of all rules."""
        self.tree = tree
        self.environ = environ
        self.rules = rules
        self.files = Files()
        self._comments: dict[str, list[Comment]] = {}

    @cached_property
    def generators(self) -> list[Generator]:
        """The documents for vaultgen among the generators."""
        return [read_generator(one) for one in self.tree.plugins if one.role == "generators" and is_meant(one.document)]

    @cached_property
    def misplaced(self) -> "list[Plugin | Resource]":
        """The documents for vaultgen that are listed as something else."""
        plugins = [one for one in self.tree.plugins if one.role != "generators" and is_meant(one.document)]
        return [*plugins, *(one for one in self.tree.resources if is_meant(one.document))]

    @cached_property
    def read_files(self) -> list[str]:
        """The files that comments can stand in, each once."""
        tree = self.tree
        named = [one.file for group in (tree.kustomizations, tree.plugins, tree.resources) for one in group]
        return list(dict.fromkeys([*named, *self._dotenv_files]))

    def is_yaml(self, file: str) -> bool:
        """Return whether a file is read as YAML."""
        return file not in self._dotenv_files

    @cached_property
    def _dotenv_files(self) -> list[str]:
        found = [
            joined(generator.plugin.kustomization.root, env.source)
            for generator in self.generators
            for entry in generator.entries
            for env in dotenv_sources(entry)
        ]
        for one in self.tree.kustomizations:
            for name in ("secretGenerator", "configMapGenerator"):
                found += (
                    joined(one.root, path) for _, entry in builtin_entries(one, name) for path in dotenv_files(entry)
                )
        return found

    @cached_property
    def build(self) -> Build:
        """The resources of the build."""
        return model(self.tree, self.generators, self.files)

    @cached_property
    def changes(self) -> list[Change]:
        """All patches and replacements."""
        return [change for one in self.tree.kustomizations for change in changes(one, self.files)]

    @cached_property
    def uses(self) -> "list[Use]":
        """Every place of the build's resources that names a Secret."""
        return [
            Use(item, reference, self._is_rewritten(reference, item), self._secrets_by_name.get(reference.name, []))
            for item in self.build.items
            if not isinstance(item, MadeSecret)
            for reference in references(item.document)
        ]

    @cached_property
    def _secrets_by_name(self) -> dict[str, list[MadeSecret]]:
        found: dict[str, list[MadeSecret]] = {}
        for secret in self.build.secrets:
            for name in secret.names:
                found.setdefault(name, []).append(secret)
        return found

    def comments(self, file: str) -> list[Comment]:
        """Return the comments in a file that hide findings."""
        if file not in self._comments:
            self._comments[file] = list(comments(self.files.text(file), is_yaml=self.is_yaml(file)))
        return self._comments[file]

    def _is_rewritten(self, reference: Reference, item: Item) -> bool:
        # A schema under `crds` can declare any field.
        return self._has_crds or is_rewritten(reference, item.document, self._added_fields)

    @cached_property
    def _has_crds(self) -> bool:
        return any(one.tree.get("crds") for one in self.tree.kustomizations)

    @cached_property
    def _added_fields(self) -> list[FieldSpec]:
        found: list[FieldSpec] = []
        for one in self.tree.kustomizations:
            listed = one.tree.get("configurations")
            for path in listed if isinstance(listed, list) else ():
                if isinstance(path, str):
                    documents = _documents(self.files.local(one.root, path))
                    found += (spec for document in documents for spec in added_fields(document))
        return found


def _documents(content: bytes | None) -> list[Any]:
    try:
        return parse_yaml(content or b"")
    except Refused:
        return []
