"""Why a Flux Kustomization has not applied an artifact, and what to do.

Its message may quote what was being built, values included: it is looked at for words of Flux's own, and never shown.
"""

from collections.abc import Mapping
from typing import Any

from vaultgen.flux.objects import Object, Objects, shown
from vaultgen.krm.resources import mapping

_BY_WORDS = {
    "feature gate is disabled": (
        "kustomize-controller takes no ExternalArtifacts",
        "start it with --feature-gates=ExternalArtifact=true",
    ),
    "cross-namespace references": (
        "kustomize-controller takes no artifacts of another namespace",
        "put the Kustomization beside the VaultArtifact, or start it without --no-cross-namespace-refs",
    ),
    "kustomization path not found": (
        "the artifact has no directory of its path",
        "spec.path must be that of the VaultArtifact",
    ),
    "Failed to get the data key": (
        "its key does not decrypt the values",
        "the Secret of spec.decryption must hold, under a key that ends in .agekey, the private half of one of the "
        "VaultArtifact's recipients",
    ),
    "cannot merge or replace": (
        "an entry merges into a Secret that the tree does not make",
        "name it as the tree does, its namespace included, or leave out the behavior",
    ),
    "unable to load external plugin": (
        "it builds a generator that was not resolved",
        "spec.path must be that of the VaultArtifact, whose kustomization leads to every generator",
    ),
}
"""Words of a message of kustomize-controller 1.7 to 1.9 → what was found, and what to do."""

_BY_REASON = {
    "ArtifactFailed": "the controller must answer kustomize-controller: look at its Service and NetworkPolicy",
    "DependencyNotReady": "look at what its dependsOn names",
    "HealthCheckFailed": "look at the workloads below",
}


def failure(objects: Objects, kustomization: Object, ready: Mapping[str, Any]) -> tuple[str, str]:
    """Return what was found where the condition Ready is False, and what to do; both public.

    Raises ``Refused`` (cluster-unavailable).
    """
    metadata = mapping(kustomization, "metadata")
    namespace, name = str(metadata.get("namespace") or ""), str(metadata.get("name"))
    decryption = mapping(kustomization, "spec", "decryption")
    if not decryption:
        advice = "add spec.decryption: {provider: sops, secretRef: {name: …}}, the Secret with the private age key"
        return "it has no key to decrypt the values with", advice
    secret = str(mapping(decryption, "secretRef").get("name") or "")
    if secret and objects.has_secret(namespace, secret) is False:
        what = shown("Secret", namespace, secret)
        return f"its key, {what}, is not there", "put the private age key there, under a key that ends in .agekey"
    message = str(ready.get("message") or "")
    for words, (seen, advice) in _BY_WORDS.items():
        if words in message:
            return seen, advice
    reason = str(ready.get("reason") or "")
    look = f"kubectl -n {namespace} describe kustomization {name}"
    return f"it is not ready: {reason}", f"{_BY_REASON[reason]}; {look}" if reason in _BY_REASON else look


def path_remark(kustomization: Object, artifact: Object) -> str:
    """Return what to mind where a Kustomization's path is not the VaultArtifact's; empty where it is."""
    theirs, ours = _path(kustomization), _path(artifact)
    if theirs == ours:
        return ""
    return f"its path is {theirs}, that of the VaultArtifact {ours}: only what that one leads to has values"


def _path(one: Object) -> str:
    text = str(mapping(one, "spec").get("path") or "")
    return "/".join([".", *(part for part in text.split("/") if part not in ("", "."))])
