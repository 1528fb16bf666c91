"""A directory that only this user can look into, gone when this process ends, however it ends."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from types import TracebackType

_LONGEST = 64
"""Bytes of the directory for temporary files that leave room for the name of a socket (108 in unix(7), less in BSD)."""

# Waits until its standard input ends, which is when we do, and ends the process group that it was told last.
_WATCH = """\
trap '' INT TERM HUP
group=
while read -r line; do group=$line; done
if [ -n "$group" ]; then kill -s KILL -- "-$group"; fi
rm -rf -- "$1"
"""


class PrivateDirectory:
    """A directory with mode 0700 while a ``with`` lasts.

    A shell watches over it: should this process be killed, it removes the directory, and ends what ``bind`` named.
    """

    def __init__(self) -> None:
        self.path = ""
        """Links resolved; empty before and after."""
        self._watch: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "PrivateDirectory":
        short = len(os.fsencode(tempfile.gettempdir())) <= _LONGEST
        # mkdtemp makes it with mode 0700
        self.path = os.path.realpath(tempfile.mkdtemp(prefix="vaultgen-", dir=None if short else "/tmp"))  # noqa: S108
        try:
            self._watch = subprocess.Popen(  # noqa: S603
                ["/bin/sh", "-c", _WATCH, "vaultgen", self.path],
                cwd="/",
                env={"PATH": os.defpath},
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except BaseException:
            shutil.rmtree(self.path, ignore_errors=True)
            raise
        return self

    def bind(self, process_group: int | None) -> None:
        """Have a process group killed if this process is; None once it has ended."""
        if self._watch is not None and self._watch.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._watch.stdin.write(b"%s\n" % str(process_group or "").encode())
                self._watch.stdin.flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        self.path = ""
        if self._watch is not None:
            with contextlib.suppress(BrokenPipeError):
                self._watch.communicate()
