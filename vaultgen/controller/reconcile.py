"""One look at a VaultArtifact: the source and Vault in, an artifact that Flux applies out, or all stays as it is."""

import logging
import random
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from vaultgen.controller import conditions
from vaultgen.controller.api import Api, Conflict
from vaultgen.controller.contexts import Contexts
from vaultgen.controller.events import Events
from vaultgen.controller.external_artifact import Publication, announce, is_announced, withdraw
from vaultgen.controller.identity import Operator, TenantCluster
from vaultgen.controller.metrics import Metrics
from vaultgen.controller.resolve import Resolved, resolve
from vaultgen.controller.resource import (
    API_VERSION,
    DEFAULT_RETRY_SECONDS,
    FINALIZER,
    PLURAL,
    Name,
    SourceRef,
    VaultArtifact,
)
from vaultgen.controller.sources import EXTERNAL_ARTIFACT, SourceArtifact, Sources, artifact_of, owner_of
from vaultgen.controller.store import Damaged, Store
from vaultgen.controller.trees import Trees
from vaultgen.errors import NOWHERE, Fault, Refused
from vaultgen.function import unknown_fault
from vaultgen.publish.archive import pack, unpack
from vaultgen.publish.revision import fingerprint
from vaultgen.publish.rewrite import published
from vaultgen.publish.sealing import Sealer
from vaultgen.publish.sops import parse_recipients
from vaultgen.publish.survey import Survey, survey
from vaultgen.publish.tree import Tree

CONFLICT_SECONDS = 0.5
"""After an object was changed while it was looked at."""
FIRST_RETRY_SECONDS = 2.0
INTERVAL_JITTER = 0.1
"""The part of an interval by which a look may come early, so that objects made together spread out."""

_FIELDS = {"no-such-directory": "spec.path", "bad-recipient": "spec.encryption.age.recipients"}
"""What a fault of the tree or of the encryption is about, which know nothing of VaultArtifacts."""
_REMARKS = {
    "tls-untrusted": "here the operator gives the CA, by --vault-ca-file of `vaultgen controller`; elsewhere:",
    "namespace-unknown": "here spec.vault.namespace stands for VAULT_NAMESPACE:",
}
"""What to do here, where a hint is about environment variables: the controller's own count for nothing."""

_log = logging.getLogger("vaultgen.controller")


@dataclass
class Memory:
    """What is remembered of one VaultArtifact, and never leaves this process."""

    uid: str
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    """Of all digests of values; who has it could try values against them."""
    fingerprint: str = ""
    documents: Mapping[str, bytes] = field(default_factory=dict)
    """By digest of what was encrypted, the SHA-256 of its ciphertext: what did not change is not encrypted anew."""
    publication: Publication | None = None
    """What is stored, and announced unless the API server could not be reached."""
    told: str = ""
    """The revision that an event was sent for."""
    failures: int = 0


@dataclass(frozen=True)
class Rules:
    """What the operator of the cluster decided."""

    operator: Operator
    advertised: str
    """Host and port of the artifacts' URLs."""
    allow_other_namespaces: bool = False


