"""``vaultgen.lock``: which versions a build reads, so that a rotation becomes a commit that is reviewed.

A version number alone is no identity: after a metadata delete it comes again. So the time of writing stands beside it.
No value stands in the file, and no digest of one.
"""

from json import dumps

from vaultgen.errors import Fault, Place, Refused, refuse
from vaultgen.krm.block_style import parse_block_style
from vaultgen.ports import LOCK_FILE, Miss, Read
from vaultgen.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from vaultgen.ports import Answer, Backend

API_VERSION = "vaultgen.dev/v1alpha1"
KIND = "VaultLock"
VERSION_LIMIT = 10**10
"""No KV v2 secret has been written so often; references have the same limit."""
NO_VERSIONS = "its engine keeps no versions now"
_HEAD_FIELDS = frozenset({"apiVersion", "kind", "paths"})


class Pin(Record):
    """What stands in Vault at a path, by name; without a version and not absent, what nothing can be pinned by."""

    version: int | None = None
    """KV v2 version; None where the engine keeps no versions, or nothing is there."""
    created_time: str = ""
    """When that version was written, as Vault says it (RFC 3339); empty with version None."""
    absent: bool = False
    """Whether nothing was there, which a default or optional reference answers."""


class Lock(Record):
    """The pins of one kustomization."""

    pins: "Mapping[Read, Pin]"
    """By what ``locked`` returns for a read."""


def locked(read: Read, vault_namespace: str) -> Read:
    """Return a read as a lock names it; ``vault_namespace`` is that of the document, empty without one."""
    return read._replace(vault_namespace=read.vault_namespace or vault_namespace.strip("/"), allow_dynamic=False)


def secret_of(name: Read) -> Read:
    """Return the name of the secret that a name leads to, the same for ``secret/data/x`` and ``secret/x``.

    That is true of KV v2, and so of names with a version; whether a mount is of that kind is not asked.
    """
    segments = name.path.split("/")
    if "data" in segments[1:-1]:
        del segments[segments.index("data", 1)]
    return name._replace(path="/".join(segments))


def pinned(
    pins: "Mapping[Read, Pin]", reads: "Iterable[Read]", vault_namespace: str
) -> "dict[Read, tuple[Read, Pin] | None]":
    """Return for each read what a lock has for it: name and pin; None where it has none.

    A secret with a version has one pin, whichever way its path is written: builds compare the time of what they read,
    so that the wrong secret is never taken for it.
    """
    names = {read: locked(read, vault_namespace) for read in reads}
    others = by_secret(pins) if any(name not in pins for name in names.values()) else {}
    found: dict[Read, tuple[Read, Pin] | None] = {}
    for read, own in names.items():
        name = own if own in pins else others.get(secret_of(own))
        found[read] = None if name is None else (name, pins[name])
    return found


def one_per_secret(pins: "Mapping[Read, Pin]") -> "dict[Read, Pin]":
    """Return pins without those that say of a secret, in another spelling, what a pin of its API path says."""
    others = by_secret(pins)
    kept = {others.get(secret_of(name), name) if pin.version is not None else name for name, pin in pins.items()}
    return {name: pin for name, pin in pins.items() if name in kept}


def by_secret(pins: "Mapping[Read, Pin]") -> "dict[Read, Read]":
    """Return, by ``secret_of``, the name of the one pin with a version, that of the API path rather than another.

    A secret of which pins say different things is left out.
    """
    found: dict[Read, dict[Pin, Read]] = {}
    for name, pin in pins.items():
        # Without a version the engine may be one for which the two are different paths.
        if pin.version is not None:
            same = found.setdefault(secret_of(name), {})
            same[pin] = max(name, same.get(pin, name), key=lambda one: len(one.path))
    return {secret: name for secret, same in found.items() if len(same) == 1 for name in same.values()}


