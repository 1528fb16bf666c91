"""Waiting for what another process does, where it says nothing when it is done."""

import time
from collections.abc import Callable

_SECONDS = 120.0
_STEP = 0.01


def eventually(condition: Callable[[], bool]) -> bool:
    """Return True as soon as a condition holds; False if it does not for a long time."""
    give_up = time.monotonic() + _SECONDS
    while not condition():
        if time.monotonic() > give_up:
            return False
        time.sleep(_STEP)
    return True
