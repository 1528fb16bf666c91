"""What the core asks of the outside: one Protocol a port, and the data that crosses it."""

from vaultgen.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Literal, Protocol

    from vaultgen.redacted import Redacted

    MissReason = Literal["no_path", "no_version", "deleted", "destroyed", "not_locked"]
    """not_locked: vaultgen.lock says that nothing is there, and Vault was not asked."""


LOCK_FILE = "vaultgen.lock"
"""Beside the kustomization that lists the documents: which versions are read for them."""


class Read(Record):
    """One distinct thing to read from Vault."""

    path: str
    """API path (``secret/data/x``) or logical path (``secret/x``), without a leading slash."""
    version: int | None = None
    """KV v2 version, at least 1; None reads the latest."""
    vault_namespace: str = ""
    """Absolute Vault namespace; empty means the session's own."""
    allow_dynamic: bool = False
    """Whether an engine that mints a new credential at each read may be read."""


class Answer(Record):
    """What Vault holds at a path."""

    fields: "Mapping[str, Redacted]"
    """Field name → Redacted JSON value (str, JsonNumber, bool, None, list or dict), in Vault's order."""
    version: int | None = None
    """KV v2 version; None where the engine has no versions."""
    volatile: bool = False
    """True where each read gives another value: no name suffix, and the token must not be revoked."""
    created_time: str = ""
    """When this version was written, as KV v2 says it; empty where the engine has no versions."""


class Miss(Record):
    """Vault answered that nothing is there. A denial is never a Miss."""

    reason: "MissReason"
    version: int | None = None
    """The version that was asked for, or that is deleted or destroyed, where known."""


if TYPE_CHECKING:

    class Backend(Protocol):
        """Where values come from: Vault, a session, placeholders."""

        def read_all(self, reads: Sequence[Read], /) -> Mapping[Read, Answer | Miss]:
            """Read each path once; raise ``Refused`` with every fault, each carrying its ``read``, and the answers."""
            ...

    class Files(Protocol):
        """Plain files, below the root of the kustomization."""

        def read(self, path: str, /) -> bytes:
            """Return a file's bytes; raise ``Refused`` (file-not-found, file-outside-root, file-unreadable)."""
            ...

    class Cluster(Protocol):
        """The Kubernetes API, for credentials only."""

        def secret(self, namespace: str, name: str, /) -> Mapping[str, Redacted]:
            """Return a Secret's decoded data (bytes, wrapped); raise ``Refused`` (cluster-*)."""
            ...

        def service_account_token(self, namespace: str, name: str, audience: str, seconds: int, /) -> Redacted:
            """Return a token (str, wrapped) from TokenRequest; raise ``Refused`` (cluster-*)."""
            ...
