"""Which engine answers at a path: by the look of the path, or by the list of mounts."""

from vaultgen.errors import Fault
from vaultgen.record import Record
from vaultgen.vault.answers import Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from vaultgen.ports import Read

LISTING_PATH = "sys/internal/ui/mounts"
"""Answers every valid token with the mounts that its policies let it see, and refuses any other token."""

# First parts of paths at which engines make, or hand out, credentials. An engine can be mounted at `x/data/`.
# fmt: off
_DYNAMIC_WORDS = frozenset((
    "code", "creds", "impersonated-account", "issue", "key", "roleset", "sign", "sign-intermediate",
    "sign-self-issued", "sign-verbatim", "static-account", "static-cred", "static-creds", "sts", "token",
))
# fmt: on
_KV_V1_TYPES = frozenset(("kv", "generic", "cubbyhole"))
_STATIC_WORDS = frozenset(("static-cred", "static-creds"))


class Mount(Record):
    """One secrets engine."""

    path: str
    """With a slash at its end."""
    type: str
    """``kv``, ``pki``, ``database``, …"""
    is_kv2: bool


def guess(path: str) -> Target | None:
    """Return the target of a path that is KV v2's API path by its look, ``<mount>/data/<rest>``; else None."""
    segments = path.split("/")
    if "data" not in segments[1:-1]:
        return None
    # An engine may be mounted below something that is called data, however deep.
    if _DYNAMIC_WORDS.intersection(segments[1:-1]):
        return None
    return Target(path, "guessed")


def parse_mounts(listing: "Any") -> tuple[Mount, ...]:
    """Return the secrets engines of a listing (parsed JSON), longest paths first; what has an odd shape is left out."""
    data = listing.get("data") if isinstance(listing, dict) else None
    engines = data.get("secret") if isinstance(data, dict) else None
    if not isinstance(engines, dict):
        return ()
    mounts = [_mount(path, entry) for path, entry in engines.items() if isinstance(entry, dict)]
    return tuple(sorted(mounts, key=lambda mount: len(mount.path), reverse=True))


def _mount(path: str, entry: "Mapping[str, Any]") -> Mount:
    options = entry.get("options")
    version = options.get("version") if isinstance(options, dict) else None
    engine = str(entry.get("type", ""))
    return Mount(path, engine, engine == "kv" and version == "2")


def resolve(read: "Read", mounts: tuple[Mount, ...]) -> Target | Fault:
    """Return where a read goes, API path and logical path alike.

    Faults: mount-hidden, bad-reference (a version of KV v1, or a mount's own path), and dynamic-engine: an engine
    that makes credentials is refused before it is read.
    """
    path = read.path
    mount = next((mount for mount in mounts if f"{path}/".startswith(mount.path)), None)
    if mount is None:
        return Fault("mount-hidden", facts={"path": path}, read=read)
    rest = path[len(mount.path) :]
    first, _, more = rest.partition("/")
    if not rest:
        return _bad_reference(read, "it names a mount and no secret in it", "add the secret's path")
    if mount.is_kv2:
        return Target(path if first == "data" and more else f"{mount.path}data/{rest}", "kv2")
    if read.version is not None:
        return _bad_reference(read, f"the engine {mount.type} there keeps no versions", "drop version=")
    if mount.type in _KV_V1_TYPES:
        return Target(path, "kv1", mount.type)
    if more and (first in _STATIC_WORDS or (mount.type == "pki" and first == "cert")):
        return Target(path, "static", mount.type)
    if read.allow_dynamic:
        return Target(path, "dynamic", mount.type)
    return Fault("dynamic-engine", facts={"path": path, "engine": mount.type}, read=read)


def _bad_reference(read: "Read", why: str, suggestion: str) -> Fault:
    return Fault("bad-reference", facts={"why": why, "suggestion": suggestion}, read=read)
