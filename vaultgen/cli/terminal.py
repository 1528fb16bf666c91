"""What only a terminal gets: a word about what is waited for. Colour is click's; ``app`` honours NO_COLOR."""

import contextlib
import sys
import threading
from collections.abc import Iterator

PATIENCE = 1.0
"""Seconds before anything is said."""


@contextlib.contextmanager
def waiting(words: str) -> Iterator[None]:
    """Say ``words`` on standard error while the block runs, once it takes long; take them away at its end.

    That is done on a terminal only.
    """
    if sys.stderr is None or not sys.stderr.isatty():
        yield
        return
    said = threading.Event()

    def say() -> None:
        said.set()
        sys.stderr.write(f"{words} …")
        sys.stderr.flush()

    timer = threading.Timer(PATIENCE, say)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        if said.is_set():
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
