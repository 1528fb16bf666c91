"""On a loop whose clock is turned by hand."""

import asyncio
from collections.abc import Awaitable, Callable

from vaultgen.controller.schedule import Schedule


class Clock:
    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def run(scenario: Callable[[Schedule[str], Clock], Awaitable[None]], at_once: int = 1) -> None:
    """Keys with the same first letter are of one group."""

    async def main() -> None:
        clock = Clock()
        await scenario(Schedule(clock, lambda key: key[0], at_once), clock)

    asyncio.run(main())


async def settle() -> None:
    """Let every task go as far as it can."""
    for _ in range(20):
        await asyncio.sleep(0)


async def working(schedule: Schedule[str], handle: Callable[[str], Awaitable[float | None]]) -> asyncio.Task[None]:
    task = asyncio.create_task(schedule.work(handle))
    await settle()
    return task


def test_what_is_due_now_is_handled_in_the_order_in_which_it_was_asked_for() -> None:
    handled: list[str] = []

    async def handle(key: str) -> None:
        handled.append(key)

    async def scenario(schedule: Schedule[str], clock: Clock) -> None:
        for key in "bca":
            schedule.now(key)
        task = await working(schedule, handle)
        assert handled == ["b", "c", "a"]
        task.cancel()

    run(scenario)


def test_a_key_that_was_asked_for_twice_is_handled_once() -> None:
    handled: list[str] = []

    async def handle(key: str) -> None:
        handled.append(key)

    async def scenario(schedule: Schedule[str], clock: Clock) -> None:
        schedule.now("a")
        schedule.now("a")
        task = await working(schedule, handle)
        assert handled == ["a"]
        task.cancel()

    run(scenario)


def test_a_key_is_handled_again_when_its_seconds_are_over() -> None:
    handled: list[str] = []

    async def handle(key: str) -> float:
        handled.append(key)
        return 30

    async def scenario(schedule: Schedule[str], clock: Clock) -> None:
        schedule.now("a")
        task = await working(schedule, handle)
        clock.time = 29
        schedule.now("b")  # makes the worker look
        await settle()
        assert handled == ["a", "b"]
        clock.time = 30
        schedule.now("c")
        await settle()
        assert handled == ["a", "b", "a", "c"]
        task.cancel()

    run(scenario)


def test_a_key_is_never_handled_twice_at_the_same_time_but_once_more_where_it_was_asked_for_meanwhile() -> None:
    handled: list[str] = []
    gate = asyncio.Event()

    async def handle(key: str) -> float:
        handled.append(key)
        await gate.wait()
        return 1000

    async def scenario(schedule: Schedule[str], clock: Clock) -> None:
        schedule.now("a")
        tasks = [await working(schedule, handle), await working(schedule, handle)]
        schedule.now("a")
        await settle()
        assert handled == ["a"]
        gate.set()
        await settle()
        assert handled == ["a", "a"]
        for task in tasks:
            task.cancel()

    run(scenario)


def test_what_was_forgotten_while_it_was_worked_on_comes_back_only_if_its_handler_says_so() -> None:
    handled: list[str] = []

    async def scenario(schedule: Schedule[str], clock: Clock) -> None:
        async def handle(key: str) -> None:
            handled.append(key)
            schedule.now(key)
            schedule.forget(key)

        schedule.now("a")
        task = await working(schedule, handle)
        assert handled == ["a"]
        task.cancel()

    run(scenario)


class Slow:
    """A handler that goes on only when it is told to."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self._gates: dict[str, asyncio.Event] = {}

    async def __call__(self, key: str) -> None:
        self.begun.append(key)
        self._gates[key] = asyncio.Event()
        await self._gates[key].wait()

    async def end(self, key: str) -> None:
        self._gates[key].set()
        await settle()


def test_a_group_leaves_workers_to_others() -> None:
    slow = Slow()

    async def scenario(schedule: Schedule[str], clock: Clock) -> None:
        for key in ("a1", "a2", "a3", "a4", "b1"):
            schedule.now(key)
        tasks = [await working(schedule, slow) for _ in range(4)]
        assert slow.begun == ["a1", "a2", "b1"]
        schedule.now("c1")
        await settle()
        assert slow.begun == ["a1", "a2", "b1", "c1"]
        await slow.end("b1")
        assert slow.begun == ["a1", "a2", "b1", "c1"]
        await slow.end("a2")
        assert slow.begun == ["a1", "a2", "b1", "c1", "a3"]
        for task in tasks:
            task.cancel()

    run(scenario, at_once=2)


def test_what_waits_for_its_group_comes_behind_what_others_asked_for() -> None:
    """Else many objects of one tenant, each as slow as may be, would all come first."""
    slow = Slow()

    async def scenario(schedule: Schedule[str], clock: Clock) -> None:
        for key in ("a1", "a2", "a3"):
            schedule.now(key)
        first = await working(schedule, slow)
        clock.time = 1
        schedule.now("b1")
        second = await working(schedule, slow)
        schedule.now("b2")
        clock.time = 2
        await slow.end("a1")
        await slow.end("b1")
        assert slow.begun[:4] == ["a1", "b1", "a2", "b2"]
        first.cancel()
        second.cancel()

    run(scenario)


def test_what_waits_is_not_lost_with_the_one_before_it() -> None:
    slow = Slow()

    async def scenario(schedule: Schedule[str], clock: Clock) -> None:
        for key in ("a1", "a2", "a3", "a4"):
            schedule.now(key)
        task = await working(schedule, slow)
        another = await working(schedule, slow)
        schedule.forget("a2")
        schedule.now("a3")
        await slow.end("a1")
        schedule.forget("a3")
        for key in ("a3", "a4"):
            if key in slow.begun:
                await slow.end(key)
        assert slow.begun[-1] == "a4"
        task.cancel()
        another.cancel()

    run(scenario)
