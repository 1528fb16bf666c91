"""A Git server on loopback: ``git http-backend`` behind a small HTTP server, and a repository that is pushed to."""

import contextlib
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

_IDENTITY = "a <a@example.com> 1700000000 +0000"
_NO_SETTINGS = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}


class GitServer:
    """Where repositories are served. Start it with ``running_git_server``."""

    def __init__(self, address: str, root: Path) -> None:
        self.address = address
        self.root = root

    def repository(self, name: str) -> "GitRepository":
        """Make an empty repository."""
        _git(self.root, "init", "--quiet", "--bare", "--initial-branch=main", f"{name}.git")
        return GitRepository(f"{self.address}/{name}.git", self.root / f"{name}.git")


class GitRepository:
    """A bare repository on disk, and its URL."""

    def __init__(self, url: str, path: Path) -> None:
        self.url = url
        self.path = path

    def push(self, files: Mapping[str, bytes | str], branch: str = "main") -> str:
        """Commit a tree, by path, as all that is on a branch, and return the name of the commit."""
        reference = f"refs/heads/{branch}"
        parent = self._head_of(reference)
        stream = f"commit {reference}\ncommitter {_IDENTITY}\n".encode() + _data(b"a")
        stream += f"from {parent}\n".encode() if parent else b""
        stream += b"deleteall\n"
        for path, content in files.items():
            stream += f"M 100644 inline {path}\n".encode()
            stream += _data(content.encode() if isinstance(content, str) else content)
        _git(self.path, "fast-import", "--quiet", stream=stream)
        return self._head_of(reference)

    def _head_of(self, reference: str) -> str:
        return _git(self.path, "for-each-ref", "--format=%(objectname)", reference).strip()


@contextlib.contextmanager
def running_git_server() -> Iterator[GitServer]:
    """Run a server for the length of a ``with`` block; its repositories go with it."""
    root = Path(tempfile.mkdtemp(prefix="git-"))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def _serve(self) -> None:
            url = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            # RFC 3875, as git-http-backend(1) reads it.
            variables = {
                "GIT_PROJECT_ROOT": str(root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "REQUEST_METHOD": self.command,
                "PATH_INFO": url.path,
                "QUERY_STRING": url.query,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "PATH": os.environ["PATH"],
            }
            done = subprocess.run(
                ["git", "http-backend"],
                env=variables | _NO_SETTINGS,
                input=body,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                check=False,
            )
            head, _, content = done.stdout.partition(b"\r\n\r\n")
            headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
            self.send_response(int(headers.pop("Status", "200").split()[0]))
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.daemon_threads = True
    thread = threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield GitServer(f"http://127.0.0.1:{listener.server_port}", root)
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()
        shutil.rmtree(root, ignore_errors=True)


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)


def _git(directory: Path, *words: str, stream: bytes = b"") -> str:
    environment = {**os.environ, **_NO_SETTINGS}
    done = subprocess.run(
        ["git", *words], cwd=directory, env=environment, input=stream, capture_output=True, check=True
    )
    return done.stdout.decode()
