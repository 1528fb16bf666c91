"""What the cluster has of that which a build names: its Secrets, and what its workloads refer to.

A Secret with a suffix is found under its true name, so the build is needed with its values. These stay wrapped or in
memory; what is shown comes from the masked build, in which no name and no text can hold a value.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vaultgen.cluster import KubernetesCluster
from vaultgen.errors import Refused
from vaultgen.krm.resources import SUFFIX, Resource, renamed, texts
from vaultgen.redacted import Redacted
from vaultgen.workloads import pod_template

_API_VERSION = re.compile("[a-z.]+/v[0-9][a-z0-9]*")


@dataclass(frozen=True)
class Sides:
    """Secrets and workloads, ready to be compared."""

    before: list[Resource]
    """As the cluster has them; a workload differs from that of the build in the names that it refers to only."""
    after: list[Resource]
    """As the build has them."""


def live_sides(masked: Sequence[Resource], revealed: Sequence[Resource], cluster: KubernetesCluster) -> Sides:
    """Ask the cluster for what two builds of one tree, without and with values, name.

    Raises ``Refused``: cluster-unavailable, cluster-denied.
    """
    with_values = {one.identity: one for one in revealed}
    # A name that is made of a value is another in the masked build: it is neither looked up nor shown.
    build = [
        replace(one, name=with_values[one.identity].name, tree=with_values[one.identity].tree, text="")
        for one in masked
        if one.identity in with_values
    ]
    secrets = [replace(one, data=with_values[one.identity].data) for one in build if one.data is not None]
    workloads = [one for one in build if pod_template(one.group, one.kind, one.tree) is not None]
    # What else has a suffix is not asked for; workloads refer to it, under the name that it had.
    others = [one for one in build if one.data is None and one.name != one.base]
    _, namespace = cluster.context()
    with cluster.session():
        templates = {one.identity: _template(one, namespace, cluster) for one in workloads}
        referred = {text for template in templates.values() for text in texts(template)}
        found = [_secret(one, referred, namespace, cluster) for one in secrets]
    names = {one.name: one.base for one in build if one.name != one.base}
    before = [one for one in found if one is not None]
    before += (replace(one, name=_earlier(one.name, one.base, referred)) for one in others)
    before += (
        replace(one, tree=_as_live(one.tree, template, names))
        for one in workloads
        if (template := templates[one.identity]) is not None
    )
    return Sides(before, [*secrets, *others, *workloads])


def _template(one: Resource, namespace: str, cluster: KubernetesCluster) -> Mapping[str, Any] | None:
    """Return the pod template that the cluster has; None without the workload."""
    api_version = str(one.tree.get("apiVersion"))
    if not _API_VERSION.fullmatch(api_version):
        return None
    try:
        found = cluster.resource(api_version, one.kind, one.namespace or namespace, one.name)
    except Refused as refused:
        if _is_not_there(refused):
            return None
        raise
    return pod_template(one.group, one.kind, found) or {}


def _secret(one: Resource, referred: set[str], namespace: str, cluster: KubernetesCluster) -> Resource | None:
    """Return the Secret under its name, else under one that it had before and a workload still refers to."""
    earlier = sorted(name for name in referred if name != one.name and SUFFIX.sub("", name) == one.base)
    for name in (one.name, *earlier):
        if (data := _data(one, name, namespace, cluster)) is not None:
            return replace(one, name=name, data=data)
    return None


def _data(one: Resource, name: str, namespace: str, cluster: KubernetesCluster) -> Mapping[str, Redacted] | None:
    try:
        return cluster.secret(one.namespace or namespace, name, shown=one.base)
    except Refused as refused:
        if _is_not_there(refused):
            return None
        raise


def _is_not_there(refused: Refused) -> bool:
    return [fault.code for fault in refused.faults] == ["cluster-not-found"]


def _as_live(tree: Any, template: Mapping[str, Any], names: Mapping[str, str]) -> Any:
    """Return a workload with the names that the cluster's refers to, where the build's have a suffix."""
    referred = set(texts(template))
    return renamed(tree, {name: _earlier(name, base, referred) for name, base in names.items()})


def _earlier(name: str, base: str, referred: Collection[str]) -> str:
    """Return the name, if it is referred to, else one with another suffix, or none, that is."""
    if name in referred:
        return name
    return min((text for text in referred if SUFFIX.sub("", text) == base), default=base)
