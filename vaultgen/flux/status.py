"""The way of a value from Vault to a Pod, object by object: how far it has come, and what to do where it has not.

What Flux's controllers write as a message is not repeated: it may quote what they were building, values included.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from vaultgen.errors import Refused, refuse
from vaultgen.flux.kustomization import failure, path_remark
from vaultgen.flux.objects import Object, Objects, is_fault, shown
from vaultgen.flux.rollout import KINDS, has_given_up, is_on_delete, lag
from vaultgen.krm.resources import mapping, mappings
from vaultgen.workloads import pod_template, uses

Outcome = Literal["ok", "waiting", "stuck", "unknown"]
"""``waiting``: it is under way; ``unknown``: it may not be looked at."""

VAULT_ARTIFACT = "vaultgen.dev/v1alpha1"
SOURCES = "source.toolkit.fluxcd.io/v1"
KUSTOMIZATIONS = "kustomize.toolkit.fluxcd.io/v1"

_LOOK_FOR_CONTROLLER = "look whether the controller runs: kubectl -n flux-system get pods -l app=vaultgen"


@dataclass(frozen=True)
class Step:
    """One object on the way."""

    kind: str
    namespace: str
    name: str
    outcome: Outcome
    seen: str
    """What was found, one or more lines; public."""
    advice: str = ""


def walk(objects: Objects, namespace: str, name: str) -> Iterator[Step]:
    """Yield the steps from the source of a VaultArtifact to the Pods, as they are looked at.

    Raises ``Refused``: cluster-not-found where there is no such VaultArtifact, cluster-denied, cluster-unavailable.
    """
    artifact = objects.find(VAULT_ARTIFACT, "VaultArtifact", namespace, name)
    if artifact is None:
        raise refuse("cluster-not-found", what=shown("VaultArtifact", namespace, name))
    reference = mapping(artifact, "spec", "sourceRef")
    source_namespace = str(reference.get("namespace") or namespace)
    source_kind, source_name = str(reference.get("kind")), str(reference.get("name"))
    source = objects.find(SOURCES, source_kind, source_namespace, source_name)
    yield _source_step(source_kind, source_namespace, source_name, source)
    yield _artifact_step(artifact, _revision(source))
    external = objects.find(SOURCES, "ExternalArtifact", namespace, name)
    yield _external_step(artifact, external)
    kustomizations = _kustomizations(objects, namespace, name)
    if not kustomizations:
        seen = f"none has sourceRef {{kind: ExternalArtifact, name: {name}}}"
        yield Step("Kustomization", namespace, "", "stuck", seen, "make one, or change the sourceRef of yours")
    for kustomization in kustomizations:
        yield _kustomization_step(objects, kustomization, artifact, _revision(external))
        yield from _applied(objects, kustomization)


# --- up to the artifact ---


def _source_step(kind: str, namespace: str, name: str, source: Object | None) -> Step:
    if source is None:
        advice = "make it, or change spec.sourceRef of the VaultArtifact"
        return Step(kind, namespace, name, "stuck", "it is not there", advice)
    revision = _revision(source)
    ready = _condition(source, "Ready")
    if ready.get("status") == "True" and revision:
        suspended = "; suspended" if mapping(source, "spec").get("suspend") else ""
        return Step(kind, namespace, name, "ok", f"{revision}{suspended}")
    advice = _describe(kind, namespace, name)
    return Step(kind, namespace, name, *_not_ready(ready), advice)


def _artifact_step(artifact: Object, source_revision: str) -> Step:
    kind, (namespace, name) = "VaultArtifact", _name(artifact)
    status = mapping(artifact, "status")
    ready = _condition(artifact, "Ready")
    if mapping(artifact, "metadata").get("deletionTimestamp"):
        return Step(kind, namespace, name, "waiting", "it is being deleted", _LOOK_FOR_CONTROLLER)
    if mapping(artifact, "spec").get("suspend"):
        return Step(kind, namespace, name, "stuck", "it is suspended", "set spec.suspend to false")
    if not ready:
        advice = f"{_LOOK_FOR_CONTROLLER}; where there are shards, for this one"
        return Step(kind, namespace, name, "stuck", "no controller has looked at it", advice)
    if ready.get("status") != "True":
        # The controller's own words, hint included.
        outcome: Outcome = "waiting" if ready.get("status") == "Unknown" else "stuck"
        return Step(kind, namespace, name, outcome, f"{ready.get('reason')}: {ready.get('message')}")
    if status.get("observedGeneration") != mapping(artifact, "metadata").get("generation"):
        seen = "the controller has not seen the last change of it yet"
        return Step(kind, namespace, name, "waiting", seen, _LOOK_FOR_CONTROLLER)
    made_of = str(status.get("sourceRevision") or "")
    if source_revision and made_of != source_revision:
        return Step(kind, namespace, name, "waiting", f"it is still that of {made_of}")
    # What the controller found remarkable stands behind what it published.
    remark = str(ready.get("message") or "").partition("; ")[2]
    return Step(kind, namespace, name, "ok", _versions(status), remark)


def _versions(status: Mapping[str, Any]) -> str:
    read = [
        f"{one.get('path')} version {one.get('version')}"
        + (f" in namespace {one['namespace']}" if one.get("namespace") else "")
        for one in mappings(status, "versions")
    ]
    return "\n".join(["the values are up to date", *read])


def _external_step(artifact: Object, external: Object | None) -> Step:
    kind, (namespace, name) = "ExternalArtifact", _name(artifact)
    if external is None:
        return Step(kind, namespace, name, "stuck", "it is not there", "see the VaultArtifact above")
    owner = mapping(external, "spec", "sourceRef")
    if (owner.get("kind"), owner.get("name")) != ("VaultArtifact", name):
        return Step(
            kind, namespace, name, "stuck", "it belongs to somebody else", "give the VaultArtifact another name"
        )
    revision = _revision(external)
    if revision != mapping(artifact, "status", "artifact").get("revision"):
        return Step(kind, namespace, name, "waiting", "it does not name what was published last yet")
    return Step(kind, namespace, name, "ok", revision)


# --- what Flux makes of it ---


def _kustomizations(objects: Objects, namespace: str, name: str) -> list[Object]:
    """Return the Kustomizations that name the ExternalArtifact: of all namespaces, or as many as may be looked at."""
    try:
        found = objects.all(KUSTOMIZATIONS, "Kustomization")
    except Refused as refused:
        if not is_fault(refused, "cluster-denied"):
            raise
        found = objects.all(KUSTOMIZATIONS, "Kustomization", namespace)
    return [one for one in found if _source_of(one) == ("ExternalArtifact", namespace, name)]


def _source_of(kustomization: Object) -> tuple[str, str, str]:
    reference = mapping(kustomization, "spec", "sourceRef")
    namespace = reference.get("namespace") or _name(kustomization)[0]
    return str(reference.get("kind")), str(namespace), str(reference.get("name"))


def _kustomization_step(objects: Objects, kustomization: Object, artifact: Object, revision: str) -> Step:
    kind, (namespace, name) = "Kustomization", _name(kustomization)
    ready = _condition(kustomization, "Ready")
    if mapping(kustomization, "spec").get("suspend"):
        return Step(
            kind, namespace, name, "stuck", "it is suspended", f"flux -n {namespace} resume kustomization {name}"
        )
    if not revision:
        return Step(kind, namespace, name, "waiting", "there is no artifact that it could apply", "see above")
    if ready.get("status") == "False":
        return Step(kind, namespace, name, "stuck", *failure(objects, kustomization, ready))
    applied = str(mapping(kustomization, "status").get("lastAppliedRevision") or "")
    remark = path_remark(kustomization, artifact)
    if applied != revision or ready.get("status") != "True":
        return Step(kind, namespace, name, "waiting", f"it has applied {applied or 'nothing'} so far", remark)
    return Step(kind, namespace, name, "ok", f"it has applied {applied}", remark)


def _applied(objects: Objects, kustomization: Object) -> Iterator[Step]:
    """Yield a step for each Secret and each workload that a Kustomization has applied."""
    inventory = [str(entry.get("id")) for entry in mappings(mapping(kustomization, "status", "inventory"), "entries")]
    # Namespace, name, group, kind; a name may hold _ as part of an escaped colon only.
    applied = [(*parts[:2], *parts[2:]) for one in inventory if len(parts := one.split("_")) == 4]
    for namespace, name, group, kind in applied:
        if (group, kind) == ("", "Secret"):
            yield _secret_step(objects, namespace, name)
    for namespace, name, group, kind in applied:
        if group == "apps" and kind in KINDS:
            yield _workload_step(objects, namespace, name, kind)


def _secret_step(objects: Objects, namespace: str, name: str) -> Step:
    there = objects.has_secret(namespace, name)
    if there is None:
        return Step("Secret", namespace, name, "unknown", "you may not look at it")
    if not there:
        return Step(
            "Secret", namespace, name, "stuck", "somebody removed it", "flux reconcile kustomization brings it back"
        )
    return Step("Secret", namespace, name, "ok", "it is there")


def _workload_step(objects: Objects, namespace: str, name: str, kind: str) -> Step:
    try:
        workload = objects.find("apps/v1", kind, namespace, name)
    except Refused as refused:
        if not is_fault(refused, "cluster-denied"):
            raise
        return Step(kind, namespace, name, "unknown", "you may not look at it")
    if workload is None:
        return Step(
            kind, namespace, name, "stuck", "somebody removed it", "flux reconcile kustomization brings it back"
        )
    behind = lag(workload)
    if not behind:
        return Step(kind, namespace, name, "ok", "it is rolled out")
    if missing := _missing_secret(objects, namespace, kind, workload):
        advice = "name it as the entry of secretGenerator does; in custom resources kustomize needs nameReference"
        return Step(
            kind, namespace, name, "stuck", f"{behind}; its Pods need the Secret {missing}, which is not there", advice
        )
    if is_on_delete(workload):
        return Step(
            kind, namespace, name, "stuck", f"{behind}; its strategy is OnDelete", "delete its Pods, one by one"
        )
    if has_given_up(workload):
        advice = f"kubectl -n {namespace} get pods, and describe one that is not ready"
        return Step(kind, namespace, name, "stuck", f"{behind}; its deadline is over", advice)
    return Step(kind, namespace, name, "waiting", behind)


def _missing_secret(objects: Objects, namespace: str, kind: str, workload: Object) -> str:
    """Return a Secret that a workload's Pods read and that is not there; empty where all are."""
    template = pod_template("apps", kind, workload) or {}
    names = sorted({use.name for use in uses(template) if use.kind == "Secret"})
    return next((name for name in names if objects.has_secret(namespace, name) is False), "")


# --- what all of Flux's objects have ---


def _name(one: Object) -> tuple[str, str]:
    metadata = mapping(one, "metadata")
    return str(metadata.get("namespace") or ""), str(metadata.get("name"))


def _revision(source: Object | None) -> str:
    return str(mapping(source or {}, "status", "artifact").get("revision") or "")


def _condition(one: Object, type_: str) -> Mapping[str, Any]:
    conditions = mappings(mapping(one, "status"), "conditions")
    return next((condition for condition in conditions if condition.get("type") == type_), {})


def _not_ready(ready: Mapping[str, Any]) -> tuple[Outcome, str]:
    if not ready:
        return "waiting", "no controller has looked at it yet"
    outcome: Outcome = "stuck" if ready.get("status") == "False" else "waiting"
    return outcome, f"it is not ready: {ready.get('reason')}"


def _describe(kind: str, namespace: str, name: str) -> str:
    return f"kubectl -n {namespace} describe {kind.lower()} {name}"
