"""The Component that stands in a published tree where generators stood.

kustomize-controller decrypts a file once, at its first mention, in the format that the key's extension names there.
So every file is mentioned first under a neutral key, in a helper Secret, which an encrypted patch deletes again: where
nothing is decrypted, that patch is none, the build fails, and no ciphertext is applied as a password.
"""

import json
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256

from vaultgen.publish.sealing import Sealer
from vaultgen.publish.yaml_text import quoted
from vaultgen.redacted import Redacted
from vaultgen.render import GeneratedSecret

DIRECTORY = ".vaultgen"
NO_SUBSTITUTION = {"kustomize.toolkit.fluxcd.io/substitute": "disabled"}
"""Flux would replace ``${…}`` in a value otherwise."""

_HEAD = """\
# Written by vaultgen. The values are SOPS documents for age: a Flux Kustomization needs spec.decryption.
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
secretGenerator:
"""
_GUARD = "spec.decryption-is-missing.enc"
"""A file name that people read: in the message of a Kustomization that applies the patch as it is, encrypted."""


def component(directory: str, secrets: Sequence[GeneratedSecret], sealer: Sealer) -> dict[str, bytes]:
    """Return the files, by path in the tree, of the Component of the kustomization in ``directory``."""
    helper = f"vaultgen-decrypt-{sha256(directory.encode()).hexdigest()[:8]}"
    files: dict[str, bytes] = {}
    entries = ""
    for secret in secrets:
        sources = []
        for key, value in secret.data.items():
            name = f"{len(files) + 1:04}.enc"
            files[name] = sealer.seal("\0".join((directory, secret.namespace, secret.name, key)), value)
            sources.append(f"{key}={name}")
        entries += "".join(_entry(secret, sources))
    mentioned = "".join(_files(f"f{number}={name}" for number, name in enumerate(files, 1)))
    helper_entry = f"- name: {helper}\n{mentioned}  options: {{disableNameSuffixHash: true}}\n"
    files[_GUARD] = sealer.seal(f"{directory}\0guard", Redacted(_deletion(helper)))
    files["kustomization.yaml"] = f"{_HEAD}{helper_entry}{entries}patches:\n- path: {_GUARD}\n".encode()
    return {posixpath.join(directory, DIRECTORY, name): content for name, content in files.items()}


def _entry(secret: GeneratedSecret, sources: Sequence[str]) -> Iterator[str]:
    yield f"- name: {quoted(secret.name)}\n"
    if secret.namespace:
        yield f"  namespace: {quoted(secret.namespace)}\n"
    yield f"  type: {quoted(secret.type)}\n"
    if secret.behavior:
        yield f"  behavior: {secret.behavior}\n"
    yield from _files(sources)
    yield "  options:\n"
    yield from _pairs("labels", secret.options.labels)
    yield from _pairs("annotations", {**secret.options.annotations, **NO_SUBSTITUTION})
    if secret.options.immutable:
        yield "    immutable: true\n"
    if secret.options.disable_name_suffix_hash:
        yield "    disableNameSuffixHash: true\n"


def _files(sources: Sequence[str] | Iterator[str]) -> Iterator[str]:
    lines = [f"  - {quoted(source)}\n" for source in sources]
    if lines:
        yield "  files:\n"
        yield from lines


def _pairs(field: str, pairs: Mapping[str, str]) -> Iterator[str]:
    if pairs:
        yield f"    {field}:\n"
        yield from (f"      {quoted(name)}: {quoted(value)}\n" for name, value in pairs.items())


def _deletion(name: str) -> bytes:
    patch = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "$patch": "delete"}
    return json.dumps(patch).encode()
