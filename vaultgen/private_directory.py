"""A directory that only this user can look into, gone when this process ends, however it ends."""

import os
import shutil
import signal
import tempfile


def new_private_directory() -> str:
    """Make a directory with mode 0700 and return its path, links resolved.

    Whoever makes it removes it; if this process is killed before that, a small one that watches over it does.
    """
    # mkdtemp makes it with mode 0700
    directory = os.path.realpath(tempfile.mkdtemp(prefix="vaultgen-"))
    _remove_when_we_end(directory)
    return directory


def _remove_when_we_end(directory: str) -> None:
    """Fork a process that waits for our end, however it comes, and then removes the directory."""
    reader, writer = os.pipe()
    os.set_inheritable(writer, False)
    if os.fork():
        os.close(reader)
        return
    try:
        os.close(writer)
        os.setsid()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for standard in (0, 1, 2):
            os.close(standard)
        os.read(reader, 1)
        shutil.rmtree(directory, ignore_errors=True)
    finally:
        os._exit(0)
