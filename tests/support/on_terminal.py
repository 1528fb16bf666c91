"""A terminal of given width, and what a command writes to it."""

import contextlib
import fcntl
import os
import struct
import subprocess
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path


def on_terminal(
    command: Sequence[str], directory: Path, environment: Mapping[str, str], *, columns: int = 80, lines: int = 24
) -> str:
    """Run a command whose standard output and error are a terminal, and return what it shows, with its escapes.

    Lines end with a line feed alone.
    """
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    with subprocess.Popen(
        command, cwd=directory, env=environment, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs
    ):
        os.close(theirs)
        shown = b""
        # Linux ends a terminal that nobody holds any more with an error.
        with contextlib.suppress(OSError):
            while part := os.read(ours, 1 << 16):
                shown += part
    os.close(ours)
    return shown.decode().replace("\r\n", "\n")
