"""Plain files on disk, below the root of the kustomization and nowhere else."""

import os
import stat

from vaultgen.document.api_rules import SECRET_LIMIT
from vaultgen.errors import refuse


class LocalFiles:
    """The port ``Files`` over a directory; kustomize's rule LoadRestrictionsRootOnly, links resolved first."""

    def __init__(self, root: str) -> None:
        self._root = os.path.realpath(root)

    def read(self, path: str, /) -> bytes:
        """Return the bytes of a plain file, at most those that a Secret can hold.

        Raises ``Refused``: remote-file, file-not-found, file-outside-root, file-unreadable.
        """
        if "://" in path:
            raise refuse("remote-file", path=path.partition("://")[0] + "://…")
        if not path or "\0" in path:
            raise refuse("file-not-found", path=path.replace("\0", "") or '""')
        # As kustomize does: `..` takes away what is written before it, also where that is a link.
        real = os.path.realpath(os.path.normpath(os.path.join(self._root, path)))
        if os.path.commonpath((self._root, real)) != self._root:
            raise refuse("file-outside-root", path=path)
        try:
            # a FIFO would block the build for ever, so do not wait when opening
            descriptor = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            if os.path.islink(os.path.join(self._root, path)):
                # A vaultgen.lock that leads nowhere must not count as none.
                raise refuse("file-unreadable", path=path, why="it is a link that leads nowhere") from None
            raise refuse("file-not-found", path=path) from None
        except OSError as error:
            why = "permission denied" if isinstance(error, PermissionError) else "it cannot be opened"
            raise refuse("file-unreadable", path=path, why=why) from None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise refuse("file-unreadable", path=path, why="it is no plain file")
        with open(descriptor, "rb") as file:
            content = file.read(SECRET_LIMIT + 1)
        if len(content) > SECRET_LIMIT:
            raise refuse("file-unreadable", path=path, why=f"it is larger than a Secret can be ({SECRET_LIMIT} bytes)")
        return content
