"""What every Clock promises, asked of the machine's and of the virtual one."""

from __future__ import annotations

import asyncio

import pytest

from gameday.system.clock import SystemClock
from gameday.testing.clock import VirtualClock


@pytest.fixture(params=["system", "virtual"])
def timed(request):
    """A clock and what runs a coroutine on it."""
    if request.param == "system":
        return SystemClock(), asyncio.run
    clock = VirtualClock()
    return clock, clock.run


def test_an_instant_is_whole_in_microseconds(timed):
    clock, _ = timed
    now = clock.now()
    assert now == round(now, 6)


def test_sleeping_takes_as_long_as_asked(timed):
    clock, run = timed
    begin = clock.now()
    run(clock.sleep(0.05))
    assert 0.049 <= clock.now() - begin < 5


def test_sleepers_wake_in_the_order_of_their_moments(timed):
    clock, run = timed
    woken = []

    async def sleeper(seconds):
        await clock.sleep(seconds)
        woken.append(seconds)

    async def main():
        await asyncio.gather(*(sleeper(seconds) for seconds in (0.3, 0.1, 0.2)))

    run(main())
    assert woken == [0.1, 0.2, 0.3]


def test_a_sleeper_can_be_cancelled(timed):
    clock, run = timed

    async def main():
        task = asyncio.ensure_future(clock.sleep(3600))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return task.cancelled()

    assert run(main())
