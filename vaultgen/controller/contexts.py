"""The TLS contexts that Vaults are reached with, shared by looks: reading CAs may take longer than all else of one."""

import time
from collections.abc import Callable
from threading import Lock

from vaultgen.vault.tls import Tls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vaultgen.ports import Files
    from vaultgen.vault.settings import Settings

KEPT_SECONDS = 60.0
"""CAs that are replaced while the controller runs are read again after that time."""


class Contexts:
    """Contexts by the address of the server, for settings that differ in nothing else of TLS, as one operator's do.

    A context holds nothing of a tenant: no client certificate, and a TLS session is no login.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` returns seconds that only grow."""
        self._clock = clock
        self._lock = Lock()
        self._kept: dict[str, tuple[float, Tls]] = {}

    def __call__(self, settings: "Settings", files: "Files") -> Tls:
        """Return the TLS side of connections to a server. Raises ``Refused`` as ``Tls`` does."""
        address, now = settings.address.text, self._clock()
        with self._lock:
            self._kept = {key: kept for key, kept in self._kept.items() if now - kept[0] < KEPT_SECONDS}
            if address in self._kept:
                return self._kept[address][1]
        made = Tls(settings, files)
        with self._lock:
            self._kept[address] = (now, made)
        return made