def parse_lock(text: bytes) -> Lock:
    """Return the lock that a file holds: exactly what ``lock_text`` writes. Raises ``Refused`` (bad-lock)."""
    tree = _tree(text)
    if not isinstance(tree, dict) or (tree.get("apiVersion"), tree.get("kind")) != (API_VERSION, KIND):
        raise _bad(f"it is no {KIND} of {API_VERSION}")
    paths = tree.get("paths")
    if tree.keys() != _HEAD_FIELDS or not isinstance(paths, list):
        raise _bad("beside apiVersion and kind it must hold a list of paths, and nothing else")
    pins: dict[Read, Pin] = {}
    for index, item in enumerate(paths):
        read, pin = _entry(item, f"paths[{index}]")
        if read in pins:
            raise _bad("it names a path twice", f"paths[{index}]")
        pins[read] = pin
    return Lock(pins)


def lock_text(pins: "Mapping[Read, Pin]") -> str:
    """Return the file for some pins, sorted: the same text for the same pins."""
    lines = [
        "# Written by `vaultgen lock`; commit it. Builds read exactly these versions.",
        f"apiVersion: {API_VERSION}",
        f"kind: {KIND}",
        "paths:" if pins else "paths: []",
    ]
    for read, pin in in_order(pins):
        written = [f"{name}: {dumps(value, ensure_ascii=False)}" for name, value in _fields(read, pin).items()]
        lines.append("- " + "\n  ".join(written))
    return "\n".join(lines) + "\n"


def in_order(pins: "Mapping[Read, Pin]") -> "list[tuple[Read, Pin]]":
    """Return pins in the order of the file: by Vault namespace, path and version."""
    return sorted(pins.items(), key=lambda item: (item[0].vault_namespace, item[0].path, item[0].version or 0))


def exact_reads(lock: Lock, reads: "Sequence[Read]", vault_namespace: str) -> "dict[Read, list[Read]]":
    """Return what has to be read for some reads, and for which of them; those without a pin are left out."""
    exact: dict[Read, list[Read]] = {}
    for read, found in pinned(lock.pins, reads, vault_namespace).items():
        if found is not None and not found[1].absent:
            version = found[1].version
            exact.setdefault(read if version is None else read._replace(version=version), []).append(read)
    return exact


def read_locked(
    lock: Lock, reads: "Sequence[Read]", backend: "Callable[[], Backend]", vault_namespace: str
) -> "Mapping[Read, Answer | Miss]":
    """Return the answers of exactly the pinned versions; ``backend`` is called only if one has to be read.

    Raises ``Refused``: lock-incomplete where a read has no pin (then nothing is read), lock-mismatch where another
    secret has the pinned version now, lock-gone where none has it, and what the backend raises.
    """
    pins = {read: found and found[1] for read, found in pinned(lock.pins, reads, vault_namespace).items()}
    if faults := [Fault("lock-incomplete", facts={"path": read.path}, read=read) for read in reads if not pins[read]]:
        raise Refused(faults)
    exact = exact_reads(lock, reads, vault_namespace)
    try:
        found = backend().read_all(tuple(exact)) if exact else {}
    except Refused as refused:
        found = refused.answers
        for fault in refused.faults:
            askers: Sequence[Read | None] = exact[fault.read] if fault.read else [None]
            faults += [_failed(fault._replace(read=read), fault.read) for read in askers]
    answers: dict[Read, Answer | Miss] = {
        read: Miss("not_locked") for read, pin in pins.items() if pin is not None and pin.absent
    }
    for asked, askers in exact.items():
        for read in askers:
            if asked in found and (pin := pins[read]) is not None:
                if differs := disagreement(read, pin, found[asked]):
                    faults.append(differs)
                else:
                    answers[read] = found[asked]
    if faults:
        raise Refused(faults, answers)
    return answers


def pin_of(read: Read, answer: "Answer | Miss") -> Pin:
    """Return the pin for what was read; a miss that no build goes on with has none, and must not come here.

    Raises ``Refused`` (unexpected-answer).
    """
    if isinstance(answer, Miss):
        return Pin(absent=True)
    if answer.version is None and not answer.created_time:
        return Pin()
    if answer.version is None or not _is_time(answer.created_time):
        raise refuse("unexpected-answer", Place(), read, path=read.path, why="its version or its time is none")
    return Pin(answer.version, answer.created_time)


