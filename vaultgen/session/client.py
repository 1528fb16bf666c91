"""What kustomize starts during ``vaultgen build``: hands its input to the parent and prints the answer.

Runs by its path with ``python -I -S`` and imports nothing of vaultgen, so that it is over in 10 ms. It holds no
credential; in a masked build it never sees a value.

Request: a line ``FACE ROOT LENGTH`` (function or plugin, the root's path in hexadecimal, bytes), then the ResourceList
or document. Answer: a line ``STATUS LENGTH LENGTH``, then what goes to standard error and to standard output.
"""

import os
import sys

# The module below socket, which would take as long to import as all else here.
from _socket import AF_UNIX, SHUT_WR, SOCK_STREAM, socket

LOST = 70
"""Exit status where the parent is gone."""


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
    try:
        connection = socket(AF_UNIX, SOCK_STREAM)
        connection.connect(path)
        connection.sendall(head + request)
        connection.shutdown(SHUT_WR)
        while block := connection.recv(1 << 16):
            answer += block
    except OSError:
        pass
    first, _, rest = bytes(answer).partition(b"\n")
    numbers = [int(word) for word in first.split() if word.isdigit()]
    if len(numbers) != 3 or len(rest) != numbers[1] + numbers[2]:
        sys.stderr.write("vaultgen: the build that this belongs to is gone\n")
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
