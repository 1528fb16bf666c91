"""The part of an API server that Vault's kubernetes method asks: TokenReview."""

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from support.jwt_issuer import JwtIssuer

PATH = "/apis/authentication.k8s.io/v1/tokenreviews"


class TokenReviewer:
    """Where it listens, and what it was asked."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.reviewed: list[str] = []
        """User names of the tokens that were authenticated; an empty one for a token that was not."""


@contextlib.contextmanager
def running_token_reviewer(issuer: JwtIssuer) -> Iterator[TokenReviewer]:
    """Run a server that authenticates the issuer's ServiceAccount tokens, for the length of a ``with`` block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status = _status(issuer, review["spec"])
            reviewer.reviewed.append(status.get("user", {}).get("username", ""))
            content = json.dumps({**review, "spec": {}, "status": status}).encode()
            self.send_response(201 if self.path == PATH else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    reviewer = TokenReviewer(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield reviewer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _status(issuer: JwtIssuer, spec: dict[str, Any]) -> dict[str, Any]:
    claims: Any = issuer.claims(spec["token"])
    if claims is None:
        return {"authenticated": False, "error": "the token is not good"}
    audiences = [audience for audience in spec.get("audiences") or claims["aud"] if audience in claims["aud"]]
    if not audiences:
        return {"authenticated": False, "error": "the token is for another audience"}
    uid = claims["kubernetes.io"]["serviceaccount"]["uid"]
    return {"authenticated": True, "audiences": audiences, "user": {"username": claims["sub"], "uid": uid}}
