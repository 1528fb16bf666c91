"""A CI system that issues ID tokens: discovery, keys, and the place where GitHub's jobs fetch theirs."""

import contextlib
import json
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from support.jwt_issuer import JwtIssuer


class OidcIssuer:
    """Where it listens, and the tokens that it signs."""

    def __init__(self, address: str, keys: JwtIssuer) -> None:
        self.address = address
        self.bearer = "of-the-job"
        """What a job shows to fetch a token."""
        self.claims: dict[str, object] = {}
        """Claims of the job that fetches one."""
        self._keys = keys

    @property
    def token_url(self) -> str:
        """ACTIONS_ID_TOKEN_REQUEST_URL of a job."""
        return f"{self.address}/token?api-version=2.0"

    def sign(self, claims: Mapping[str, object]) -> str:
        """Return an ID token with these claims."""
        return self._keys.sign({"iss": self.address, **claims})


@contextlib.contextmanager
def running_oidc_issuer() -> Iterator[OidcIssuer]:
    """Run an issuer on loopback for the length of a ``with`` block."""
    keys = JwtIssuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            answers: dict[str, object] = {
                "/.well-known/openid-configuration": {"issuer": issuer.address, "jwks_uri": f"{issuer.address}/keys"},
                "/keys": {"keys": [keys.jwk]},
            }
            if asked.path == "/token" and self.headers.get("Authorization", "") == f"bearer {issuer.bearer}":
                (audience,) = parse_qs(asked.query)["audience"]
                answers["/token"] = {"value": issuer.sign({**issuer.claims, "aud": audience})}
            content = json.dumps(answers.get(asked.path)).encode()
            self.send_response(200 if asked.path in answers else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer = OidcIssuer(f"http://127.0.0.1:{server.server_port}", keys)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
