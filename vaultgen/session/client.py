"""What kustomize starts during ``vaultgen build``: hands its input to the parent and prints the answer.

Runs by its path with ``python -I -S`` and imports nothing of vaultgen, so that it is over in 10 ms. It holds no
credential; in a masked build it never sees a value.

Message: a line of JSON ``{"root": …}``, then the document or ResourceList until the end of the stream. Answer: a
line of JSON ``{"status": …, "stderr": …}``, then what goes to standard output.
"""

import os
import socket
import sys

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
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.connect(path)
            connection.sendall(b"%s\n%s\n%s" % (face, os.fsencode(root).hex().encode(), request))
            connection.shutdown(socket.SHUT_WR)
            answer = bytearray()
            while block := connection.recv(1 << 16):
                answer += block
    except OSError:
        answer = bytearray()
    head, found, rest = bytes(answer).partition(b"\n")
    status, _, length = head.partition(b" ")
    if not found or not length.isdigit() or len(rest) < int(length):
        sys.stderr.write("error[session-lost]: the vaultgen build that this belongs to is gone\n")
        return LOST
    sys.stderr.write(rest[: int(length)].decode())
    sys.stderr.flush()
    sys.stdout.buffer.write(rest[int(length) :])
    sys.stdout.buffer.flush()
    return int(status)


if __name__ == "__main__":
    status = main()
    os._exit(status)
