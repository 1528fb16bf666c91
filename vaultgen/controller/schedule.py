"""When each object is looked at next: at its time, or at once; never twice at the same time.

Objects are of groups, and a group takes so many workers at most: one tenant's slow sources must not keep those of
others waiting. What a group has to wait with is due anew when one of its own has ended, behind what others asked for.
"""

import asyncio
import heapq
from collections import Counter
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class Schedule(Generic[Key]):
    """Due times by key, for the workers of one event loop."""

    def __init__(self, clock: Callable[[], float], group: Callable[[Key], Hashable], at_once: int) -> None:
        """``clock`` returns seconds that only grow. Of a group, ``at_once`` keys are worked on at the same time."""
        self._clock = clock
        self._group = group
        self._at_once = at_once
        self._due: dict[Key, float] = {}
        self._heap: list[tuple[float, int, Key]] = []
        self._count = 0
        self._running: set[Key] = set()
        self._busy: Counter[Hashable] = Counter()
        self._waiting: dict[Hashable, dict[Key, None]] = {}
        """Keys that were due while their group was busy, in their order."""
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
        # It may be the one that was to come next of its group.
        self._let_next(self._group(key))

    async def work(self, handle: Callable[[Key], Awaitable[float | None]]) -> None:
        """Handle keys as they are due, for ever; ``handle`` returns in how many seconds to come back, if at all."""
        while True:
            key = await self._next()
            group = self._group(key)
            del self._due[key]
            self._running.add(key)
            self._busy[group] += 1
            again: float | None = None
            try:
                again = await handle(key)
            finally:
                self._running.discard(key)
                self._busy[group] -= 1
                if not self._busy[group]:
                    del self._busy[group]
                if key in self._due:
                    # Something happened meanwhile.
                    self._push(key)
                elif again is not None:
                    self.at(key, again)
                self._let_next(group)

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
        """Drop what does not count, or not yet, from the heap's top; return the seconds until its first is due."""
        while self._heap:
            due, _, key = self._heap[0]
            if self._due.get(key) == due and key not in self._running:
                wait = due - self._clock()
                if wait > 0 or self._busy[group := self._group(key)] < self._at_once:
                    return wait
                self._waiting.setdefault(group, {})[key] = None
            heapq.heappop(self._heap)
        return None

    def _let_next(self, group: Hashable) -> None:
        """Let the first that waits for its group be due now."""
        waiting = self._waiting.get(group, {})
        while waiting:
            key = next(iter(waiting))
            del waiting[key]
            if self._due.get(key, self._clock() + 1) <= self._clock() and key not in self._running:
                self.now(key)
                break
        if not waiting:
            self._waiting.pop(group, None)

    def _push(self, key: Key) -> None:
        self._count += 1
        heapq.heappush(self._heap, (self._due[key], self._count, key))
        self._changed.set()
