"""Where unix sockets are made: their whole path has room for 108 bytes, in BSD for less (unix(7))."""

import os
import tempfile

_LONGEST = 32
"""Bytes of a directory for temporary files that leave room for the names of tests."""


def short_root() -> str | None:
    """Return the directory for temporary files that may hold sockets; None for the usual one."""
    return None if len(os.fsencode(tempfile.gettempdir())) <= _LONGEST else "/tmp"
