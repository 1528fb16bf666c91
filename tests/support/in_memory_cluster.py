"""A cluster of objects in memory, which answers as KubernetesCluster does."""

import base64
import contextlib
import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from vaultgen.errors import Refused, refuse
from vaultgen.redacted import Redacted

Object = dict[str, Any]


class InMemoryCluster:
    """``objects`` by their path; a path in ``denied`` may not be asked for, one in ``taken`` is somebody else's."""

    def __init__(self, *objects: Object) -> None:
        self.objects: dict[str, Object] = {}
        self.denied: set[str] = set()
        self.taken: set[str] = set()
        self.asked: list[tuple[str, str]] = []
        """Method and path, query included."""
        self.accepted: list[str] = []
        """Forms of answer that were asked for."""
        for one in objects:
            self.put(one)

    def put(self, one: Object) -> None:
        """Add an object, or replace it."""
        self.objects[path_of(one)] = copy.deepcopy(one)

    def remove(self, one: Object) -> None:
        """Remove an object."""
        del self.objects[path_of(one)]

    def request(
        self,
        method: str,
        path: str,
        what: str,
        wish: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Object:
        """Answer as the API server would, with faults as KubernetesCluster words them."""
        self.asked.append((method, path))
        self.accepted.append((headers or {}).get("Accept", "application/json"))
        parts = urlsplit(path)
        query = parse_qs(parts.query)
        if parts.path in self.denied:
            raise refuse("cluster-denied", what=wish)
        if method == "GET":
            return self._got(parts.path, what, query)
        tree: Object = json.loads(json.dumps(body))
        where = path_of(tree)
        if parts.path in self.taken or (method == "POST" and where in self.objects):
            raise refuse("cluster-conflict", what=what)
        if "dryRun" not in query:
            self.objects[where] = tree
        return tree

    def secret(self, namespace: str, name: str, /) -> Mapping[str, Redacted]:
        """Return a Secret's data."""
        found = self.request("GET", f"/api/v1/namespaces/{namespace}/secrets/{name}", f"Secret {namespace}/{name}", "")
        written = {key: Redacted(value.encode()) for key, value in found.get("stringData", {}).items()}
        return written | {key: Redacted(base64.b64decode(value)) for key, value in found.get("data", {}).items()}

    @contextlib.contextmanager
    def session(self) -> Iterator[None]:
        """Keep what is kept for many questions: nothing."""
        yield

    def _got(self, path: str, what: str, query: Mapping[str, list[str]]) -> Object:
        if path in self.objects:
            return copy.deepcopy(self.objects[path])
        if "limit" not in query:
            raise refuse("cluster-not-found", what=what)
        everywhere = path.rpartition("/")
        found = [
            one
            for where, one in sorted(self.objects.items())
            if where.rpartition("/")[0] == path
            or (where.startswith(everywhere[0] + "/namespaces/") and where.split("/")[-2] == everywhere[2])
        ]
        start, size = int(query.get("continue", ["0"])[0]), int(query["limit"][0])
        following = str(start + size) if start + size < len(found) else ""
        return {"items": found[start : start + size], "metadata": {"continue": following}}


def path_of(one: Object) -> str:
    """Return where the API server has an object."""
    api_version, kind, metadata = one["apiVersion"], one["kind"].lower(), one["metadata"]
    root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
    plural = {"gitrepository": "gitrepositories", "ocirepository": "ocirepositories"}.get(kind, f"{kind}s")
    return f"{root}/namespaces/{metadata['namespace']}/{plural}/{metadata['name']}"


def codes(refused: Refused) -> list[str]:
    """Return what went wrong."""
    return [fault.code for fault in refused.faults]
