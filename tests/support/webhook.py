"""A web server that keeps what is posted to it, as a chat or a notification-controller would get it."""

import contextlib
import json
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Webhook:
    """A running server. Start it with ``running_webhook``."""

    def __init__(self, answers: Sequence[int]) -> None:
        self.address = ""
        """Its URL."""
        self.received: list[Any] = []
        """The JSON of what was posted, in order."""
        self._answers = list(answers)

    def take(self, posted: Any) -> int:
        """Keep what was posted and return the status to answer with."""
        self.received.append(posted)
        return self._answers.pop(0) if self._answers else 202


@contextlib.contextmanager
def running_webhook(*answers: int) -> Iterator[Webhook]:
    """Run a server for the length of a ``with`` block; ``answers`` are the first statuses, 202 all that follow."""
    webhook = Webhook(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(webhook.take(json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    webhook.address = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield webhook
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
