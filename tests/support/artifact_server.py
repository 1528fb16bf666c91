"""A file server on loopback for artifacts, and the sources that lead to it, as their controllers would make them."""

import contextlib
import hashlib
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from support.cluster_client import ClusterClient, Object


class ArtifactServer:
    """What is served, by path. Start it with ``running_artifact_server``."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.files: dict[str, bytes] = {}

    def publish(
        self,
        client: ClusterClient,
        namespace: str,
        name: str,
        archive: bytes,
        kind: str = "ExternalArtifact",
        spec: Object | None = None,
    ) -> str:
        """Serve an archive and make a source lead to it, or change it so; return the revision."""
        checksum = hashlib.sha256(archive).hexdigest()
        path = f"{namespace}/{name}/{checksum}.tar.gz"
        self.files[f"/{path}"] = archive
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        head: Object = {
            "apiVersion": "source.toolkit.fluxcd.io/v1",
            "kind": kind,
            "metadata": {"namespace": namespace, "name": name},
        }
        (made,) = client.apply({**head, "spec": spec} if spec else head)
        artifact = {
            "digest": f"sha256:{checksum}",
            "lastUpdateTime": now,
            "path": path,
            "revision": f"latest@sha256:{checksum}",
            "url": f"{self.address}/{path}",
        }
        ready = {
            "type": "Ready",
            "status": "True",
            "reason": "Succeeded",
            "message": "",
            "lastTransitionTime": now,
            "observedGeneration": made["metadata"]["generation"],
        }
        client.apply({**head, "status": {"artifact": artifact, "conditions": [ready]}}, status=True)
        return artifact["revision"]


@contextlib.contextmanager
def running_artifact_server() -> Iterator[ArtifactServer]:
    """Run a server for the length of a ``with`` block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = server.files.get(self.path)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, format: str, *args: object) -> None:
            pass

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.daemon_threads = True
    server = ArtifactServer(f"http://127.0.0.1:{listener.server_port}")
    thread = threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()
