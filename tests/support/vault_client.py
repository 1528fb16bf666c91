"""A small client that sets a test's Vault up: never what vaultgen itself speaks with."""

import http.client
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit


class VaultRefused(Exception):
    """The server answered with a status of 400 or more."""

    def __init__(self, method: str, path: str, status: int, body: str) -> None:
        super().__init__(f"{method} {path}: {status} {body}")
        self.status = status


class VaultClient:
    """Speaks to one server over plain HTTP, as one token, in one Vault namespace (empty: the root one)."""

    def __init__(self, address: str, token: str, namespace: str = "") -> None:
        self.address = address
        self.token = token
        self.namespace = namespace

    def request(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Any:
        """Send one request to ``/v1/PATH`` and return the answer's JSON, or None where there is none.

        Raises VaultRefused for a status of 400 or more.
        """
        content = b"" if body is None else json.dumps(body).encode()
        own = {"X-Vault-Token": self.token, "X-Vault-Namespace": self.namespace, **(headers or {})}
        sent = {name: value for name, value in own.items() if value}
        host = urlsplit(self.address)
        connection = http.client.HTTPConnection(host.hostname or "", host.port, timeout=60)
        try:
            connection.request(method, "/v1/" + quote(path, safe="/?=&%"), content, sent)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status >= 400:
            raise VaultRefused(method, path, answer.status, text)
        return json.loads(text) if text else None

    # --- KV ---

    def write(self, path: str, fields: Mapping[str, object], mount: str = "secret") -> int:
        """Write a KV v2 secret (``my-app/database``) and return its new version."""
        return int(self.request("POST", f"{mount}/data/{path}", {"data": fields})["data"]["version"])

    def write_v1(self, path: str, fields: Mapping[str, object], mount: str = "kv1") -> None:
        """Write a KV v1 secret."""
        self.request("POST", f"{mount}/{path}", fields)

    def delete_versions(self, path: str, versions: Sequence[int], mount: str = "secret") -> None:
        """Delete versions of a KV v2 secret; they could be undeleted."""
        self.request("POST", f"{mount}/delete/{path}", {"versions": list(versions)})

    def destroy_versions(self, path: str, versions: Sequence[int], mount: str = "secret") -> None:
        """Destroy versions of a KV v2 secret for good."""
        self.request("POST", f"{mount}/destroy/{path}", {"versions": list(versions)})

    # --- mounts, policies, tokens, auth methods, namespaces ---

    def mount(self, path: str, engine: str, options: Mapping[str, str] | None = None) -> None:
        """Mount a secrets engine: ``mount("kv1", "kv", {"version": "1"})``, ``mount("pki", "pki")``."""
        self.request("POST", f"sys/mounts/{path}", {"type": engine, "options": options or {}})
        if engine == "kv" and (options or {}).get("version") == "2":
            self._wait_for_kv2(path)

    def _wait_for_kv2(self, mount: str) -> None:
        # Right after it was mounted, a KV v2 engine answers 400 until it has upgraded its storage.
        for _ in range(1000):
            try:
                self.request("GET", f"{mount}/config")
                return
            except VaultRefused as refused:
                if refused.status != 400:
                    raise
        raise TimeoutError(f"the KV v2 engine at {mount} is not ready")

    def policy(self, name: str, rules: str) -> None:
        """Write a policy from its HCL text."""
        self.request("PUT", f"sys/policies/acl/{name}", {"policy": rules})

    def new_token(self, policies: Sequence[str], **options: object) -> str:
        """Make an orphan token; options are those of ``auth/token/create`` (``type="batch"``, ``ttl="1h"``, …)."""
        body = {"policies": list(policies), "no_parent": True, **options}
        return str(self.request("POST", "auth/token/create", body)["auth"]["client_token"])

    def revoke(self, token: str) -> None:
        """Revoke a token: it is refused from then on, as an expired one is."""
        self.request("POST", "auth/token/revoke", {"token": token})

    def enable_auth(self, method: str, mount: str = "") -> None:
        """Enable an auth method at ``auth/MOUNT`` (the method's name unless given)."""
        self.request("POST", f"sys/auth/{mount or method}", {"type": method})

    def new_namespace(self, name: str) -> "VaultClient":
        """Make a namespace below this one and return a client for it, with the same token."""
        self.request("POST", f"sys/namespaces/{name}")
        return VaultClient(self.address, self.token, f"{self.namespace}/{name}".strip("/"))

    def clear(self) -> None:
        """Take away what tests make: secrets engines, auth methods, policies, and demands for a second factor."""
        for kind, built_in in (("mounts", ("sys/", "identity/", "cubbyhole/")), ("auth", ("token/",))):
            for mount in self.request("GET", f"sys/{kind}")["data"]:
                if mount not in built_in:
                    self.request("DELETE", f"sys/{kind}/{mount.rstrip('/')}")
        for name in {*self._listed("sys/policies/acl")} - {"root", "default"}:
            self.request("DELETE", f"sys/policies/acl/{name}")
        for name in self._listed("identity/mfa/login-enforcement"):
            self.request("DELETE", f"identity/mfa/login-enforcement/{name}")

    def _listed(self, path: str) -> list[str]:
        try:
            return list(self.request("LIST", path)["data"]["keys"])
        except VaultRefused as refused:
            if refused.status != 404:
                raise
            return []