class Reconciler:
    """Brings one VaultArtifact after the other up to date; several threads may call it, one an object."""

    def __init__(
        self,
        rules: Rules,
        api: Api,
        sources: Sources,
        trees: Trees,
        store: Store,
        events: Events,
        metrics: Metrics,
        noted: Callable[[Mapping[str, Any]], None],
    ) -> None:
        """``noted`` takes each VaultArtifact as it is after it was written to, before a watch tells."""
        self._noted = noted
        self._rules = rules
        self._api = api
        self._sources = sources
        self._trees = trees
        self._store = store
        self._events = events
        self._metrics = metrics
        self._contexts = Contexts()
        self._memories: dict[Name, Memory] = {}

    def reconcile(self, owner: VaultArtifact) -> float | None:
        """Do what is to be done for an object now, and return in how many seconds to look again; None for never.

        Raises nothing but ``Refused`` (cluster-*) where the API server takes no status.
        """
        try:
            if owner.is_deleted:
                self._finalize(owner)
                return None
            if owner.is_suspended:
                self._metrics.suspended(owner.name.namespace, owner.name.name)
                return None
            if not self._hold(owner):
                return None
        except Conflict:
            return CONFLICT_SECONDS
        started = time.monotonic()
        memory = self._memory(owner)
        try:
            try:
                faults: Sequence[Fault] = ()
                told = memory.told
                publication, resolved = self._publish(owner, memory)
                self._succeed(owner, publication, resolved, is_new=memory.told != told)
                memory.failures = 0
            except Refused as refused:
                faults = [_placed(owner, fault) for fault in refused.faults]
                self._fail(owner, memory, faults)
            except Exception as error:  # a mistake of ours: told without its text, which may hold a value
                faults = (unknown_fault(error),)
                self._fail(owner, memory, faults)
        finally:
            seconds = time.monotonic() - started
        self._metrics.reconciled(
            owner.name.namespace,
            owner.name.name,
            seconds,
            "failure" if faults else "success",
            [fault.code for fault in faults],
        )
        return self._next(owner, memory, faults)

    def forget(self, name: Name) -> None:
        """Drop what is remembered of an object that is gone."""
        self._memories.pop(name, None)
        self._metrics.forget(name.namespace, name.name)

    def is_stale(self, name: Name, external: Mapping[str, Any] | None) -> bool:
        """Return whether an ExternalArtifact (None: it is gone) is not what was announced for an object."""
        memory = self._memories.get(name)
        if memory is None or memory.publication is None:
            return False
        return bool(artifact_of(external).get("revision") != memory.publication.revision)

    def damaged(self, name: Name) -> None:
        """Take notice that an artifact's file is not what it was: it is published anew."""
        if memory := self._memories.get(name):
            memory.fingerprint = ""

    # --- the work ---

    def _publish(self, owner: VaultArtifact, memory: Memory) -> tuple[Publication, Resolved]:
        """Resolve, and publish what is new; return what is published. Raises ``Refused``."""
        recipients = parse_recipients(owner.recipients)
        environ = self._rules.operator.environ(owner)
        source = self._sources.artifact(owner, self._rules.allow_other_namespaces)
        surveyed = self._survey(owner, source)
        cluster = TenantCluster(self._api, owner.name.namespace)
        try:
            resolved = resolve(surveyed, owner.vault, environ, cluster, self._metrics.vault_request, self._contexts)
        except Refused as refused:
            raise Refused(_of_owner(owner, fault) for fault in refused.faults) from None
        context = (source.revision, source.digest, owner.path, owner.ignore, *owner.recipients)
        found = fingerprint(memory.key, {}, resolved.secrets, context)
        publication = memory.publication
        if (
            publication is None
            or found != memory.fingerprint
            or not self._store.holds(publication.path, publication.digest)
        ):
            sealer = Sealer(recipients, memory.key, datetime.now(UTC), self._ciphertext(memory))
            packed = pack(published(surveyed, resolved.secrets, sealer))
            stored = self._store.put(owner.name.namespace, owner.name.name, packed)
            url = f"http://{self._rules.advertised}/{stored.path}"
            publication = Publication(stored.digest, stored.path, url, source.revision, now())
            memory.publication, memory.fingerprint = publication, found
            memory.documents = {known: sha256(one).digest() for known, one in sealer.documents.items()}
        self._announce(owner, memory, publication)
        # Each time: what was too young to go when it was replaced goes later, and not with the next change alone.
        self._store.retain(owner.name.namespace, owner.name.name, publication.path)
        return publication, resolved

    def _announce(self, owner: VaultArtifact, memory: Memory, publication: Publication) -> None:
        """Let the ExternalArtifact say what is stored, unless it does. Raises ``Refused``: artifact-taken, …"""
        if is_announced(publication, self._sources, owner):
            return
        external = announce(self._api, owner, publication)
        self._sources.note(SourceRef(EXTERNAL_ARTIFACT, owner.name), external)
        self._metrics.artifact(owner.name.namespace, owner.name.name, time.time())
        if memory.told != publication.revision:
            memory.told = publication.revision
            text = conditions.success_text(publication)
            _log.info(text, extra={"object": str(owner.name), "revision": publication.revision})
            self._events.send(owner, external, "info", "NewArtifact", text, publication.time, publication)

    def _survey(self, owner: VaultArtifact, source: SourceArtifact) -> Survey:
        def make(tree: Tree) -> Survey:
            return survey(tree, owner.path, owner.document)

        asker = (owner.name, (owner.uid, owner.generation))
        return self._trees.survey(source, owner.ignore, owner.timeout, asker, make)

    def _ciphertext(self, memory: Memory) -> Mapping[str, bytes]:
        """Return what is encrypted already, by digest. It lies in the artifact: in memory there is room for none."""
        if memory.publication is None:
            return {}
        try:
            file = self._store.open(memory.publication.path)
            if file is None:
                return {}
            with file:
                found = {sha256(content).digest(): content for content in unpack(file.read()).values()}
        except (Damaged, Refused):
            return {}
        return {known: found[digest] for known, digest in memory.documents.items() if digest in found}

    def _hold(self, owner: VaultArtifact) -> bool:
        """See to it that the object's deletion waits for us; return whether it is there. Raises as ``Api.merge``."""
        return FINALIZER in owner.finalizers or self._set_finalizers(owner, [*owner.finalizers, FINALIZER])

    def _finalize(self, owner: VaultArtifact) -> None:
        """Take back what was published, and let the object go. Raises as ``Api.merge``."""
        if FINALIZER not in owner.finalizers:
            return
        withdraw(self._api, owner)
        self._store.forget(owner.name.namespace, owner.name.name)
        self._set_finalizers(owner, [one for one in owner.finalizers if one != FINALIZER])
        self.forget(owner.name)

    def _set_finalizers(self, owner: VaultArtifact, finalizers: Sequence[str]) -> bool:
        # With the version, so that another's change of the list is not undone.
        metadata = {"finalizers": finalizers, "resourceVersion": owner.metadata["resourceVersion"]}
        return self._note(self._api.merge(path_of(owner.name), {"metadata": metadata}))

    # --- what is said about it ---

    def _succeed(self, owner: VaultArtifact, publication: Publication, resolved: Resolved, is_new: bool) -> None:
        status = conditions.succeeded(owner, publication, resolved, now())
        if not is_new and owner.condition("Ready").get("status") == "False":
            self._tell(owner, "info", conditions.SUCCEEDED, status["conditions"][0]["message"])
        self._write_status(owner, status)

    def _fail(self, owner: VaultArtifact, memory: Memory, faults: Sequence[Fault]) -> None:
        memory.failures += 1
        status = conditions.failed(owner, faults, now())
        ready = status["conditions"][0]
        earlier = owner.condition("Ready")
        if (ready["reason"], ready["message"]) != (earlier.get("reason"), earlier.get("message")):
            self._tell(owner, "error", ready["reason"], ready["message"], ready["lastTransitionTime"])
        self._write_status(owner, status)

    def _tell(self, owner: VaultArtifact, severity: str, reason: str, text: str, since: str = "") -> None:
        level = logging.ERROR if severity == "error" else logging.INFO
        _log.log(level, text, extra={"object": str(owner.name), "reason": reason})
        external = self._sources.body(SourceRef(EXTERNAL_ARTIFACT, owner.name))
        # Another's object of this name has nothing to do with it.
        if external is not None and owner_of(external) != owner.name:
            external = None
        self._events.send(owner, external, severity, reason, text, now(), since=since)

    def _write_status(self, owner: VaultArtifact, status: Mapping[str, Any]) -> None:
        if status == owner.status:
            return
        # A field that is gone from the new status is to go from the object, too.
        removed = {name: None for name in owner.status if name not in status}
        self._note(self._api.merge(f"{path_of(owner.name)}/status", {"status": {**removed, **status}}))

    def _next(self, owner: VaultArtifact, memory: Memory, faults: Sequence[Fault]) -> float:
        try:
            interval, retry = owner.interval, owner.retry_interval
        except Refused:
            return DEFAULT_RETRY_SECONDS
        if not faults or conditions.is_stalled(faults):
            return interval * (1 - INTERVAL_JITTER * random.random())  # noqa: S311
        return min(retry, FIRST_RETRY_SECONDS * 2.0 ** min(memory.failures - 1, 10))

    def _note(self, body: Mapping[str, Any] | None) -> bool:
        if body is not None:
            self._noted(body)
        return body is not None

    def _memory(self, owner: VaultArtifact) -> Memory:
        memory = self._memories.get(owner.name)
        if memory is None or memory.uid != owner.uid:
            memory = self._memories[owner.name] = Memory(owner.uid)
        return memory


def _of_owner(owner: VaultArtifact, fault: Fault) -> Fault:
    """Return a fault of a login as one of ``spec.vault``: the block of the document that asked was not looked at."""
    if not fault.place.field.startswith("vault."):
        return fault
    return fault._replace(place=owner.place._replace(field=f"spec.{fault.place.field}"))


def _placed(owner: VaultArtifact, fault: Fault) -> Fault:
    """Return a fault with the field that names what it is about, where no place is known, and who can do something."""
    if fault.code in _FIELDS and fault.place == NOWHERE:
        fault = fault._replace(place=owner.place._replace(field=_FIELDS[fault.code]))
    if remark := _REMARKS.get(fault.code):
        fault = fault._replace(facts={**fault.facts, "remark": remark})
    return fault


def path_of(name: Name) -> str:
    """Return where the API server has a VaultArtifact."""
    return f"/apis/{API_VERSION}/namespaces/{name.namespace}/{PLURAL}/{name.name}"


def now() -> str:
    """Return the time as RFC 3339, in UTC and whole seconds, as the API server writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
