"""Stores an artifact over and over, ended at each of its steps, and looks at what is left: ``DIRECTORY NAME``.

Prints how many steps there were. A process of its own: it forks, and sets limits.
"""

import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from vaultgen.controller import store
from vaultgen.controller.store import Store

EARLIER, LATER = b"earlier", bytes(300_000)
ENDED = 3


def put_steps(kept: Store, name: str, steps: int) -> None:
    """Store an artifact, and end the process after some lines of the module."""

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal steps
        if frame.f_code.co_filename != store.__file__:
            return None
        steps -= event == "line"
        if steps < 0:
            os._exit(ENDED)
        return trace

    sys.settrace(trace)
    kept.put("apps", name, LATER)


def put_bytes(kept: Store, name: str, size: int) -> None:
    """Store an artifact; the kernel ends the process in the middle of the write, after some bytes."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    kept.put("apps", name, LATER)


def status_of(begin: Callable[[Store, str, int], None], *words: Any) -> int:
    """Return the wait status of a child that begins like this: 0 if it got to the end."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    try:
        begin(*words)
        os._exit(0)
    finally:
        os._exit(1)


def main(directory: Path, name: str) -> None:
    earlier = Store(directory).put("apps", "web", EARLIER).path
    kept = Store(directory)
    later = kept.put("apps", name, LATER).path
    (directory / later).unlink()
    kept.verify()
    expected = {earlier: EARLIER, later: LATER}
    seen: set[bool] = set()

    def look() -> None:
        restarted = Store(directory)
        for path, content in expected.items():
            file = restarted.open(path)
            assert file or path == later
            if file:
                assert file.read() == content
                file.close()
        assert all(path.endswith(".new") for path in restarted.verify())
        left = {str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()}
        assert earlier in left <= expected.keys()
        seen.add(later in left)
        (directory / later).unlink(missing_ok=True)
        Store(directory).verify()

    steps = 0
    while status := status_of(put_steps, kept, name, steps):
        assert os.WEXITSTATUS(status) == ENDED, status
        look()
        steps += 1
    look()
    assert seen == {False, True}
    for size in (0, 4096, len(LATER) - 1):
        assert os.WTERMSIG(status_of(put_bytes, kept, name, size)) == signal.SIGXFSZ
        look()
    print(steps)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
