"""What kustomize-controller does to an artifact before it builds it, without the cluster."""

import base64
import hashlib
import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pyrage
import yaml
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MARKER = b'"mac": "ENC['
"""By these bytes kustomize-controller knows a SOPS document of the binary store."""
LIMIT = 5 * 1024 * 1024
"""Bytes of a file that it decrypts at most."""

_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_FORMATS = (".json", ".yaml", ".yml", ".env", ".ini", ".dockerconfigjson")
_SEALED = re.compile(r"ENC\[AES256_GCM,data:(.+),iv:(.+),tag:(.+),type:str\]")


def decrypted_sources(files: Mapping[str, bytes], path: str, identity: str) -> dict[str, bytes]:
    """Return a tree with the sources of its builtin secretGenerators and its patches decrypted, each once.

    As internal/decryptor of kustomize-controller does: from ``path`` along resources and components; the format is
    that of the data key's extension, or of the patch's; what has no mark is left alone.
    """
    changed = dict(files)
    done: set[str] = set()
    for directory, kustomization in _reachable(files, path, set()):
        for name, source in _mentioned(kustomization):
            at = posixpath.normpath(posixpath.join(directory, source))
            if at in done or MARKER not in changed.get(at, b""):
                continue
            done.add(at)
            assert len(changed[at]) <= LIMIT, f"{at} is too large for kustomize-controller"
            assert not name.endswith(_FORMATS), f"{at} would be decrypted as the format of {name}"
            changed[at] = decrypt(changed[at], identity)
    return changed


def decrypt(document: bytes, identity: str) -> bytes:
    """Return what a SOPS document of the binary store holds, its MAC verified; ``identity`` is AGE-SECRET-KEY-…."""
    tree = json.loads(document)
    sops = tree["sops"]
    key = pyrage.x25519.Identity.from_str(identity)
    for recipient in sops["age"]:
        try:
            data_key = pyrage.decrypt(recipient["enc"].encode(), [key])
            break
        except pyrage.DecryptError:
            continue
    else:
        raise ValueError("none of the recipients is this key")
    content = _opened(tree["data"], data_key, "data:") if tree["data"] else b""
    assert _opened(sops["mac"], data_key, sops["lastmodified"]).decode() == hashlib.sha512(content).hexdigest().upper()
    return content


def _opened(text: str, data_key: bytes, context: str) -> bytes:
    match = _SEALED.fullmatch(text)
    assert match
    data, nonce, tag = (base64.b64decode(part) for part in match.groups())
    return AESGCM(data_key).decrypt(nonce, data + tag, context.encode())


def _reachable(files: Mapping[str, bytes], directory: str, seen: set[str]) -> Iterator[tuple[str, Any]]:
    found = [file for name in _NAMES if (file := posixpath.join(directory, name)) in files]
    if directory in seen or not found:
        return
    seen.add(directory)
    kustomization = yaml.safe_load(files[found[0]]) or {}
    yield directory, kustomization
    for entry in [*(kustomization.get("resources") or []), *(kustomization.get("components") or [])]:
        below = posixpath.normpath(posixpath.join(directory, entry))
        yield from _reachable(files, "" if below == "." else below, seen)


def _mentioned(kustomization: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the name that decides on the format, and the path."""
    for entry in kustomization.get("secretGenerator") or []:
        for source in entry.get("files") or []:
            key, equals, path = source.partition("=")
            yield key, path if equals else key
    for patch in kustomization.get("patches") or []:
        if "path" in patch:
            yield patch["path"], patch["path"]
