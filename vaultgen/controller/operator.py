"""The controller as a process: watching, working, and serving what is published, until it is told to stop."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kopf
import urllib3

from vaultgen.controller.api import Api
from vaultgen.controller.events import Events
from vaultgen.controller.fetch import fetch
from vaultgen.controller.identity import Operator
from vaultgen.controller.login import Login
from vaultgen.controller.metrics import Metrics
from vaultgen.controller.reconcile import Reconciler, Rules, path_of
from vaultgen.controller.resource import Name
from vaultgen.controller.schedule import Schedule
from vaultgen.controller.serve import artifacts, health, metrics, serving
from vaultgen.controller.sources import Sources
from vaultgen.controller.store import Store
from vaultgen.controller.trees import Trees
from vaultgen.controller.watch import Watch, settings
from vaultgen.errors import Refused
from vaultgen.errors.report import message

API_RETRY_SECONDS = 5.0
"""After the API server took no status: nothing else tells that this object is to be looked at again."""

_log = logging.getLogger("vaultgen.controller")


@dataclass(frozen=True)
class Addresses:
    """What is listened on, each as ``[HOST]:PORT``."""

    artifacts: str
    metrics: str
    health: str


@dataclass(frozen=True)
class Options:
    """How the controller is run."""

    operator: Operator
    storage: Path
    storage_limit: int
    """Bytes."""
    advertised: str
    """Host and port that kustomize-controller reaches the artifacts at."""
    addresses: Addresses
    events_address: str = ""
    concurrent: int = 4
    namespace: str = ""
    """Watched alone; empty for all."""
    allow_other_namespaces: bool = False
    shard: str = ""


async def run(options: Options, environ: Mapping[str, str]) -> None:
    """Run until SIGTERM or SIGINT.

    Raises ``Refused``: cluster-unavailable, and cannot-listen for an address that is taken.
    """
    with Login(environ) as login:
        await _run(options, login)


async def _run(options: Options, login: Login) -> None:
    api = Api(login, options.concurrent + 2)
    counted = Metrics()
    store = Store(options.storage, limit=options.storage_limit)
    for path in await asyncio.to_thread(store.verify):
        _log.warning("dropped a damaged artifact", extra={"path": path})
    sources = Sources(api)
    pool = urllib3.PoolManager(maxsize=options.concurrent)
    # Half of the workers are always there for other tenants.
    schedule = Schedule[Name](time.monotonic, lambda name: name.namespace, max(1, options.concurrent // 2))
    events = Events(api, options.events_address, pool)
    rules = Rules(options.operator, options.advertised, options.allow_other_namespaces)
    loop = asyncio.get_running_loop()

    def noted(body: Mapping[str, Any]) -> None:
        loop.call_soon_threadsafe(watch.note, body)

    reconciler = Reconciler(
        rules,
        api,
        sources,
        Trees(fetch),
        store,
        events,
        counted,
        noted,
    )

    def gone(name: Name) -> None:
        schedule.forget(name)
        reconciler.forget(name)
        store.forget(name.namespace, name.name)

    def damaged(namespace: str, name: str) -> None:
        reconciler.damaged(Name(namespace, name))
        schedule.now(Name(namespace, name))

    watch = Watch(sources, schedule.now, gone, reconciler.is_stale, options.shard)
    ready = asyncio.Event()
    faces = [
        (artifacts(store, damaged), options.addresses.artifacts),
        (metrics(counted.registry), options.addresses.metrics),
        (health({"/healthz": lambda: True, "/readyz": ready.is_set}), options.addresses.health),
    ]
    threads = ThreadPoolExecutor(options.concurrent, "reconcile")
    worker = _Worker(watch, reconciler, threads)
    # Without one kopf asks for the name of the user, and that of an image has none.
    identity: Any = "vaultgen"
    try:
        async with serving(faces), asyncio.TaskGroup() as tasks:
            working = [tasks.create_task(schedule.work(worker.handle)) for _ in range(options.concurrent)]
            working.append(tasks.create_task(asyncio.to_thread(_sweep, store, api)))
            try:
                await kopf.operator(
                    registry=watch.registry(login),
                    settings=settings(sources.doubt),
                    standalone=True,
                    identity=identity,
                    clusterwide=not options.namespace,
                    namespaces=[options.namespace] if options.namespace else (),
                    ready_flag=ready,
                )
            finally:
                for task in working:
                    task.cancel()
    finally:
        # Not on the loop, from which kopf ends the process if something that does not answer is waited for too long.
        await asyncio.to_thread(threads.shutdown)
        await asyncio.to_thread(events.close)


def _sweep(store: Store, api: Api) -> None:
    """Drop the artifacts of objects that went while nobody looked: one whose finalizer was taken away by hand."""
    for namespace, name in store.names():
        with contextlib.suppress(Refused):
            if api.get(path_of(Name(namespace, name))) is None:
                store.forget(namespace, name)


class _Worker:
    """Looks at one object, in a thread: Vault is asked synchronously."""

    def __init__(self, watch: Watch, reconciler: Reconciler, threads: ThreadPoolExecutor) -> None:
        self._watch = watch
        self._reconciler = reconciler
        self._threads = threads

    async def handle(self, name: Name) -> float | None:
        """Return in how many seconds to look again."""
        owner = self._watch.object(name)
        if owner is None:
            return None
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, self._reconciler.reconcile, owner)
        except Refused as refused:
            said = "; ".join(map(message, refused.faults))
        except Exception as error:
            # Without its text, which may hold a value.
            said = f"a mistake of vaultgen: {type(error).__name__}"
        with contextlib.suppress(Exception):
            _log.error("nothing could be written about an object", extra={"object": str(name), "why": said})
        return API_RETRY_SECONDS
