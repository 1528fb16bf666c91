"""On a loop whose clock is turned by hand."""

import asyncio
from collections.abc import Awaitable, Callable

from vaultgen.controller.schedule import Schedule


class Clock:
    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def run(scenario: Callable[[Schedule[str], Clock], Awaitable[None]]) -> None:
    async def main() -> None:
        clock = Clock()
        await scenario(Schedule(clock), clock)

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
