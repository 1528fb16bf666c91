"""A small HTTPS server that answers as a Kubernetes API server would, and kubeconfigs for it."""

import base64
import contextlib
import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from support.certificates import Certificates


class Asked(NamedTuple):
    """One request that the server saw."""

    method: str
    path: str
    authorization: str
    client_name: str
    """Common name of the TLS client certificate, if any."""
    body: Any
    """The JSON of the body, or None."""


class ApiServer:
    """What is served and what was asked."""

    def __init__(self, address: str, certificates: Certificates) -> None:
        self.address = address
        self.certificates = certificates
        self.answers: dict[str, tuple[int, bytes]] = {}
        """Path → status and body; any other path is answered 404."""
        self.headers: dict[str, str] = {}
        """Sent with every answer."""
        self.token = ""
        """A bearer token that each request must carry, where not empty; else it is answered 401."""
        self.asked: list[Asked] = []

    def answer(self, path: str, body: object, status: int = 200) -> None:
        """Serve a JSON body at a path."""
        self.answers[path] = (status, json.dumps(body).encode())

    def serve_secret(self, namespace: str, name: str, data: Mapping[str, bytes]) -> None:
        """Serve a Secret."""
        encoded = {key: base64.b64encode(value).decode() for key, value in data.items()}
        path = f"/api/v1/namespaces/{namespace}/secrets/{name}"
        self.answer(path, {"apiVersion": "v1", "kind": "Secret", "data": encoded})

    def serve_token(self, namespace: str, name: str, token: str) -> None:
        """Answer TokenRequests for a ServiceAccount."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
        self.answer(path, {"kind": "TokenRequest", "status": {"token": token}}, 201)

    def kubeconfig(self, directory: Path, user: Mapping[str, object], **cluster: object) -> Path:
        """Write a kubeconfig with this user and return its path."""
        path = directory / "kubeconfig"
        authority = base64.b64encode(self.certificates.ca.read_bytes()).decode()
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
            "clusters": [
                {
                    "name": "test",
                    "cluster": {"server": self.address, "certificate-authority-data": authority, **cluster},
                }
            ],
            "users": [{"name": "test", "user": dict(user)}],
        }
        path.write_text(json.dumps(content))
        return path


@contextlib.contextmanager
def running_api_server(certificates: Certificates) -> Iterator[ApiServer]:
    """Run a server on loopback for the length of a ``with`` block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            body = json.loads(self.rfile.read(length)) if length else None
            authorization = self.headers.get("Authorization", "")
            server.asked.append(Asked(self.command, self.path, authorization, self._client_name(), body))
            status, content = server.answers.get(self.path, (404, b'{"kind":"Status","message":"canary-message"}'))
            # RFC 6750, section 2.1: the scheme's letter case does not count.
            if server.token and authorization.lower() != f"bearer {server.token}".lower():
                status, content = 401, b'{"kind":"Status","message":"canary-message"}'
            self.send_response(status)
            for name, value in server.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _client_name(self) -> str:
            assert isinstance(self.connection, ssl.SSLSocket)
            certificate: Any = self.connection.getpeercert() or {}
            names = dict(pair for names in certificate.get("subject", ()) for pair in names)
            return str(names.get("commonName", ""))

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Quiet(HTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """A client that gives up is what some tests are about."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.server_cert, certificates.server_key)
    context.load_verify_locations(certificates.ca)
    context.verify_mode = ssl.CERT_OPTIONAL
    listener = Quiet(("127.0.0.1", 0), Handler)
    listener.socket = context.wrap_socket(listener.socket, server_side=True)
    server = ApiServer(f"https://127.0.0.1:{listener.server_port}", certificates)
    thread = threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()
