"""What only a terminal gets: colours, and a word about what is waited for."""

import contextlib
import os
import re
import sys
import threading
from collections.abc import Iterator

import click

PATIENCE = 1.0
"""Seconds before anything is said."""
_LABEL = re.compile(r"^error(\[[\w-]+\])?(?=: )", re.MULTILINE)


def no_colour_is_wanted() -> bool:
    """Return whether the user asks for plain text on a terminal too (https://no-color.org), or the terminal for it."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"


def say(text: str) -> None:
    """Write text, such as a report of faults, to standard error; on a terminal ``error[CODE]`` stands out."""
    coloured = _LABEL.sub(lambda found: click.style(found[0], fg="red", bold=True), text)
    click.echo(coloured, err=True, nl=False, color=False if no_colour_is_wanted() else None)


@contextlib.contextmanager
def waiting(words: str) -> Iterator[None]:
    """Say ``words`` on standard error while the block runs, once it takes long; take them away at its end.

    That is done on a terminal only, and on none that cannot clear a line.
    """
    if sys.stderr is None or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield
        return
    said = threading.Event()

    def begin() -> None:
        said.set()
        sys.stderr.write(f"{words} …")
        sys.stderr.flush()

    timer = threading.Timer(PATIENCE, begin)
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
