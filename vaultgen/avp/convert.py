"""Turns Secret manifests with argocd-vault-plugin's placeholders into entries of a generator document."""

import base64
import binascii
import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from vaultgen.avp.placeholder import NotCarried, Origin, Placeholder, reference, split

PREFIX = "avp.kubernetes.io/"
_KNOWN = frozenset(PREFIX + name for name in ("path", "secret-version", "kv-version", "remove-missing", "ignore"))


@dataclass(frozen=True)
class Left:
    """Something that was not carried over."""

    file: str
    resource: str
    """Kind and name."""
    where: str
    """The field: ``stringData.password``."""
    why: str


@dataclass
class Conversion:
    """Entries for ``secretGenerator``, and all that could not become one."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    converted: list[str] = field(default_factory=list)
    """File and resource of each Secret that an entry takes the place of."""
    partly: list[str] = field(default_factory=list)
    """File and resource of each Secret of which an entry holds a part."""
    left: list[Left] = field(default_factory=list)


def convert(file: str, documents: list[Any], into: Conversion) -> None:
    """Add what the documents of one file hold; nothing with a placeholder is passed over silently."""
    for document in documents:
        if not isinstance(document, dict):
            continue
        metadata = document.get("metadata")
        annotations = (metadata.get("annotations") if isinstance(metadata, dict) else None) or {}
        if str(annotations.get(PREFIX + "ignore")).lower() == "true":
            continue
        origin = _origin(annotations)
        found = [where for where, text in _texts(document, "") if _has_placeholder(text, where, origin)]
        if not found:
            continue
        resource = f"{document.get('kind')} {metadata.get('name', '') if isinstance(metadata, dict) else ''}".strip()
        if document.get("kind") == "Secret" and document.get("apiVersion") == "v1":
            _secret(file, resource, document, origin, into)
        else:
            why = "vaultgen makes Secrets only; refer to one, or copy from one with kustomize's replacements"
            into.left += (Left(file, resource, where, why) for where in found)


def _origin(annotations: Mapping[str, Any]) -> Origin:
    path = str(annotations.get(PREFIX + "path") or "")
    version = str(annotations.get(PREFIX + "secret-version") or "")
    missing = str(annotations.get(PREFIX + "remove-missing")).lower() == "true"
    return Origin(path, version, missing)


def _secret(file: str, resource: str, document: Mapping[str, Any], origin: Origin, into: Conversion) -> None:
    metadata = document["metadata"]
    entry: dict[str, Any] = {"name": metadata.get("name", "")}
    for name, value in (("namespace", metadata.get("namespace")), ("type", document.get("type"))):
        if value:
            entry[name] = value
    left: list[Left] = []
    files: dict[str, str] = {}
    literals: list[str] = []
    keys = [("data", key, value) for key, value in (document.get("data") or {}).items()]
    # stringData wins over data, as for the API server.
    keys += [("stringData", key, value) for key, value in (document.get("stringData") or {}).items()]
    for part, key, value in {key: (part, key, value) for part, key, value in keys}.values():
        try:
            _value(str(key), str(value), origin, files, literals, encoded=part == "data")
        except NotCarried as reason:
            left.append(Left(file, resource, f"{part}.{key}", str(reason)))
    for where, text in _texts(metadata, "metadata."):
        if _has_placeholder(text, where, origin):
            left.append(Left(file, resource, where, "names, labels and annotations cannot come from Vault"))
    annotations = metadata.get("annotations") or {}
    for name in sorted(name for name in annotations if name.startswith(PREFIX) and name not in _KNOWN):
        left.append(Left(file, resource, f"metadata.annotations.{name}", "an annotation that is not known here"))
    options: dict[str, Any] = {"disableNameSuffixHash": True}
    if labels := metadata.get("labels"):
        options["labels"] = dict(labels)
    if kept := {name: text for name, text in annotations.items() if not name.startswith(PREFIX)}:
        options["annotations"] = kept
    if document.get("immutable") is True:
        options["immutable"] = True
    into.left += left
    if files or literals:
        entry |= {"files": files} if files else {}
        entry |= {"literals": literals} if literals else {}
        into.entries.append({**entry, "options": options, "lacks": [one.where for one in left]})
        (into.partly if left else into.converted).append(f"{file}: {resource}")


def _value(key: str, value: str, origin: Origin, files: dict[str, str], literals: list[str], *, encoded: bool) -> None:
    parts = split(value, origin)
    if encoded and not any(isinstance(part, Placeholder) for part in parts):
        try:
            text = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError):
            raise NotCarried("a binary value; put it into a file and list that under files") from None
        parts, encoded = split(text, origin), False
    if len(parts) == 1 and isinstance(parts[0], Placeholder):
        missing = "optional=true" if origin.remove_missing else ""
        files[key] = reference(parts[0], encoded=encoded, missing=missing)
        return
    if encoded:
        raise NotCarried("text around a placeholder in data, where the whole must be base64")
    missing = "default=" if origin.remove_missing else ""
    text = "".join(
        f"${{{reference(part, encoded=False, missing=missing)}}}"
        if isinstance(part, Placeholder)
        else part.replace("${vault:", "$${vault:")
        for part in parts
    )
    if isinstance(parts[0], str) and parts[0].startswith("vault:"):
        text = "\\" + text
    # kustomize takes one pair of outer quotes away
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    literals.append(f'{key}="{text}"' if quoted else f"{key}={text}")


def _has_placeholder(text: str, where: str, origin: Origin) -> bool:
    texts = [text]
    if where.startswith("data."):
        with contextlib.suppress(binascii.Error, ValueError):
            texts.append(base64.b64decode(text, validate=True).decode())
    for one in texts:
        try:
            if any(isinstance(part, Placeholder) for part in split(one, origin)):
                return True
        except NotCarried:
            return True
    return False


def _texts(tree: Any, where: str) -> Iterator[tuple[str, str]]:
    """Yield each text of a tree, keys of maps included, with the path that leads to it."""
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield f"{where}{key} (the key)", str(key)
            yield from _texts(value, f"{where}{key}." if isinstance(value, Mapping | list) else f"{where}{key}")
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            at = f"{where.removesuffix('.')}[{index}]"
            yield from _texts(value, f"{at}." if isinstance(value, Mapping | list) else at)
    elif isinstance(tree, str):
        yield where, tree
