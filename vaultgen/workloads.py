"""What runs Pods: which Secrets and ConfigMaps a pod template reads, and what a change of one means for it."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from vaultgen.krm.resources import mapping, mappings

Effect = Literal["restarts", "on-delete", "next-run", "cannot-apply", "reloader", "keeps-old", "in-place"]
"""What happens to running Pods once a build is applied:

- ``restarts``: the pod template changes, so the controller replaces the Pods;
- ``on-delete``: it changes, and the update strategy waits until somebody deletes the Pods;
- ``next-run``: a CronJob starts its next Job with it;
- ``cannot-apply``: the API server refuses it, since the pod template of a Job cannot be changed;
- ``reloader``: Stakater's Reloader, if it runs in the cluster, restarts the Pods;
- ``keeps-old``: a variable or a ``subPath`` mount stays as it is until something else restarts the Pods;
- ``in-place``: the kubelet updates the files of a volume within minutes.
"""
How = Literal["variable", "volume", "subPath"]
Changed = Mapping[tuple[str, str, str], Collection[str]]
"""(kind, namespace, name) → data keys, of what changes under the name that it keeps."""

_TEMPLATE = ("spec", "template")
_TEMPLATES: dict[tuple[str, str], tuple[str, ...]] = {
    ("apps", "Deployment"): _TEMPLATE,
    ("apps", "StatefulSet"): _TEMPLATE,
    ("apps", "DaemonSet"): _TEMPLATE,
    ("argoproj.io", "Rollout"): _TEMPLATE,
    ("batch", "Job"): _TEMPLATE,
    ("batch", "CronJob"): ("spec", "jobTemplate", *_TEMPLATE),
}
_RELOADER = "reloader.stakater.com"


@dataclass(frozen=True)
class Use:
    """A place of a pod template that reads a Secret or a ConfigMap."""

    kind: str
    name: str
    keys: frozenset[str] | None
    """The data keys that are read; None for all."""
    how: How


def pod_template(group: str, kind: str, tree: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the pod template of a workload; None for all else, and for a Rollout that names a Deployment instead."""
    path = _TEMPLATES.get((group, kind))
    return mapping(tree, *path) or None if path else None


def uses(template: Mapping[str, Any]) -> Iterator[Use]:
    """Yield what the containers of a pod template read at their start or find in their volumes."""
    pod = mapping(template, "spec")
    volumes = {volume.get("name"): tuple(_volume(volume)) for volume in mappings(pod, "volumes")}
    for field in ("initContainers", "containers"):
        for container in mappings(pod, field):
            yield from _variables(container)
            for mount in mappings(container, "volumeMounts"):
                how: How = "subPath" if mount.get("subPath") or mount.get("subPathExpr") else "volume"
                for kind, name, keys in volumes.get(mount.get("name"), ()):
                    yield Use(kind, name, keys, how)


def effect_of_template(kind: str, tree: Mapping[str, Any]) -> Effect:
    """Return what a changed pod template means for a workload."""
    if kind == "Job":
        return "cannot-apply"
    if kind == "CronJob":
        return "next-run"
    return "on-delete" if mapping(tree, "spec", "updateStrategy").get("type") == "OnDelete" else "restarts"


def effect_of_data(
    group: str, kind: str, tree: Mapping[str, Any], changed: Changed, matched: Collection[tuple[str, str, str]] = ()
) -> tuple[Effect, list[str]] | None:
    """Return what data that changes under a name that stays means for a workload, and ``KIND NAME`` of what it reads.

    ``matched`` are those that carry Reloader's annotation ``match``. None where the workload reads nothing of it.
    """
    template = pod_template(group, kind, tree)
    if template is None:
        return None
    metadata = mapping(tree, "metadata")
    read: dict[str, list[Effect]] = {}
    for use in uses(template):
        for identity in _read_by(use, str(metadata.get("namespace") or ""), changed):
            effects = read.setdefault(f"{use.kind} {use.name}", [])
            if kind == "CronJob":
                effects.append("next-run")
            elif kind == "Job":
                continue
            elif _reloads(tree, template, use, identity in matched):
                effects.append("reloader")
            else:
                effects.append("in-place" if use.how == "volume" else "keeps-old")
    found = [effect for effects in read.values() for effect in effects]
    if not found:
        return None
    strongest: tuple[Effect, ...] = ("next-run", "reloader", "keeps-old", "in-place")
    first = next(effect for effect in strongest if effect in found)
    return first, [what for what, effects in read.items() if first in effects]


def reloader_matches(tree: Mapping[str, Any]) -> bool:
    """Return whether a Secret or ConfigMap carries the annotation that workloads with ``search`` look for."""
    return mapping(tree, "metadata", "annotations").get(f"{_RELOADER}/match") == "true"


def _read_by(use: Use, namespace: str, changed: Changed) -> Iterator[tuple[str, str, str]]:
    """Yield what changes and is read: kustomize, too, takes a name without a namespace for one of any."""
    for where in dict.fromkeys((namespace, "")):
        keys = changed.get((use.kind, where, use.name), ())
        if keys and (use.keys is None or use.keys & set(keys)):
            yield use.kind, where, use.name


def _reloads(tree: Mapping[str, Any], template: Mapping[str, Any], use: Use, matched: bool) -> bool:
    """Return whether annotations ask Reloader to restart a workload (docs.stakater.com/reloader, annotations)."""
    kind = use.kind.lower()
    for annotations in (mapping(tree, "metadata", "annotations"), mapping(template, "metadata", "annotations")):
        if "true" in (annotations.get(f"{_RELOADER}/auto"), annotations.get(f"{kind}.{_RELOADER}/auto")):
            return True
        if matched and annotations.get(f"{_RELOADER}/search") == "true":
            return True
        if use.name in str(annotations.get(f"{kind}.{_RELOADER}/reload") or "").replace(" ", "").split(","):
            return True
    return False


def _variables(container: Mapping[str, Any]) -> Iterator[Use]:
    for source in mappings(container, "envFrom"):
        for kind, field in (("Secret", "secretRef"), ("ConfigMap", "configMapRef")):
            if name := mapping(source, field).get("name"):
                yield Use(kind, str(name), None, "variable")
    for variable in mappings(container, "env"):
        for kind, field in (("Secret", "secretKeyRef"), ("ConfigMap", "configMapKeyRef")):
            reference = mapping(variable, "valueFrom", field)
            if name := reference.get("name"):
                yield Use(kind, str(name), frozenset([str(reference.get("key"))]), "variable")


def _volume(volume: Mapping[str, Any]) -> Iterator[tuple[str, str, frozenset[str] | None]]:
    projected = mappings(mapping(volume, "projected"), "sources")
    for part, name_of_secret in [(volume, "secretName"), *((source, "name") for source in projected)]:
        for kind, field, name_field in (("Secret", "secret", name_of_secret), ("ConfigMap", "configMap", "name")):
            source = mapping(part, field)
            if name := source.get(name_field):
                items = mappings(source, "items")
                yield kind, str(name), frozenset(str(item.get("key")) for item in items) if items else None
