"""Objects of the cluster: looked at without their values, and written as the owner of single fields."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from vaultgen.cluster import KubernetesCluster
from vaultgen.errors import Refused

Object = dict[str, Any]

FIELD_MANAGER = "vaultgen-flux"
"""Whose the fields are that are applied."""
PAGE = 25
"""Objects in one answer of a list, which is bounded: those of Flux may be large."""

_LOOK = {"Accept": "application/json"}
# A Secret's values then never leave the API server.
_LOOK_AT_METADATA = {"Accept": "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"}
_APPLY = {**_LOOK, "Content-Type": "application/apply-patch+yaml"}


def shown(kind: str, namespace: str, name: str) -> str:
    """Return an object as people name it: ``Deployment apps/my-app``; without a name, where one should be."""
    if not name:
        return f"{kind} in {namespace}"
    return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"


def is_fault(refused: Refused, code: str) -> bool:
    """Return whether this one thing, and nothing else, went wrong."""
    return [fault.code for fault in refused.faults] == [code]


class Objects:
    """The objects of a cluster."""

    def __init__(self, cluster: KubernetesCluster) -> None:
        self._cluster = cluster

    def find(
        self, api_version: str, kind: str, namespace: str, name: str, *, metadata_only: bool = False
    ) -> Object | None:
        """Return an object, or None where there is none. Raises ``Refused``: cluster-denied, cluster-unavailable."""
        what = shown(kind, namespace, name)
        path = f"{_collection(api_version, kind, namespace)}/{quote(name, safe='')}"
        headers = _LOOK_AT_METADATA if metadata_only else _LOOK
        try:
            return self._cluster.request("GET", path, what, f"to show {what}", headers=headers)
        except Refused as refused:
            if is_fault(refused, "cluster-not-found"):
                return None
            raise

    def has_secret(self, namespace: str, name: str) -> bool | None:
        """Return whether there is a Secret, whose values are not asked for; None where that may not be known.

        Raises ``Refused`` (cluster-unavailable).
        """
        try:
            return self.find("v1", "Secret", namespace, name, metadata_only=True) is not None
        except Refused as refused:
            if not is_fault(refused, "cluster-denied"):
                raise
            return None

    def all(self, api_version: str, kind: str, namespace: str = "") -> list[Object]:
        """Return the objects of a kind, of all namespaces if none is named. Raises ``Refused`` as ``find`` does."""
        path = _collection(api_version, kind, namespace)
        wish = f"to list each {kind}" + (f" of {namespace}" if namespace else "")
        found: list[Object] = []
        more = ""
        while True:
            query = urlencode({"limit": PAGE} | ({"continue": more} if more else {}))
            answer = self._cluster.request("GET", f"{path}?{query}", f"kind {kind}", wish, headers=_LOOK)
            found += answer.get("items") or []
            more = str((answer.get("metadata") or {}).get("continue") or "")
            if not more:
                return found

    def apply(self, tree: Mapping[str, Any], *, dry_run: bool = False) -> None:
        """Create an object, or set these fields of it, unless another owner set them to something else.

        Raises ``Refused``: cluster-conflict, cluster-denied, cluster-not-found, cluster-unavailable.
        """
        kind, metadata = tree["kind"], tree["metadata"]
        namespace, name = metadata["namespace"], metadata["name"]
        query = urlencode({"fieldManager": FIELD_MANAGER} | ({"dryRun": "All"} if dry_run else {}))
        path = f"{_collection(tree['apiVersion'], kind, namespace)}/{quote(name, safe='')}?{query}"
        what = shown(kind, namespace, name)
        try:
            self._cluster.request("PATCH", path, what, f"to apply {what}", tree, _APPLY)
        except Refused as refused:
            if is_fault(refused, "cluster-not-found"):
                raise Refused(
                    fault._replace(facts={"what": f"namespace {namespace}, or no kind {kind},"})
                    for fault in refused.faults
                ) from None
            raise

    def create(self, tree: Mapping[str, Any]) -> None:
        """Create an object. Raises ``Refused`` as ``apply`` does; cluster-conflict where one is there."""
        kind, metadata = tree["kind"], tree["metadata"]
        what = shown(kind, metadata["namespace"], metadata["name"])
        path = f"{_collection(tree['apiVersion'], kind, metadata['namespace'])}?fieldManager={FIELD_MANAGER}"
        self._cluster.request("POST", path, what, f"to create {what}", tree)


def _collection(api_version: str, kind: str, namespace: str) -> str:
    """Return where the API server has the objects of a kind."""
    root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
    plural = kind.lower()
    plural = f"{plural[:-1]}ies" if plural.endswith("y") else f"{plural}s"
    return f"{root}/namespaces/{quote(namespace, safe='')}/{plural}" if namespace else f"{root}/{plural}"
