"""An API server as a dictionary, where a test is of what the controller does with its answers."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from vaultgen.controller.api import Api


class MemoryApi(Api):
    """Objects by path. Patches are merged; ``status`` is a part of its object."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.requests: list[tuple[str, str]] = []
        """Method and path of each, the query left out."""
        self.created: list[dict[str, Any]] = []
        """What was posted, but for objects: events, requests for tokens."""
        self.refuses: Callable[[str, str], int] = lambda method, path: 0
        """Returns the status to answer with instead; 0 for none."""
        self._count = 0

    def put(self, path: str, body: Mapping[str, Any]) -> None:
        """Have an object."""
        self.objects[path] = self._numbered(json.loads(json.dumps(body)))

    def writes(self) -> list[tuple[str, str]]:
        """Return the requests that change something."""
        return [one for one in self.requests if one[0] != "GET"]

    def _send(
        self, method: str, path: str, body: Mapping[str, Any] | None, content_type: str, seconds: float
    ) -> tuple[int, bytes]:
        path = path.partition("?")[0]
        self.requests.append((method, path))
        if status := self.refuses(method, path):
            return status, b"{}"
        answer = getattr(self, f"_{method.lower()}")(path, body)
        return (200, json.dumps(answer).encode()) if answer is not None else (404, b"{}")

    def _get(self, path: str, body: None) -> Any:
        return self.objects.get(path)

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        if path.endswith(("/events", "/token")):
            self.created.append(body)
            return {"status": {"token": "a-token"}}
        self.put(f"{path}/{body['metadata']['name']}", body)
        return self.objects[f"{path}/{body['metadata']['name']}"]

    def _patch(self, path: str, body: dict[str, Any]) -> Any:
        found = self.objects.get(path.removesuffix("/status"))
        if found is None:
            return None
        return self._numbered(_merged(found, {"status": body["status"]} if path.endswith("/status") else body))

    def _delete(self, path: str, body: Any) -> Any:
        return self.objects.pop(path, None)

    def _numbered(self, one: dict[str, Any]) -> dict[str, Any]:
        self._count += 1
        one["metadata"].setdefault("uid", f"uid-{self._count}")
        one["metadata"].setdefault("generation", 1)
        one["metadata"]["resourceVersion"] = str(self._count)
        return one


def _merged(one: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """Merge in place, as RFC 7386 says."""
    for field, value in patch.items():
        if value is None:
            one.pop(field, None)
        elif isinstance(value, dict) and isinstance(one.get(field), dict):
            _merged(one[field], value)
        else:
            one[field] = value
    return one
