"""What the controller answers over HTTP: artifacts to Flux, metrics to Prometheus, health to the kubelet."""

import asyncio
import contextlib
import errno
import os
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from io import BufferedReader

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest

from vaultgen.controller.store import Damaged, Store
from vaultgen.errors import refuse

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

CHUNK_BYTES = 256 * 1024
SHUTDOWN_SECONDS = 10
"""How long a download may go on once the controller is told to end."""

CONNECTIONS = 256
"""Of each address at about the same time; every Pod of a cluster may reach that of the metrics."""
CONNECTION_SECONDS = 60.0
"""How long a connection may last, up to twice as long: one that never asks for anything would stay for ever."""
METRICS_SECONDS = 1.0
"""How long a text of metrics is said again: to write one takes a while of a processor."""

_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_WHY = {
    errno.EADDRINUSE: "something listens there already",
    errno.EADDRNOTAVAIL: "this host has no such address",
    errno.EACCES: "permission denied",
}


def artifacts(store: Store, damaged: Callable[[str, str], None]) -> web.Application:
    """Return an application that serves the files of a store, and nothing else.

    ``damaged`` is called with namespace and name, on the loop, when an artifact was dropped because its bytes had
    changed, so that it is published again.
    """

    async def answer(request: web.Request) -> web.StreamResponse:
        # As it was sent: nothing is decoded, so nothing can be hidden in it.
        path = request.raw_path.removeprefix("/")
        try:
            file = await asyncio.to_thread(store.open, path)
        except Damaged as found:
            damaged(found.namespace, found.name)
            raise web.HTTPNotFound from None
        if file is None:
            raise web.HTTPNotFound
        with file:
            return await _sent(request, file)

    return _application(answer)


def metrics(registry: CollectorRegistry) -> web.Application:
    """Return an application that tells the metrics of a registry at ``/metrics``."""
    last = (-METRICS_SECONDS, b"")
    lock = asyncio.Lock()

    async def answer(request: web.Request) -> web.Response:
        nonlocal last
        if request.path != "/metrics":
            raise web.HTTPNotFound
        async with lock:
            if time.monotonic() - last[0] >= METRICS_SECONDS:
                text = await asyncio.to_thread(generate_latest, registry)
                last = (time.monotonic(), text)
        return web.Response(body=last[1], headers={"Content-Type": _METRICS_TYPE})

    return _application(answer)


def health(checks: Mapping[str, Callable[[], bool]]) -> web.Application:
    """Return an application that answers 200 or 503 at a path for each check: ``/healthz``, ``/readyz``."""

    async def answer(request: web.Request) -> web.Response:
        check = checks.get(request.path)
        if check is None:
            raise web.HTTPNotFound
        if not check():
            raise web.HTTPServiceUnavailable
        return web.Response(text="ok\n")

    return _application(answer)


@contextlib.asynccontextmanager
async def serving(faces: Sequence[tuple[web.Application, str]]) -> AsyncIterator[list[str]]:
    """Serve each application at its address while a ``with`` lasts; yield the addresses as they came to be.

    An address is ``HOST:PORT``, ``[IPV6]:PORT`` or ``:PORT`` for all of the host; port 0 stands for any that is free.
    Raises ``Refused``: bad-setting, cannot-listen.
    """
    async with contextlib.AsyncExitStack() as stack:
        bound = []
        for application, address in faces:
            host, port = _parsed(address)
            runner = web.AppRunner(application, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
            stack.push_async_callback(runner.cleanup)
            await runner.setup()
            bounded = _Bounded(runner)
            try:
                server = await asyncio.get_running_loop().create_server(bounded, host, port, backlog=128)
            except OSError as error:
                why = _WHY.get(error.errno or 0, "the system does not let us")
                raise refuse("cannot-listen", address=address, why=why) from None
            stack.callback(bounded.end)
            stack.callback(server.close)
            # With any port, IPv4 and IPv6 have different ones, and not every system that has IPv6 has an address of it.
            first = min(server.sockets, key=lambda one: one.family != socket.AF_INET)
            bound.append(f"{address.rpartition(':')[0]}:{first.getsockname()[1]}")
        yield bound


class _Bounded:
    """Makes the protocol for each connection of a server, for no more of them than there is room for."""

    def __init__(self, runner: web.AppRunner) -> None:
        self._server = runner.server
        self._before: set[web.RequestHandler] = set()
        self._sweep()

    def __call__(self) -> asyncio.Protocol:
        if self._server is None or len(self._server.connections) >= CONNECTIONS:
            return _Refusing()
        return self._server()

    def end(self) -> None:
        """Watch no longer over how long connections last."""
        self._next.cancel()

    def _sweep(self) -> None:
        """End those that were there at the last sweep already."""
        open_now = set(self._server.connections if self._server else ())
        for protocol in open_now & self._before:
            if protocol.transport is not None:
                protocol.transport.abort()
        self._before = open_now
        # A callback and no task: kopf waits for all tasks of the loop when it ends.
        self._next = asyncio.get_running_loop().call_later(CONNECTION_SECONDS, self._sweep)


class _Refusing(asyncio.Protocol):
    """Hangs up."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a connection, and end it."""
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()


def _application(answer: Handler) -> web.Application:
    """Return an application that answers GET and HEAD of any path, one request a connection."""
    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    application.on_response_prepare.append(_last)
    return application


async def _last(_: web.Request, response: web.StreamResponse) -> None:
    # kopf waits for all tasks of the loop when it ends, those of idle connections too: seconds that Flux waits for us.
    response.headers["Connection"] = "close"
    response.force_close()


async def _sent(request: web.Request, file: BufferedReader) -> web.StreamResponse:
    """Answer with the bytes of a file, a piece at a time."""
    left = os.fstat(file.fileno()).st_size
    response = web.StreamResponse(headers={"Content-Type": "application/gzip", "Content-Length": str(left)})
    await response.prepare(request)
    if request.method == "GET":
        while piece := await asyncio.to_thread(file.read, min(CHUNK_BYTES, left)):
            left -= len(piece)
            await response.write(piece)
        if left and request.transport is not None:
            # It was cut off meanwhile: let nobody wait for the rest.
            request.transport.abort()
    await response.write_eof()
    return response


def _parsed(address: str) -> tuple[str | None, int]:
    host, colon, port = address.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    is_port = port.isascii() and port.isdecimal() and int(port) < 1 << 16
    # Brackets are for IPv6, and IPv6 wants them.
    if not (colon and is_port) or (":" in bare) != (host == f"[{bare}]"):
        raise refuse("bad-setting", name=f"the address {address}", why="write HOST:PORT or :PORT")
    return bare or None, int(port)