def disagreement(read: Read, pin: Pin, answer: "Answer | Miss") -> Fault | None:
    """Return what is wrong if a pin's own version is answered like this; None if that is what was pinned."""
    if isinstance(answer, Miss):
        # Where nothing was pinned, or the reference itself names the version, the miss says all.
        return None if pin.version is None or read.version is not None else gone(read, pin, answer)
    if (answer.version, answer.created_time) == (pin.version, pin.created_time):
        return None
    if pin.version is None:
        return mismatch(read, "its engine keeps versions now")
    if answer.version is None:
        return mismatch(read, NO_VERSIONS)
    return mismatch(read, f"version {pin.version} is another than that of {pin.created_time}")


def gone(read: Read, pin: Pin, miss: Miss) -> Fault:
    """Return the fault for a pinned version that is not there any more."""
    reasons = {"deleted": "it is deleted", "destroyed": "it is destroyed"}
    why = reasons.get(miss.reason, "it is older than the mount keeps, or went with the secret's metadata")
    return Fault("lock-gone", facts={"path": read.path, "version": str(pin.version), "why": why}, read=read)


def mismatch(read: Read, why: str) -> Fault:
    """Return the fault for a secret that is another than the pinned one; ``why`` in public words."""
    return Fault("lock-mismatch", facts={"path": read.path, "why": why}, read=read)


def _failed(fault: Fault, asked: Read | None) -> Fault:
    """A version that the reference does not name is no fault of the reference."""
    if fault.code == "bad-reference" and fault.read and asked and fault.read.version != asked.version:
        return mismatch(fault.read, NO_VERSIONS)
    return fault


def _tree(text: bytes) -> "Any":
    lines = text.splitlines(keepends=True)
    comments = next((index for index, line in enumerate(lines) if not line.startswith(b"#")), len(lines))
    plain = b"".join(lines[comments:])
    if plain and (tree := parse_block_style(plain)) is not None:
        return tree
    from vaultgen.krm.tree import parse_one

    try:
        return parse_one(text)
    except Refused as refused:
        place = refused.faults[0].place._replace(file=LOCK_FILE)
        raise refuse("bad-lock", place, why="it is not valid YAML, or says something twice") from None


def _entry(item: "Any", field: str) -> "tuple[Read, Pin]":
    fields = item if isinstance(item, dict) else {}
    path, namespace = fields.get("path"), fields.get("vaultNamespace", "")
    version, time = fields.get("version"), fields.get("createdTime", "")
    if isinstance(path, str) and isinstance(namespace, str) and (version is None or _is_version(version)):
        read = Read(path, version if "explicit" in fields else None, namespace)
        pin = Pin(version, time, "absent" in fields)
        if path and fields == _fields(read, pin) and (version is None or _is_time(time)):
            return read, pin
    raise _bad("this is no entry that `vaultgen lock` writes", field)


def _fields(read: Read, pin: Pin) -> "dict[str, Any]":
    fields: dict[str, Any] = {"path": read.path}
    if read.vault_namespace:
        fields["vaultNamespace"] = read.vault_namespace
    if pin.version is not None:
        fields |= {"version": pin.version, "createdTime": pin.created_time}
        return {**fields, "explicit": True} if read.version is not None else fields
    return {**fields, "absent" if pin.absent else "unpinned": True}


def _is_version(value: "Any") -> bool:
    return type(value) is int and 0 < value < VERSION_LIMIT


def _is_time(text: "Any") -> bool:
    """Whether a text looks like RFC 3339; it is compared and printed, and not reckoned with."""
    return isinstance(text, str) and 20 <= len(text) <= 40 and text[10] == "T" and not text.strip("0123456789-:.TZ+")


def _bad(why: str, field: str = "") -> Refused:
    return refuse("bad-lock", Place(LOCK_FILE, field=field), why=why)
