"""Where a resource names a Secret, and whether kustomize writes a changed name there.

The table is that of kustomize's ``api/internal/konfig/builtinpluginconsts/namereference.go``; a tree adds to it with
``configurations``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vaultgen.kustomize.walk import Path

POD_SPECS = {
    "Pod": ("spec",),
    "PodTemplate": ("template", "spec"),
    **dict.fromkeys(("Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "Job"), ("spec", "template", "spec")),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
}
"""Kinds whose Pods kustomize knows, whatever their group is."""

_IN_PODS = (
    "volumes/secret/secretName",
    "volumes/projected/sources/secret/name",
    "containers/env/valueFrom/secretKeyRef/name",
    "initContainers/env/valueFrom/secretKeyRef/name",
    "containers/envFrom/secretRef/name",
    "initContainers/envFrom/secretRef/name",
    "imagePullSecrets/name",
)
_ELSEWHERE = {
    "Ingress": ("spec/tls/secretName",),
    "ServiceAccount": ("imagePullSecrets/name",),
    "StorageClass": tuple(f"parameters/{name}" for name in ("secretName", "adminSecretName", "userSecretName")),
    "PersistentVolume": ("spec/azureFile/secretName",),
}
_KNATIVE = ("Service", "serving.knative.dev", "spec/template/spec/containers/env/valueFrom/secretKeyRef/name")
_LISTS = ("imagePullSecrets", "pullSecrets", "secrets", "certificateRefs")
_OUTPUTS = frozenset({"privateKeySecretRef"})
"""Fields that name a Secret which the object's controller makes."""
_OUTPUT_KINDS = frozenset({"Certificate", "ExternalSecret", "ClusterExternalSecret", "SealedSecret", "PushSecret"})
_NO_RESOURCE = frozenset({"metadata", "status"})

PULL_KEYS = (".dockerconfigjson", ".dockercfg")
TLS_KEYS = ("tls.crt", "tls.key")


@dataclass(frozen=True)
class Key:
    """A data key that a reference asks for."""

    name: str
    path: Path
    """Where it is written; that of the Secret's name where the field implies the key."""


@dataclass(frozen=True)
class Reference:
    """A place in a resource that names a Secret."""

    name: str
    path: Path
    """Of the name, inside the resource."""
    namespace: str = ""
    """Where the field says one."""
    keys: tuple[Key, ...] = ()
    """Those that it needs."""
    pull: bool = False
    """Whether it is for pulling images: one of PULL_KEYS is needed."""
    optional: bool = False

    @property
    def field(self) -> str:
        """Its path as kustomize's configurations write it."""
        return "/".join(step for step in self.path if isinstance(step, str))

    @property
    def is_environment(self) -> bool:
        """Whether the value becomes an environment variable of a container."""
        return "env" in self.path or "envFrom" in self.path


@dataclass(frozen=True)
class FieldSpec:
    """A place that a tree's own configuration adds; an empty part stands for any."""

    group: str
    version: str
    kind: str
    path: str


def references(resource: Mapping[str, Any]) -> Iterator[Reference]:
    """Yield the places of a resource that name a Secret, by the names of their fields."""
    kind = str(resource.get("kind") or "")
    if kind == "Secret" or kind in _OUTPUT_KINDS:
        return
    for name, value in resource.items():
        if name not in _NO_RESOURCE:
            yield from _below(name, value, resource, (name,), kind)


def _below(name: str, value: Any, parent: Mapping[str, Any], path: Path, kind: str) -> Iterator[Reference]:
    lowered = name.lower()
    if isinstance(value, str):
        if lowered.endswith("secretname"):
            implied = TLS_KEYS if kind == "Ingress" else ()
            yield Reference(value, path, keys=_keys(parent, path[:-1], implied, path), optional=_optional(parent))
    elif isinstance(value, dict):
        named = value.get("name")
        in_projection = name == "secret" and len(path) > 2 and path[-3] == "sources"
        is_reference = lowered.endswith(("secretref", "secretkeyref", "secretkeyselector")) and name not in _OUTPUTS
        if isinstance(named, str) and (in_projection or is_reference or value.get("kind") == "Secret"):
            at = (*path, "name")
            yield Reference(named, at, _namespace(value), _keys(value, path), optional=_optional(value))
        for key, item in value.items():
            yield from _below(key, item, value, (*path, key), kind)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if not isinstance(item, dict):
                continue
            named = item.get("name")
            at = (*path, index, "name")
            if isinstance(named, str) and (name in _LISTS or item.get("kind") == "Secret"):
                pull = name in ("imagePullSecrets", "pullSecrets")
                yield Reference(named, at, _namespace(item), _keys(item, at[:-1]), pull, _optional(item))
            for key, below in item.items():
                yield from _below(key, below, item, (*path, index, key), kind)


def _keys(holder: Mapping[str, Any], path: Path, implied: tuple[str, ...] = (), name: Path = ()) -> tuple[Key, ...]:
    """Return the data keys that a reference's own map asks for."""
    found = [Key(key, name) for key in implied]
    for field in ("key", "valuesKey"):
        if isinstance(key := holder.get(field), str):
            found.append(Key(key, (*path, field)))
    items = holder.get("items")
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, dict) and isinstance(key := item.get("key"), str):
            found.append(Key(key, (*path, "items", index, "key")))
    return tuple(found)


def _namespace(holder: Mapping[str, Any]) -> str:
    namespace = holder.get("namespace")
    return namespace if isinstance(namespace, str) else ""


def _optional(holder: Mapping[str, Any]) -> bool:
    return holder.get("optional") is True


def is_rewritten(reference: Reference, resource: Mapping[str, Any], added: "list[FieldSpec]") -> bool:
    """Return whether kustomize puts the Secret's final name there."""
    kind = str(resource.get("kind") or "")
    group, _, version = str(resource.get("apiVersion") or "").rpartition("/")
    field = reference.field
    prefix = "/".join(POD_SPECS.get(kind, ()))
    if prefix and field.startswith(f"{prefix}/") and field[len(prefix) + 1 :] in _IN_PODS:
        # The table gives Pods a version: v1 alone.
        return kind != "Pod" or version == "v1"
    if field in _ELSEWHERE.get(kind, ()) or (kind, group, field) == _KNATIVE:
        return True
    return any(
        spec.group in ("", group)
        and spec.version in ("", version)
        and spec.kind in ("", kind)
        and _fits(spec.path, reference)
        for spec in added
    )


def _fits(path: str, reference: Reference) -> bool:
    return "/".join(step.removesuffix("[]") for step in path.strip("/").split("/")) == reference.field


def added_fields(configuration: object) -> Iterator[FieldSpec]:
    """Yield the places for a Secret's name of a file that ``configurations`` lists."""
    listed = configuration.get("nameReference") if isinstance(configuration, dict) else None
    for item in listed if isinstance(listed, list) else ():
        if not isinstance(item, dict) or item.get("kind") != "Secret":
            continue
        specs = item.get("fieldSpecs")
        for spec in specs if isinstance(specs, list) else ():
            if isinstance(spec, dict):
                group, version, kind, path = (str(spec.get(name) or "") for name in FieldSpec.__annotations__)
                yield FieldSpec(group, version, kind, path)
