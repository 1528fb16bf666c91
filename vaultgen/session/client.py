"""What kustomize starts during ``vaultgen build``: hands its input to the parent and prints the answer.

Runs by its path with ``python -I -S`` and imports nothing of vaultgen, so that it is over in 10 ms. It holds no
credential; in a masked build it never sees a value.

Request: a line ``FACE ROOT LENGTH`` (function or plugin, the root's path in hexadecimal, bytes), then the ResourceList
or document. Answer: a line ``STATUS LENGTH LENGTH``, then what goes to standard error and to standard output.
"""

import os
import sys
import time

# The module below socket, which would take as long to import as all else here.
from _socket import AF_UNIX, SHUT_WR, SOCK_STREAM, socket

LOST = 70
"""Exit status where the parent does not answer."""
PATIENCE = 10.0
"""Seconds to wait for a place in the parent's queue, where the system does not wait itself."""
PAUSE = 0.01
"""Seconds between two attempts to get one."""


def connected(path: str) -> socket:
    """Return a connection to the socket at a path.

    A full queue makes Linux wait; other systems refuse (BSD) or say that there is no room yet, and so does a listener
    that has only just been bound. Raises OSError: at once where the socket is gone, else after ``PATIENCE``.
    """
    end = time.monotonic() + PATIENCE
    while True:
        connection = socket(AF_UNIX, SOCK_STREAM)
        try:
            connection.connect(path)
            return connection
        except (BlockingIOError, ConnectionRefusedError):
            connection.close()
            if time.monotonic() >= end:
                raise
            time.sleep(PAUSE)


def main() -> int:
    """Ask the parent at the socket in argv[1]; further words are a legacy plugin's (its config file)."""
    path, words = sys.argv[1], sys.argv[2:]
    if words:
        with open(words[0], "rb") as file:
            request = file.read()
    else:
        request = sys.stdin.buffer.read()
    root = os.environ.get("KUSTOMIZE_PLUGIN_CONFIG_ROOT") or os.getcwd()
    face = b"plugin" if words else b"function"
    head = b"%s %s %d\n" % (face, os.fsencode(root).hex().encode(), len(request))
    answer = bytearray()
    reason = "it hung up"
    try:
        connection = connected(path)
        connection.sendall(head + request)
        connection.shutdown(SHUT_WR)
        while block := connection.recv(1 << 16):
            answer += block
    except OSError as error:
        reason = os.strerror(error.errno or 0)
    first, _, rest = bytes(answer).partition(b"\n")
    numbers = [int(word) for word in first.split() if word.isdigit()]
    if len(numbers) != 3 or len(rest) != numbers[1] + numbers[2]:
        sys.stderr.write(f"vaultgen: the build that this belongs to does not answer: {reason}\n")
        return LOST
    status, length, _ = numbers
    sys.stderr.buffer.write(rest[:length])
    sys.stderr.flush()
    sys.stdout.buffer.write(rest[length:])
    sys.stdout.buffer.flush()
    return status


if __name__ == "__main__":
    try:
        status = main()
    except OSError:
        status = LOST
    # Without Python's own clean-up, which takes a third of the time.
    os._exit(status)
