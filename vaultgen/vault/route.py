"""Where connections go: names resolved, proxy and TLS prepared once for all of them."""

import socket
import time

from vaultgen.errors import Fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    import _thread
    from collections.abc import Callable
    from typing import Any

    from vaultgen.ports import Files
    from vaultgen.vault.settings import Settings
    from vaultgen.vault.tls import Tls

BUFFER_BYTES = 1 << 16


class Lost(Exception):
    """A connection that came to nothing, or that ended before the answer did."""

    def __init__(self, fault: Fault, again: bool) -> None:
        super().__init__(fault.code)
        self.fault = fault
        self.again = again
        """Whether another attempt may do better."""


class Route:
    """The way to one server."""

    def __init__(
        self,
        settings: "Settings",
        files: "Files",
        deadline: float,
        tls: "Callable[[Settings, Files], Tls] | None" = None,
    ) -> None:
        """Resolve the host's name before ``deadline`` (of the monotonic clock) and read certificates from disk.

        ``tls`` returns the TLS side of the connections; without it, it is made for this route alone.

        Raises Lost (connection-failed, proxy-failed, timeout) or ``Refused`` (bad-setting, file-*).
        """
        address, proxy = settings.address, settings.proxy
        self.settings = settings
        self.tls = (tls or _tls)(settings, files) if address.scheme == "https" else None
        self.tunnel = b""
        """The request that asks a proxy for a connection to the server; empty where none is needed."""
        self.buffer = memoryview(bytearray(BUFFER_BYTES))
        """What is received goes through it: of this route alone, for other threads receive at the same time."""
        self.preferred = 0
        """Index of the endpoint that was reached last."""
        if proxy and self.tls:
            host = f"[{address.host}]" if ":" in address.host else address.host
            lines = [f"CONNECT {host}:{address.port} HTTP/1.1", f"Host: {host}:{address.port}"]
            if proxy.authorization:
                lines.append(f"Proxy-Authorization: {proxy.authorization.reveal()}")
            self.tunnel = "\r\n".join([*lines, "", ""]).encode()
        self.endpoints: list[tuple[int, Any]]
        """Address family and socket address of every place to try."""
        if address.scheme == "unix":
            self.endpoints = [(socket.AF_UNIX, address.socket)]
        elif proxy:
            self.endpoints = self._resolve(proxy.host, proxy.port, deadline)
        else:
            self.endpoints = self._resolve(address.host, address.port, deadline)

    def failure(self, why: str, *, again: bool = True) -> Lost:
        """Return the error for a connection that cannot be made: of the proxy where there is one."""
        address, proxy = self.settings.address.text, self.settings.proxy
        if proxy:
            return Lost(Fault("proxy-failed", facts={"proxy": proxy.text, "address": address, "why": why}), again)
        return Lost(Fault("connection-failed", facts={"address": address, "why": why}), again)

    def _resolve(self, host: str, port: int, deadline: float) -> "list[tuple[int, Any]]":
        for family in (socket.AF_INET, socket.AF_INET6):
            if _is_of(family, host):
                return [(family, (host, port))]
        # The system's resolver takes no deadline of ours: let it run beside us, and leave it behind if need be.
        import _thread

        found: list[Any] = []
        done = _thread.allocate_lock()
        done.acquire()
        _thread.start_new_thread(_look_up, (host, port, found, done))
        if not done.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise Lost(timeout_fault(self.settings), again=False)
        if not found:
            raise self.failure("the host's name is not known")
        if isinstance(found[0], socket.gaierror):
            known = found[0].errno not in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))
            raise self.failure("the name server failed" if known else "the host's name is not known", again=known)
        return [(family, endpoint) for family, _, _, _, endpoint in found]


def _tls(settings: "Settings", files: "Files") -> "Tls":
    from vaultgen.vault.tls import Tls

    return Tls(settings, files)


def timeout_fault(settings: "Settings") -> Fault:
    """Return the fault for a run that took longer than it may."""
    return Fault("timeout", facts={"address": settings.address.text, "seconds": f"{settings.timeout:g}"})


def _is_of(family: int, host: str) -> bool:
    try:
        socket.inet_pton(family, host)
    except OSError:
        return False
    return True


def _look_up(host: str, port: int, found: "list[Any]", done: "_thread.LockType") -> None:
    """Put address records, or the resolver's error, into ``found``."""
    try:
        # Bytes, because a text would be put through IDNA, whose import costs a millisecond.
        found.extend(socket.getaddrinfo(host.encode(), port, 0, socket.SOCK_STREAM))
    except socket.gaierror as error:
        found.append(error)
    except (OSError, UnicodeError):
        pass
    finally:
        done.release()
