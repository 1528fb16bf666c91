"""Ports of loopback for programs that are told where to listen."""

import contextlib
import secrets
import socket
from pathlib import Path

_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_USUAL_RANGE = (32768, 60999)
_LOWEST = 20_000
_ATTEMPTS = 1000


def free_ports(count: int) -> list[int]:
    """Return ports that were free on loopback a moment ago.

    They are none of those that the system gives to connections and to servers that take any port: so a program that
    is ended and started again finds them free.
    """
    found: list[int] = []
    with contextlib.ExitStack() as held:
        for attempt in range(_ATTEMPTS):
            taken = held.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                taken.bind(("127.0.0.1", _candidate() if attempt < _ATTEMPTS // 2 else 0))
                found.append(int(taken.getsockname()[1]))
            if len(found) == count:
                break
    return found


def _candidate() -> int:
    try:
        lowest, highest = map(int, _RANGE.read_text().split())
    except (OSError, ValueError):
        lowest, highest = _USUAL_RANGE
    if lowest > _LOWEST:
        return _LOWEST + secrets.randbelow(lowest - _LOWEST)
    return highest + 1 + secrets.randbelow(65535 - highest) if highest < 65535 else 0
