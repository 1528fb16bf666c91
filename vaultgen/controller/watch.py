"""What the API server tells by itself: objects that are new, changed or gone. kopf watches; it writes nothing."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import kopf

from vaultgen.controller.login import Login
from vaultgen.controller.resource import API_VERSION, PLURAL, SHARD_LABEL, Name, SourceRef, VaultArtifact
from vaultgen.controller.sources import EXTERNAL_ARTIFACT, GROUP, PLURALS, Sources

Body = Mapping[str, Any]

RETRY_SECONDS = (1, 1, 2, 3, 5)
"""Between attempts to reach the API server; the last one for ever."""
CONNECT_SECONDS = 10.0
REQUEST_SECONDS = 60.0
"""For a list; a watch lasts as long as its server likes."""


class Watch:
    """Takes events, keeps what they tell, and wakes the VaultArtifacts that are concerned."""

    def __init__(
        self,
        sources: Sources,
        wake: Callable[[Name], None],
        gone: Callable[[Name], None],
        is_stale: Callable[[Name, Body | None], bool],
        shard: str = "",
    ) -> None:
        """``wake`` is called for an object to look at now, ``gone`` for one that is no more.

        ``is_stale`` tells whether an ExternalArtifact (None: it is gone) has to be written again. ``shard`` is the
        value of the sharding label of the objects to take care of; empty for those without the label.
        """
        self._sources = sources
        self._wake = wake
        self._gone = gone
        self._is_stale = is_stale
        self._shard = shard
        self._objects: dict[Name, VaultArtifact] = {}
        self._users: dict[SourceRef, set[Name]] = {}

    def object(self, name: Name) -> VaultArtifact | None:
        """Return a VaultArtifact as it was last seen."""
        return self._objects.get(name)

    def names(self) -> list[Name]:
        """Return the names of all VaultArtifacts."""
        return list(self._objects)

    def note(self, body: Body) -> None:
        """Take a VaultArtifact as it is after it was written to, without waking it."""
        owner = VaultArtifact(_slim(body))
        if owner.name in self._objects:
            self._objects[owner.name] = owner

    def artifact_event(self, kind: str | None, body: Body) -> None:
        """Take what a watch says of a VaultArtifact; ``kind`` is None where it was there before the watch began."""
        owner = VaultArtifact(_slim(body))
        before = self._objects.get(owner.name)
        if before is not None:
            self._uses_no_more(before)
        if kind == "DELETED" or (owner.metadata.get("labels") or {}).get(SHARD_LABEL, "") != self._shard:
            if self._objects.pop(owner.name, None):
                self._gone(owner.name)
            return
        self._objects[owner.name] = owner
        self._users.setdefault(owner.source, set()).add(owner.name)
        if before is None or _asked(before) != _asked(owner):
            self._wake(owner.name)

    def _uses_no_more(self, owner: VaultArtifact) -> None:
        users = self._users.get(owner.source, set())
        users.discard(owner.name)
        if not users:
            self._users.pop(owner.source, None)

    def source_event(self, reference: SourceRef, kind: str | None, body: Body) -> None:
        """Take what a watch says of a source; ``kind`` is None where it was there before the watch began."""
        if kind is None:
            self._sources.listed(reference.kind)
        external = None if kind == "DELETED" else body
        changed = self._sources.note(reference, external)
        if changed:
            for name in tuple(self._users.get(reference, ())):
                self._wake(name)
        # By its name, not by what it says of its owner: anybody may write that, and have another's credentials used.
        name = reference.name
        if reference.kind == EXTERNAL_ARTIFACT and name in self._objects and self._is_stale(name, external):
            self._wake(name)

    def registry(self, login: Login) -> kopf.OperatorRegistry:
        """Return the handlers for kopf: low-level ones, for which it keeps no state in the objects."""
        registry = kopf.OperatorRegistry()
        kopf.on.login(registry=registry)(login.for_watching)
        group, version = API_VERSION.split("/")

        @kopf.on.event(group, version, PLURAL, registry=registry)
        async def artifact(event: Any, **_: Any) -> None:
            self.artifact_event(event["type"], event["object"])

        for kind, plural in PLURALS.items():
            kopf.on.event(GROUP, plural, registry=registry, id=kind, param=kind)(self._source)
        return registry

    async def _source(self, event: Any, param: Any = None, **_: Any) -> None:
        metadata = event["object"]["metadata"]
        reference = SourceRef(param, Name(metadata["namespace"], metadata["name"]))
        self.source_event(reference, event["type"], event["object"])


class _Patience:
    """kopf's pauses between attempts: without an end, for it would end the controller, and without long ones."""

    def __init__(self, lost: Callable[[], None]) -> None:
        self._lost = lost

    def __iter__(self) -> Iterator[float]:
        # The first pause is taken before the first attempt, each further one after an attempt that failed.
        pauses = itertools.chain(RETRY_SECONDS, itertools.repeat(RETRY_SECONDS[-1]))
        yield next(pauses)
        for pause in pauses:
            self._lost()
            yield pause


def settings(lost: Callable[[], None]) -> kopf.OperatorSettings:
    """Return kopf's settings: it posts no events, has no peers, never gives up, and ends soon when it is told to.

    ``lost`` is called whenever the API server cannot be reached: what goes meanwhile is not told by any watch.
    """
    chosen = kopf.OperatorSettings()
    chosen.networking.error_backoffs = _Patience(lost)
    chosen.networking.connect_timeout = CONNECT_SECONDS
    chosen.networking.request_timeout = REQUEST_SECONDS
    chosen.posting.enabled = False
    chosen.peering.standalone = True
    chosen.process.ultimate_exiting_timeout = 10
    return chosen


def _asked(owner: VaultArtifact) -> tuple[Any, ...]:
    """Return what an object asks for; its status is our own word."""
    return owner.uid, owner.generation, owner.requested_at, owner.is_deleted


def _slim(body: Body) -> Body:
    """Leave out what is long and of no use, such as who set which field."""
    kept = ("name", "namespace", "uid", "resourceVersion", "generation", "deletionTimestamp", "finalizers", "labels")
    metadata = {field: body["metadata"][field] for field in (*kept, "annotations") if field in body["metadata"]}
    metadata.get("annotations", {}).pop("kubectl.kubernetes.io/last-applied-configuration", None)
    return {"metadata": metadata, "spec": body["spec"], "status": body.get("status") or {}}
