"""The Kubernetes API as the controller asks it: objects by path, as JSON, from several threads."""

import json
from collections.abc import Mapping
from typing import Any

from kubernetes.client.rest import RESTClientObject
from urllib3 import Timeout
from urllib3.exceptions import HTTPError

from vaultgen.cluster import json_object
from vaultgen.controller.login import Login
from vaultgen.errors import refuse

Object = dict[str, Any]

FIELD_MANAGER = "vaultgen"
ANSWER_LIMIT = 8 << 20
"""Bytes; etcd takes no object that is nearly as large."""
TIMEOUT_SECONDS = 10.0
"""Of a request. A look that finds no answer writes its status in vain, too, and the kubelet waits 30 seconds for it."""

_MERGE_PATCH = "application/merge-patch+json"
_APPLY = "application/apply-patch+yaml"


class Conflict(Exception):
    """The object is not what it was when it was read, or exists already."""


class Api:
    """Requests to one API server, with the controller's own rights."""

    def __init__(self, login: Login, connections: int) -> None:
        """Keep so many connections open at most. Raises ``Refused`` as ``Login.configuration`` does."""
        self._configuration: Any = login.configuration()
        self._configuration.connection_pool_maxsize = connections
        self._pool: Any = RESTClientObject(self._configuration).pool_manager

    def get(self, path: str) -> Object | None:
        """Return an object, or None where there is none. Raises ``Refused``: cluster-denied, cluster-unavailable."""
        return self._ask("GET", path)

    def create(self, path: str, body: Mapping[str, Any], seconds: float = TIMEOUT_SECONDS) -> Object:
        """Create an object in a collection, and wait so long for the answer.

        Raises ``Conflict`` where it exists, and ``Refused`` as ``get`` does.
        """
        return self._found("POST", path, body, seconds=seconds)

    def apply(self, path: str, body: Mapping[str, Any]) -> Object:
        """Apply fields server-side, as the owner of them. Raises ``Conflict`` and ``Refused`` as ``create`` does."""
        return self._found("PATCH", f"{path}?fieldManager={FIELD_MANAGER}&force=true", body, _APPLY)

    def merge(self, path: str, patch: Mapping[str, Any]) -> Object | None:
        """Merge a patch; None where the object is gone. Raises ``Conflict`` and ``Refused`` as ``create`` does."""
        return self._ask("PATCH", f"{path}?fieldManager={FIELD_MANAGER}", patch, _MERGE_PATCH)

    def delete(self, path: str, uid: str) -> None:
        """Delete an object if it is still the one with this uid. Raises ``Refused`` as ``get`` does."""
        try:
            self._ask("DELETE", path, {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid}})
        except Conflict:
            return

    def _found(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any],
        content_type: str = "application/json",
        seconds: float = TIMEOUT_SECONDS,
    ) -> Object:
        answer = self._ask(method, path, body, content_type, seconds)
        if answer is None:
            raise refuse("cluster-not-found", what=_shown(path))
        return answer

    def _ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        content_type: str = "application/json",
        seconds: float = TIMEOUT_SECONDS,
    ) -> Object | None:
        status, content = self._send(method, path, body, content_type, seconds)
        if status == 404:
            return None
        if status == 409:
            raise Conflict
        if status == 403:
            raise refuse("cluster-denied", what=f"to {method.lower()} {_shown(path)}")
        if not 200 <= status < 300:
            raise refuse("cluster-unavailable", what=_shown(path), why=f"it answered {status}")
        return json_object(content, _shown(path))

    def _send(
        self, method: str, path: str, body: Mapping[str, Any] | None, content_type: str, seconds: float
    ) -> tuple[int, bytes]:
        headers = {"Accept": "application/json", "Content-Type": content_type}
        try:
            # Asked for each time: the token of a Pod is replaced before it expires.
            settings = self._configuration.auth_settings().values()
            headers |= {setting["key"]: setting["value"] for setting in settings}
            response = self._pool.request(
                method,
                self._configuration.host + path,
                body=None if body is None else json.dumps(body),
                headers=headers,
                timeout=Timeout(total=seconds),
                retries=False,
                redirect=False,
                preload_content=False,
            )
            try:
                return response.status, response.read(ANSWER_LIMIT)
            finally:
                response.release_conn()
        except (HTTPError, OSError, ValueError):
            raise refuse("cluster-unavailable", what=_shown(path), why="no answer came") from None


def _shown(path: str) -> str:
    """Return a path as a person would name the object: plural, namespace, name and subresource."""
    parts = path.partition("?")[0].split("/")
    if "namespaces" not in parts[:-2]:
        return "/".join(parts[3:])
    _, namespace, plural, *rest = parts[parts.index("namespaces") :]
    return " ".join([plural, "/".join([namespace, *rest])])
