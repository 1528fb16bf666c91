"""The ResourceList of the KRM Functions Specification v1: what comes in, what goes out."""

import json
from binascii import b2a_base64

from vaultgen.errors import refuse
from vaultgen.krm.block_style import parse_block_style
from vaultgen.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from vaultgen.render import GeneratedSecret

API_VERSIONS = ("config.kubernetes.io/v1", "config.kubernetes.io/v1beta1")
_PATH_ANNOTATIONS = ("internal.config.kubernetes.io/path", "config.kubernetes.io/path")
_KEPT_ANNOTATIONS = (
    *_PATH_ANNOTATIONS,
    *(
        f"{domain}/{name}"
        for domain in ("internal.config.kubernetes.io", "config.kubernetes.io")
        for name in ("index", "id")
    ),
)


class Item(Record):
    """A resource to hand through."""

    resource: "dict[str, Any]"
    text: str = ""
    """Its lines as they came in; empty where they do not stand by themselves."""


class ResourceList(Record):
    """A function's input."""

    api_version: str
    items: "tuple[Item, ...]"
    """Resources to hand through; kustomize's copy of the functionConfig is not among them."""
    function_config: "dict[str, Any]"


def read_resource_list(request: bytes) -> ResourceList:
    """Return the ResourceList that a function's standard input holds.

    kustomize puts a generator's own config into ``items``: that copy is left out, since what comes back
    becomes part of the build. kpt's items, which have a path in the package, all stay.

    Raises ``Refused``: not-a-resource-list, and what ``parse_yaml`` raises.
    """
    tree: Any = parse_block_style(request)
    if tree is None and request.strip():
        from vaultgen.krm.tree import parse_one

        tree = parse_one(request, "the ResourceList on standard input")
    if tree is None:
        raise refuse("not-a-resource-list", why="it is empty")
    if not isinstance(tree, dict) or tree.get("kind") != "ResourceList" or tree.get("apiVersion") not in API_VERSIONS:
        raise refuse(
            "not-a-resource-list", why=f"kind and apiVersion are not ResourceList of {' or '.join(API_VERSIONS)}"
        )
    config, items = tree.get("functionConfig"), tree.get("items") or []
    if not isinstance(config, dict) or not isinstance(config.get("metadata", {}), dict):
        raise refuse("not-a-resource-list", why="it has no functionConfig")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise refuse("not-a-resource-list", why="items is not a list of objects")
    if len(items) == 1 and _identity(items[0]) == _identity(config) and not file_of(items[0]):
        items = []
    return ResourceList(tree["apiVersion"], tuple(_items(items, request)) if items else (), config)


def write_resource_list(api_version: str, items: "Sequence[Item]", secrets: "Sequence[GeneratedSecret]") -> bytes:
    """Return a ResourceList of ``items`` and the Secrets, of which no two may have the same name and namespace.

    A Secret replaces an item of its name, whose place in the package it takes over. Where no item's lines have to
    be kept this is JSON: no base64 text can be read as a number there.
    """
    # Suffix and behavior are for generators: what has items is a transformer or a function of kpt.
    resources = (secret_resource(secret, of_generator=not items) for secret in secrets)
    made = {_identity(resource): resource for resource in resources}
    written = []
    for item in items:
        if (resource := made.pop(_identity(item.resource), None)) is None:
            written.append(item)
        else:
            old = _annotations(item.resource)
            annotations = resource["metadata"].setdefault("annotations", {})
            annotations.update({name: old[name] for name in _KEPT_ANNOTATIONS if name in old})
            written.append(Item(resource))
    written += map(Item, made.values())
    if items and items[0].text:
        return _beside_kept_lines(api_version, written, items[0].text.partition("-")[0])
    tree = {"apiVersion": api_version, "kind": "ResourceList", "items": [item.resource for item in written]}
    return _json(tree).encode() + b"\n"


def _beside_kept_lines(api_version: str, items: "Sequence[Item]", pad: str) -> bytes:
    from vaultgen.krm.items import block_item

    texts = (item.text or block_item(item.resource, pad, _json) for item in items)
    return f"apiVersion: {api_version}\nkind: ResourceList\nitems:\n{''.join(texts)}".encode()


def _json(tree: "Any") -> str:
    """Return JSON that YAML reads alike: it knows no pairs of surrogates, and takes some characters for line breaks."""
    text = json.dumps(tree, separators=(",", ":"), ensure_ascii=False)
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one > "\uffff" else f"\\u{ord(one):04x}" for one in text)


def secret_resource(secret: "GeneratedSecret", *, of_generator: bool = True) -> "dict[str, Any]":
    """Return a Secret as a resource; a generator's asks kustomize for suffix and behavior by annotations."""
    annotations = dict(secret.options.annotations)
    if of_generator and not (secret.options.disable_name_suffix_hash or secret.volatile):
        annotations["kustomize.config.k8s.io/needs-hash"] = "true"
    if of_generator and secret.behavior:
        annotations["kustomize.config.k8s.io/behavior"] = secret.behavior
    metadata: dict[str, Any] = {"name": secret.name}
    if secret.namespace:
        metadata["namespace"] = secret.namespace
    if secret.options.labels:
        metadata["labels"] = dict(secret.options.labels)
    if annotations:
        metadata["annotations"] = annotations
    resource: dict[str, Any] = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": secret.type}
    if secret.options.immutable:
        resource["immutable"] = True
    resource["data"] = {key: folded_base64(value.reveal()) for key, value in secret.data.items()}
    return resource


def _items(items: "list[dict[str, Any]]", request: bytes) -> "Iterator[Item]":
    from vaultgen.krm.items import item_texts

    texts = item_texts(request)
    for index, resource in enumerate(items):
        yield Item(resource, texts[index] if len(texts) == len(items) else "")


def folded_base64(content: bytes) -> str:
    """Return base64 as the builtin secretGenerator writes it, and hashes it: long text in lines of 70."""
    text = b2a_base64(content, newline=False).decode()
    if len(text) < 70:
        return text
    return "".join(text[start : start + 70] + "\n" for start in range(0, len(text), 70))


def file_of(resource: "dict[str, Any]") -> str:
    """Return the file that a resource came from, as kpt annotates it; empty where it is not known."""
    annotations = _annotations(resource)
    return next((str(annotations[name]) for name in _PATH_ANNOTATIONS if name in annotations), "")


def _annotations(resource: "dict[str, Any]") -> "dict[str, Any]":
    metadata = resource.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    return annotations if isinstance(annotations, dict) else {}


def _identity(resource: "dict[str, Any]") -> "tuple[str, ...]":
    metadata = resource.get("metadata")
    if not isinstance(metadata, dict):
        metadata = {}
    parts = (resource.get("apiVersion"), resource.get("kind"), metadata.get("namespace"), metadata.get("name"))
    return tuple(str(part or "") for part in parts)
