"""A small client of a Kubernetes API server, for setting up and looking on: never what vaultgen itself speaks with."""

import base64
import http.client
import json
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

import yaml

from support.eventually import eventually

Object = dict[str, Any]

_MANAGER = "tests"
_SECONDS = 180.0
_STEP = 0.05
_ALL_KINDS = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


class ApiRefused(Exception):
    """The API server answered with a status of 400 or more."""

    def __init__(self, method: str, path: str, status: int, message: str) -> None:
        super().__init__(f"{method} {path}: {status} {message}")
        self.status = status
        self.message = message


class ClusterClient:
    """Speaks to one API server as the owner of a bearer token, or, with the rights to, as somebody else.

    ``namespace`` is empty for objects that are in none. A kind is enough to name a type: the core one of that name,
    else any.
    """

    def __init__(self, address: str, authority: str, token: str, user: str = "") -> None:
        """Take the CA as PEM text; ``user`` is whom to impersonate, if anybody."""
        self.address = address
        self.token = token
        self._authority = authority
        self._tls = ssl.create_default_context(cadata=authority)
        self._user = user
        self._paths: dict[str, tuple[str, str, bool]] = {}

    def as_user(self, user: str) -> "ClusterClient":
        """Return a client with the rights of a user: ``alice``, ``system:serviceaccount:apps:default``."""
        return ClusterClient(self.address, self._authority, self.token, user)

    def request(
        self, method: str, path: str, body: object = None, content_type: str = "application/json", accept: str = ""
    ) -> Any:
        """Send one request and return the answer's JSON, or its text where it is none. Raises ApiRefused.

        It is sent again while the API server asks for that, as it does just after a kind of resource was installed.
        """
        answers: list[tuple[int, str]] = []

        def is_answered() -> bool:
            answers.append(self._send(method, path, body, content_type, accept))
            return answers[-1][0] != HTTPStatus.TOO_MANY_REQUESTS

        eventually(is_answered)
        status, text = answers[-1]
        try:
            content = json.loads(text)
        except ValueError:
            content = text
        if status >= 400:
            message = content.get("message", "") if isinstance(content, dict) else text
            raise ApiRefused(method, path, status, message)
        return content

    def _send(self, method: str, path: str, body: object, content_type: str, accept: str) -> tuple[int, str]:
        host = urlsplit(self.address)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": content_type}
        headers |= {"Accept": accept} if accept else {}
        headers |= {"Impersonate-User": self._user} if self._user else {}
        connection = http.client.HTTPSConnection(host.hostname or "", host.port, timeout=60, context=self._tls)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    # --- objects ---

    def apply(self, *manifests: str | Object, status: bool = False) -> list[Object]:
        """Make or change objects (YAML text of one or more, or trees) by server-side apply; ``status``: only that.

        Raises ApiRefused.
        """
        query = urlencode({"fieldManager": _MANAGER, "force": "true"})
        applied = []
        for one in _objects(manifests):
            path = self._path_of(one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"])
            path += "/status" if status else ""
            applied.append(self.request("PATCH", f"{path}?{query}", one, "application/apply-patch+yaml"))
        return applied

    def takes(self, one: Object) -> bool:
        """Return whether the API server would apply an object; nothing is changed."""
        path = self._path_of(one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"])
        query = urlencode({"fieldManager": _MANAGER, "force": "true", "dryRun": "All"})
        try:
            self.request("PATCH", f"{path}?{query}", one, "application/apply-patch+yaml")
        except ApiRefused as refused:
            if refused.status in (400, 422, 500):
                return False
            raise
        return True

    def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """Return an object, or None where there is none."""
        try:
            found: Object = self.request("GET", self._path_of(kind, namespace, name))
        except ApiRefused as refused:
            if refused.status == 404:
                return None
            raise
        return found

    def all_of(self, kind: str, namespace: str = "") -> list[Object]:
        """Return all objects of a kind, by default those of all namespaces."""
        return list(self.request("GET", self._path_of(kind, namespace))["items"])

    def everything(self) -> list[Object]:
        """Return all objects of all kinds, each with its kind."""
        self._learn_paths()
        found = []
        for kind in sorted(self._paths):
            try:
                found += [{**one, "kind": kind} for one in self.all_of(kind)]
            except ApiRefused as refused:
                # Some are only asked, as a SubjectAccessReview is, or only made, as a Binding is.
                if refused.status not in (404, 405):
                    raise
        return found

    def merge(self, kind: str, namespace: str, name: str, change: Object) -> Object:
        """Change an object by a merge patch and return it."""
        path = self._path_of(kind, namespace, name)
        changed: Object = self.request("PATCH", path, change, "application/merge-patch+json")
        return changed

    def delete(self, kind: str, namespace: str, name: str) -> None:
        """Delete an object if it is there; one with finalizers stays until these are done."""
        try:
            self.request("DELETE", self._path_of(kind, namespace, name))
        except ApiRefused as refused:
            if refused.status != 404:
                raise

    def create_namespace(self, name: str, labels: Mapping[str, str] | None = None) -> str:
        """Make a namespace with its ServiceAccount ``default``, which nobody else makes here, and return its name."""
        head = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": dict(labels or {})}}
        self.apply(head, _service_account(name, "default"))
        return name

    def create_service_account(self, namespace: str, name: str) -> None:
        """Make a ServiceAccount without any rights."""
        self.apply(_service_account(namespace, name))

    def new_token(self, namespace: str, service_account: str, audience: str = "", seconds: int = 3600) -> str:
        """Return a token of a ServiceAccount, for the API server unless for another audience."""
        path = self._path_of("ServiceAccount", namespace, service_account) + "/token"
        spec = {"expirationSeconds": seconds, "audiences": [audience] if audience else []}
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
        return str(self.request("POST", path, body)["status"]["token"])

    def secrets(self, namespace: str) -> dict[str, dict[str, bytes]]:
        """Return the data of all Secrets, decoded: name → key → bytes."""
        return {one["metadata"]["name"]: data_of(one) for one in self.all_of("Secret", namespace)}

    def events(self, namespace: str, kind: str = "", name: str = "") -> list[Object]:
        """Return the Events of a namespace about a kind of objects, or about one of them; the oldest first."""
        found = [
            event
            for event in self.all_of("Event", namespace)
            if kind in ("", event["involvedObject"]["kind"]) and name in ("", event["involvedObject"]["name"])
        ]
        return sorted(found, key=lambda event: int(event["metadata"]["resourceVersion"]))

    # --- waiting ---

    def wait_for(
        self,
        kind: str,
        namespace: str,
        name: str,
        predicate: Callable[[Object], object] = bool,
        timeout: float = _SECONDS,
    ) -> Object:
        """Return an object once it is there and the predicate holds; fail with its last state if it never does."""
        give_up = time.monotonic() + timeout
        while not ((found := self.get(kind, namespace, name)) and predicate(found)):
            if time.monotonic() > give_up:
                raise AssertionError(f"{kind} {namespace}/{name} is still\n{yaml.safe_dump(_essence(found))}")
            time.sleep(_STEP)
        return found

    def wait_until_gone(self, kind: str, namespace: str, name: str, timeout: float = _SECONDS) -> None:
        """Return as soon as there is no such object; fail with its last state if it stays."""
        give_up = time.monotonic() + timeout
        while found := self.get(kind, namespace, name):
            if time.monotonic() > give_up:
                raise AssertionError(f"{kind} {namespace}/{name} is still there:\n{yaml.safe_dump(_essence(found))}")
            time.sleep(_STEP)

    def reconcile(self, kind: str, namespace: str, name: str, timeout: float = _SECONDS) -> Object:
        """Ask an object's controller for a reconcile now, and return the object once that has ended, either way."""
        now = datetime.now(UTC).isoformat()
        self.merge(kind, namespace, name, {"metadata": {"annotations": {"reconcile.fluxcd.io/requestedAt": now}}})
        return self.wait_for(
            kind, namespace, name, lambda one: one.get("status", {}).get("lastHandledReconcileAt") == now, timeout
        )

    def install_crds(self, *manifests: str | Object, timeout: float = _SECONDS) -> None:
        """Apply CustomResourceDefinitions and wait until their objects can be made."""
        for one in self.apply(*manifests):
            name = one["metadata"]["name"]
            self.wait_for(one["kind"], "", name, lambda crd: condition(crd, "Established")["status"] == "True", timeout)
            self._path_of(one["spec"]["names"]["kind"], "", "")

    def _path_of(self, kind: str, namespace: str, name: str = "") -> str:
        give_up = time.monotonic() + _SECONDS
        # The API server lists a kind a moment after its definition is established.
        while kind not in self._paths:
            self._learn_paths()
            if time.monotonic() > give_up:
                raise AssertionError(f"the API server knows no {kind}")
        prefix, plural, namespaced = self._paths[kind]
        path = f"{prefix}/namespaces/{namespace}/{plural}" if namespaced and namespace else f"{prefix}/{plural}"
        return f"{path}/{name}" if name else path

    def _learn_paths(self) -> None:
        for root in ("/apis", "/api"):
            for group in self.request("GET", root, accept=_ALL_KINDS)["items"]:
                name = group["metadata"].get("name", "")
                for version in reversed(group["versions"]):
                    prefix = "/".join(filter(None, (root, name, version["version"])))
                    for found in version["resources"]:
                        if "verbs" in found:
                            namespaced = found["scope"] == "Namespaced"
                            self._paths[found["responseKind"]["kind"]] = (prefix, found["resource"], namespaced)


def condition(one: Object, type_: str = "Ready") -> Object:
    """Return a condition of an object; where there is none, one of status Unknown."""
    unknown = {"type": type_, "status": "Unknown", "reason": "", "message": ""}
    conditions = one.get("status", {}).get("conditions") or []
    return next((found for found in conditions if found["type"] == type_), unknown)


def is_ready(one: Object) -> bool:
    """Return whether an object's controller has dealt with its present generation, and well."""
    return _is_seen(one) and condition(one)["status"] == "True"


def is_failed(one: Object) -> bool:
    """Return whether an object's controller has dealt with its present generation, and failed."""
    return _is_seen(one) and condition(one)["status"] == "False"


def _is_seen(one: Object) -> bool:
    seen = condition(one).get("observedGeneration", one.get("status", {}).get("observedGeneration"))
    return bool(seen == one["metadata"]["generation"])


def data_of(secret: Object) -> dict[str, bytes]:
    """Return the data of a Secret, decoded."""
    return {key: base64.b64decode(value) for key, value in (secret.get("data") or {}).items()}


def _service_account(namespace: str, name: str) -> Object:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"namespace": namespace, "name": name}}


def _objects(manifests: Iterable[str | Object]) -> Iterable[Object]:
    for one in manifests:
        if isinstance(one, str):
            yield from (found for found in yaml.safe_load_all(one) if found)
        else:
            yield one


def _essence(one: Object | None) -> Object | None:
    """Return what of an object says how it is, without the values of a Secret."""
    if one is None:
        return None
    metadata = {key: value for key, value in one["metadata"].items() if key != "managedFields"}
    return {
        "metadata": metadata,
        "spec": one.get("spec"),
        "status": one.get("status"),
        "data": list(one.get("data", {})),
    }
