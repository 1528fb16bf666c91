"""How far a workload has come with its pod template."""

from collections.abc import Mapping
from typing import Any

from vaultgen.krm.resources import mapping, mappings

KINDS = ("Deployment", "StatefulSet", "DaemonSet")
"""Of the group ``apps``: those that replace their Pods."""


def lag(tree: Mapping[str, Any]) -> str:
    """Return what keeps a workload from being rolled out, in words; empty where all Pods are new and available."""
    spec, status = mapping(tree, "spec"), mapping(tree, "status")
    if _number(status, "observedGeneration") < _number(mapping(tree, "metadata"), "generation"):
        return "its controller has not seen the change yet"
    if tree.get("kind") == "DaemonSet":
        wanted, updated = _number(status, "desiredNumberScheduled"), _number(status, "updatedNumberScheduled")
        total, available = updated, _number(status, "numberAvailable")
    else:
        wanted, updated = _number(spec, "replicas", 1), _number(status, "updatedReplicas")
        total, available = _number(status, "replicas"), _number(status, "availableReplicas")
    if updated < wanted:
        return f"{updated} of {wanted} Pods have the new template"
    if total > updated:
        return f"{total - updated} old Pods are still there"
    if available < wanted:
        return f"{available} of {wanted} Pods are available"
    return ""


def has_given_up(tree: Mapping[str, Any]) -> bool:
    """Return whether a Deployment made no progress within its deadline."""
    return any(
        (condition.get("type"), condition.get("reason")) == ("Progressing", "ProgressDeadlineExceeded")
        for condition in mappings(mapping(tree, "status"), "conditions")
    )


def is_on_delete(tree: Mapping[str, Any]) -> bool:
    """Return whether Pods stay as they are until somebody deletes them."""
    return mapping(tree, "spec", "updateStrategy").get("type") == "OnDelete"


def _number(tree: Mapping[str, Any], field: str, default: int = 0) -> int:
    value = tree.get(field)
    return value if isinstance(value, int) else default
