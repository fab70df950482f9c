"""What every Wakeup promises, asked of the machine's and of the one on a virtual clock."""

from __future__ import annotations

import asyncio

import pytest

from gameday.system.clock import SystemClock
from gameday.system.waiting.wakeup import SignalWakeup
from gameday.testing.clock import VirtualClock
from gameday.testing.drill.wakeup import FakeWakeup


@pytest.fixture(params=["system", "virtual"])
def waited(request):
    """Run what uses a wakeup, and give the seconds that each of its waits took."""
    clock = SystemClock() if request.param == "system" else VirtualClock()
    run = asyncio.run if request.param == "system" else clock.run

    def seconds(use):
        wakeup = SignalWakeup() if request.param == "system" else FakeWakeup(clock=clock)
        took = []

        async def wait(within):
            began = clock.now()
            await wakeup.wait(within)
            took.append(clock.now() - began)

        run(use(wakeup, wait))
        return took

    return seconds


def test_a_wait_that_nobody_ends_takes_its_time(waited):
    async def use(_, wait):
        await wait(0.05)

    assert 0.049 <= waited(use)[0] < 5


def test_who_waits_is_woken(waited):
    async def use(wakeup, wait):
        waiting = asyncio.ensure_future(wait(60))
        await asyncio.sleep(0)
        wakeup.wake()
        await waiting

    assert waited(use)[0] < 5


def test_the_next_wait_ends_at_once_where_nobody_waited_and_only_that(waited):
    async def use(wakeup, wait):
        wakeup.wake()
        wakeup.wake()
        await wait(60)
        await wait(0.05)

    first, second = waited(use)
    assert first < 5
    assert second >= 0.049
