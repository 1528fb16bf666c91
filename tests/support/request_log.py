"""What a server was asked, from its audit log: requests are counted where they arrive."""

import json
from pathlib import Path
from typing import NamedTuple

from support.vault_client import VaultClient

_HASH_PATH = "sys/audit-hash/requests"


class Request(NamedTuple):
    """One request that the server saw. Unaudited ones (sys/health, sys/seal-status, …) are not among them."""

    operation: str
    """``read``, ``update``, ``create``, ``list``, ``delete`` …"""
    path: str
    """Below /v1/, without the namespace: ``secret/data/x``."""
    namespace: str
    """Without slashes at its ends; empty for the root one."""
    token_hash: str
    """As ``RequestLog.hash_of`` gives it; empty for a request without a token."""
    remote_port: int
    """The client's port: requests with the same one came over one connection."""
    refused: bool
    """Whether the server answered with an error, a denial included."""


class RequestLog:
    """Reads an audit file from a mark on."""

    def __init__(self, audit_file: Path, root: VaultClient) -> None:
        self._file = audit_file
        self._root = root
        self._offset = 0
        self.mark()

    def mark(self) -> None:
        """Forget what was seen so far."""
        self._offset = self._file.stat().st_size

    def hash_of(self, token: str) -> str:
        """Return the form in which the log holds a token."""
        return str(self._root.request("POST", _HASH_PATH, {"input": token})["data"]["hash"])

    def requests(
        self, *, token: str | None = None, path: str | None = None, namespace: str | None = None
    ) -> list[Request]:
        """Return the requests since the mark, in the order of their answers; each filter must match whole.

        A request is logged before its answer is sent, so what a client has been answered is here.
        """
        with self._file.open("rb") as file:
            file.seek(self._offset)
            lines = file.read().splitlines()
        answered = [_request(record) for record in map(json.loads, lines) if record["type"] == "response"]
        token_hash = None if token is None else self.hash_of(token)
        return [
            seen
            for seen in answered
            if seen.path != _HASH_PATH
            and (token_hash is None or seen.token_hash == token_hash)
            and (path is None or seen.path == path)
            and (namespace is None or seen.namespace == namespace)
        ]

    def paths(self, *, token: str | None = None, namespace: str | None = None) -> list[str]:
        """Return the paths of the requests since the mark, in order, repeated where they were asked again."""
        return [seen.path for seen in self.requests(token=token, namespace=namespace)]


def _token_hash(record: dict[str, dict[str, str]]) -> str:
    asked, auth = record["request"], record.get("auth", {})
    inner = asked.get("client_token", "")
    # The request of Vault's log holds a part of the token alone. That of a login's answer is the new one.
    return inner if "/login" in asked["path"] else auth.get("client_token", inner)


def _request(record: dict[str, dict[str, str]]) -> Request:
    asked = record["request"]
    namespace: object = asked.get("namespace")
    return Request(
        operation=asked["operation"],
        path=asked["path"],
        namespace=str(namespace.get("path", "")).strip("/") if isinstance(namespace, dict) else "",
        token_hash=_token_hash(record),
        remote_port=int(asked.get("remote_port", 0)),
        refused=bool(record.get("error")),
    )
