"""An Exchange that records what it is asked and answers from a script."""

import json
from collections.abc import Mapping, Sequence

from vaultgen.errors import Fault
from vaultgen.redacted import Redacted
from vaultgen.vault.message import Request, Response


class FakeExchange:
    """Answers by method and path; what the script does not hold is answered 403, as Vault does."""

    def __init__(self, script: "Mapping[tuple[str, str], tuple[int, object] | Fault] | None" = None) -> None:
        self.script = script or {}
        self.requests: list[Request] = []

    def send(self, requests: Sequence[Request], /) -> "list[Response | Fault]":
        """Record and answer."""
        self.requests += requests
        return [self._answer(request) for request in requests]

    @property
    def asked(self) -> list[tuple[str, str]]:
        """Method and path of each request so far."""
        return [(request.method, request.path) for request in self.requests]

    def body(self, number: int = 0) -> object:
        """What a request carried, as JSON reads it."""
        body = self.requests[number].body
        return None if body is None else json.loads(json.dumps(body.reveal()))

    def _answer(self, request: Request) -> "Response | Fault":
        answer = self.script.get((request.method, request.path), (403, {"errors": ["permission denied"]}))
        if isinstance(answer, Fault):
            return answer
        status, body = answer
        return Response(status, Redacted(body if isinstance(body, bytes) else json.dumps(body).encode()))


def login_answer(token: str = "s.issued") -> tuple[int, object]:
    """Return what Vault answers to a login that it accepts."""
    return 200, {"auth": {"client_token": token, "policies": ["default"]}}
