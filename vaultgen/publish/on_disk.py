"""A tree from disk, for those who publish without a source artifact."""

import os
import stat
from collections.abc import Collection, Iterator

from vaultgen.errors import refuse
from vaultgen.publish.archive import Limits

_LEFT_OUT = ".git"


def read_tree(root: str, paths: Collection[str] | None = None, limits: Limits | None = None) -> dict[str, bytes]:
    """Return the files below a directory by path, with slashes.

    ``paths`` (relative to ``root``) says which, as git lists them; by default all, ``.git`` left out. Links and special
    files are left out, as source-controller does. Raises ``Refused``: file-unreadable, also where there is more than
    the limits allow.
    """
    limits = limits or Limits()
    files: dict[str, bytes] = {}
    left = limits.bytes
    for path in _walk(root) if paths is None else sorted(paths):
        if (content := _read(root, path, left)) is None:
            continue
        left -= len(content)
        files[path.replace(os.sep, "/")] = content
        if left < 0 or len(files) > limits.entries:
            why = f"there are more than {limits.entries} files or {limits.bytes} bytes in it"
            raise refuse("file-unreadable", path=root, why=why)
    return files


def _walk(root: str) -> Iterator[str]:
    for directory, below, names in os.walk(root):
        below[:] = sorted(name for name in below if name != _LEFT_OUT)
        for name in sorted(names):
            yield os.path.relpath(os.path.join(directory, name), root)


def _read(root: str, path: str, left: int) -> bytes | None:
    """Return at most one byte more than are left; None for what is no plain file."""
    try:
        descriptor = os.open(os.path.join(root, path), os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if os.path.islink(os.path.join(root, path)):
            return None
        why = "permission denied" if isinstance(error, PermissionError) else "it cannot be opened"
        raise refuse("file-unreadable", path=path, why=why) from None
    with open(descriptor, "rb") as file:
        return file.read(left + 1) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
