"""When each object is looked at next: at its time, or at once; never twice at the same time."""

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class Schedule(Generic[Key]):
    """Due times by key, for the workers of one event loop."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """``clock`` returns seconds that only grow."""
        self._clock = clock
        self._due: dict[Key, float] = {}
        self._heap: list[tuple[float, int, Key]] = []
        self._count = 0
        self._running: set[Key] = set()
        self._changed = asyncio.Event()

    def at(self, key: Key, seconds: float) -> None:
        """Let a key be due in some seconds, instead of whenever it was."""
        self._due[key] = self._clock() + seconds
        self._push(key)

    def now(self, key: Key) -> None:
        """Let a key be due now; where it is being worked on, once more after that."""
        self.at(key, 0)

    def forget(self, key: Key) -> None:
        """Let a key never be due."""
        self._due.pop(key, None)

    async def work(self, handle: Callable[[Key], Awaitable[float | None]]) -> None:
        """Handle keys as they are due, for ever; ``handle`` returns in how many seconds to come back, if at all."""
        while True:
            key = await self._next()
            del self._due[key]
            self._running.add(key)
            again: float | None = None
            try:
                again = await handle(key)
            finally:
                self._running.discard(key)
                if key in self._due:
                    # Something happened meanwhile.
                    self._push(key)
                elif again is not None:
                    self.at(key, again)

    async def _next(self) -> Key:
        """Wait for a key that is due, and return it."""
        while True:
            wait = self._drop_stale()
            if wait is not None and wait <= 0:
                return heapq.heappop(self._heap)[2]
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), wait)
            except TimeoutError:
                continue

    def _drop_stale(self) -> float | None:
        """Drop what does not count any more from the heap's top; return the seconds until its first is due."""
        while self._heap:
            due, _, key = self._heap[0]
            if self._due.get(key) == due and key not in self._running:
                return due - self._clock()
            heapq.heappop(self._heap)
        return None

    def _push(self, key: Key) -> None:
        self._count += 1
        heapq.heappush(self._heap, (self._due[key], self._count, key))
        self._changed.set()
