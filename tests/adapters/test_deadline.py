"""A deadline ends the block that it is around, and nothing else; whoever else cancels the task still does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf

import pytest

from ringwall.adapters.deadline import Deadline


def ended(seconds: float, block: Callable[[Deadline], object]) -> object:
    """What a block under a deadline comes to, and whether its task is left with a cancellation."""

    async def run() -> object:
        loop = asyncio.get_running_loop()
        try:
            with Deadline(loop, loop.time() + seconds) as deadline:
                return await block(deadline)  # type: ignore[misc]
        finally:
            task = asyncio.current_task()
            assert task is not None
            assert task.cancelling() == 0
            await asyncio.sleep(0)  # a cancellation left over would come out here

    return asyncio.run(run())


async def _forever(deadline: Deadline) -> None:
    await asyncio.Event().wait()


def test_what_goes_on_for_too_long_ends_and_what_does_not_goes_on() -> None:
    async def quick(deadline: Deadline) -> str:
        await asyncio.sleep(0)
        return "done"

    assert ended(30, quick) == "done"
    with pytest.raises(TimeoutError):
        ended(0, _forever)


def test_a_deadline_that_is_moved_counts_where_it_was_moved_to() -> None:
    async def moved(deadline: Deadline) -> str:
        deadline.until = inf
        await asyncio.sleep(0.2)
        return "done"

    async def sooner(deadline: Deadline) -> None:
        deadline.until = 0
        await asyncio.Event().wait()

    assert ended(0.1, moved) == "done"
    with pytest.raises(TimeoutError):
        ended(30, sooner)


def test_a_failure_of_the_block_is_its_own() -> None:
    async def fails(deadline: Deadline) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise KeyError("its own") from None

    with pytest.raises(KeyError, match="its own"):
        ended(0, fails)


def test_who_cancels_the_task_from_outside_has_cancelled_it() -> None:
    async def run() -> bool:
        loop = asyncio.get_running_loop()

        async def work() -> None:
            with Deadline(loop, loop.time() + 30) as deadline:
                await _forever(deadline)

        task = loop.create_task(work())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    assert asyncio.run(run())


def test_deadlines_of_one_loop_strike_each_its_own_block() -> None:
    async def run() -> list[str]:
        loop, struck = asyncio.get_running_loop(), list[str]()

        async def work(name: str, seconds: float) -> None:
            try:
                with Deadline(loop, loop.time() + seconds):
                    await asyncio.sleep(0.3)
                    struck.append(f"{name} done")
            except TimeoutError:
                struck.append(f"{name} late")

        await asyncio.gather(work("a", 0), work("b", 30), work("c", 0.1))
        return struck

    assert sorted(asyncio.run(run())) == ["a late", "b done", "c late"]
