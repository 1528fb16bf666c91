"""From a checked tree to the document."""

from vaultgen.document.api_rules import is_data_key
from vaultgen.document.model import (
    DockerAuth,
    Document,
    Entry,
    EnvSource,
    FileSource,
    GeneratorOptions,
    LiteralSource,
    VaultConfig,
)
from vaultgen.document.sources import parse_file_source, parse_literal
from vaultgen.errors import Fault, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    Tree = Mapping[str, Any]

DOCKER_CONFIG_TYPE = "kubernetes.io/dockerconfigjson"


def parse_document(tree: "Tree", place: Place) -> Document:
    """Return the document that a VaultSecretGenerator's tree is; the tree must have passed the schema.

    ``place`` names file and document. Never raises: what is wrong inside a literal or a file source is
    kept in ``Document.faults``.
    """
    vault = VaultConfig()
    if block := tree.get("vault"):
        from vaultgen.document.auth import parse_vault

        vault = parse_vault(block)
    entries, faults = parse_entries(tree["secretGenerator"], tree.get("generatorOptions") or {}, place)
    return Document(entries, vault, place, faults)


def parse_entries(
    items: "list[Tree]", defaults: "Tree", place: Place, prefix: str = ""
) -> "tuple[tuple[Entry, ...], tuple[Fault, ...]]":
    """Return the entries of a ``secretGenerator`` list, and what is wrong in them; ``prefix`` leads to the list."""
    faults: list[Fault] = []
    entries = tuple(
        _entry(item, defaults, place._replace(field=f"{prefix}secretGenerator[{index}]", entry=item["name"]), faults)
        for index, item in enumerate(items)
    )
    return entries, tuple(faults)


def _entry(tree: "Tree", defaults: "Tree", place: Place, faults: "list[Fault]") -> Entry:
    docker = tuple(
        DockerAuth(
            item["server"], item["username"], item["password"], item.get("email") or "",
            place._replace(field=f"{place.field}.dockerConfig[{index}]", key=".dockerconfigjson"),
        )
        for index, item in enumerate(tree.get("dockerConfig") or ())
    )  # fmt: skip
    envs = [(source, f"{place.field}.envs[{index}]") for index, source in enumerate(tree.get("envs") or ())]
    if env := tree.get("env"):
        envs.append((env, f"{place.field}.env"))
    return Entry(
        name=tree["name"],
        namespace=tree.get("namespace") or "",
        type=tree.get("type") or (DOCKER_CONFIG_TYPE if docker else "Opaque"),
        behavior=tree.get("behavior"),
        files=tuple(_files(tree.get("files") or [], place, faults)),
        literals=tuple(_literals(tree.get("literals") or [], place, faults)),
        envs=tuple(EnvSource(source, place._replace(field=field)) for source, field in envs),
        docker_config=docker,
        options=merge_options(defaults, tree.get("options") or {}),
        place=place,
    )


def _files(sources: "Tree | list[str]", place: Place, faults: "list[Fault]") -> "Iterator[FileSource]":
    field = f"{place.field}.files"
    if not isinstance(sources, list):
        for key, source in dict(sources).items():
            if key:
                yield FileSource(key, source, place._replace(field=field, key=key))
            else:
                faults.append(Fault("bad-file-source", place._replace(field=field), {"why": "its data key is empty"}))
        return
    for index, item in enumerate(sources):
        at = place._replace(field=f"{field}[{index}]")
        parsed = parse_file_source(item, at)
        if isinstance(parsed, Fault):
            faults.append(parsed)
        else:
            yield FileSource(*parsed, at._replace(key=parsed[0]))


def _literals(items: "list[str]", place: Place, faults: "list[Fault]") -> "Iterator[LiteralSource]":
    for index, item in enumerate(items):
        at = place._replace(field=f"{place.field}.literals[{index}]")
        parsed = parse_literal(item, at)
        if isinstance(parsed, Fault):
            faults.append(parsed)
        else:
            # An odd key is not shown: it may be a value, whose KEY= was forgotten, with a = inside.
            yield LiteralSource(*parsed, at._replace(key=parsed[0]) if is_data_key(parsed[0]) else at)


def merge_options(defaults: "Tree", own: "Tree") -> GeneratorOptions:
    """Return an entry's options over the document's, as kustomize merges them: a global true cannot be undone."""
    return GeneratorOptions(
        labels={**(defaults.get("labels") or {}), **(own.get("labels") or {})},
        annotations={**(defaults.get("annotations") or {}), **(own.get("annotations") or {})},
        immutable=bool(defaults.get("immutable") or own.get("immutable")),
        disable_name_suffix_hash=bool(defaults.get("disableNameSuffixHash") or own.get("disableNameSuffixHash")),
    )
