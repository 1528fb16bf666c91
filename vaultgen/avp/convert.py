"""Turns Secret manifests with argocd-vault-plugin's placeholders into entries of a generator document."""

import base64
import binascii
import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vaultgen.avp.placeholder import Origin, Placeholder, source, split
from vaultgen.importing.entry import Conversion, Entry
from vaultgen.importing.resource import Resource, Steps, shown
from vaultgen.importing.source import NotCarried

PREFIX = "avp.kubernetes.io/"
_KNOWN = frozenset(PREFIX + name for name in ("path", "secret-version", "kv-version", "remove-missing", "ignore"))


def convert(resources: Sequence[Resource], into: Conversion) -> None:
    """Add what these resources hold; nothing with a placeholder is passed over silently."""
    for resource in resources:
        annotations = resource.metadata.get("annotations")
        annotations = annotations if isinstance(annotations, Mapping) else {}
        if str(annotations.get(PREFIX + "ignore")).lower() == "true":
            continue
        origin = _origin(annotations)
        found = [found for found in _texts(resource.tree, ()) if _has_placeholder(found, origin)]
        if not found:
            continue
        if resource.kind == "Secret" and resource.tree.get("apiVersion") == "v1":
            _secret(resource, origin, annotations, into)
            continue
        for steps, _, where in found:
            why = "vaultgen makes Secrets only; refer to one, or copy from one with kustomize's replacements"
            resource.leave(steps, why, where)


def _origin(annotations: Mapping[str, Any]) -> Origin:
    path = str(annotations.get(PREFIX + "path") or "")
    version = str(annotations.get(PREFIX + "secret-version") or "")
    missing = str(annotations.get(PREFIX + "remove-missing")).lower() == "true"
    return Origin(path, version, missing)


def _secret(resource: Resource, origin: Origin, annotations: Mapping[str, Any], into: Conversion) -> None:
    metadata = resource.metadata
    # What of the rest has a placeholder is listed, and no text of the entry.
    rest = [found for found in _texts(resource.tree, ()) if found[0][0] not in ("data", "stringData")]
    rest = [found for found in rest if _has_placeholder(found, origin)]
    listed = {found[0] for found in rest}
    labels = metadata.get("labels")
    entry = Entry(
        resource.name,
        resource.namespace,
        type="" if ("type",) in listed else str(resource.tree.get("type") or ""),
        labels={
            name: text
            for name, text in (labels.items() if isinstance(labels, Mapping) else ())
            if ("metadata", "labels", name) not in listed
        },
        annotations={
            name: text
            for name, text in annotations.items()
            if not name.startswith(PREFIX) and ("metadata", "annotations", name) not in listed
        },
        immutable=resource.tree.get("immutable") is True,
    )
    # stringData wins over data, as for the API server.
    values = {key: (part, value) for part in ("data", "stringData") for key, value in _pairs(resource, part)}
    for key, (part, value) in values.items():
        try:
            entry.put(key, _parts(value, origin, encoded=part == "data"))
        except NotCarried as reason:
            resource.leave((part, key), str(reason))
    for steps, _, where in rest:
        of_metadata = steps[0] == "metadata"
        what = "names, labels and annotations cannot come" if of_metadata else "only data comes"
        resource.leave(steps, f"{what} from Vault", where)
    for name in ("finalizers", "ownerReferences"):
        if metadata.get(name):
            resource.leave(("metadata", name), "vaultgen sets none")
    for name in sorted(name for name in annotations if name.startswith(PREFIX) and name not in _KNOWN):
        resource.leave(("metadata", "annotations", name), "an annotation that is not known here")
    into.add(resource, entry)


def _pairs(resource: Resource, part: str) -> Iterator[tuple[str, str]]:
    pairs = resource.tree.get(part)
    for key, value in pairs.items() if isinstance(pairs, Mapping) else ():
        yield key, "" if value is None else str(value)


def _parts(value: str, origin: Origin, *, encoded: bool) -> "list[str | Any]":
    parts = split(value, origin)
    if encoded and not any(isinstance(part, Placeholder) for part in parts):
        try:
            text = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError):
            raise NotCarried("a binary value; put it into a file and list that under files") from None
        parts, encoded = split(text, origin), False
    if len(parts) == 1 and isinstance(parts[0], Placeholder):
        return [source(parts[0], encoded=encoded, missing="optional=true" if origin.remove_missing else "")]
    if encoded:
        raise NotCarried("text around a placeholder in data, where the whole must be base64")
    missing = "default=" if origin.remove_missing else ""
    return [part if isinstance(part, str) else source(part, encoded=False, missing=missing) for part in parts]


_Found = tuple[Steps, str, str]
"""Where a text is, the text, and how the place is called."""


def _has_placeholder(found: _Found, origin: Origin) -> bool:
    steps, text, _ = found
    texts = [text]
    if steps[0] == "data":
        with contextlib.suppress(binascii.Error, ValueError):
            texts.append(base64.b64decode(text, validate=True).decode())
    for one in texts:
        try:
            if any(isinstance(part, Placeholder) for part in split(one, origin)):
                return True
        except NotCarried:
            return True
    return False


def _texts(tree: Any, steps: Steps) -> Iterator[_Found]:
    """Yield each text of a tree, keys of maps included."""
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield (*steps, key), key, f"{shown((*steps, key))} (the key)"
            yield from _texts(value, (*steps, key))
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from _texts(value, (*steps, index))
    elif isinstance(tree, str):
        yield steps, tree, shown(steps)
