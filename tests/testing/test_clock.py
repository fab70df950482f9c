"""The virtual clock: two hours in no time, in order, and never past what still works."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gameday.testing import clock as clocks
from gameday.testing.clock import VirtualClock


def test_two_hours_pass_in_no_time():
    clock = VirtualClock()
    begin = time.monotonic()
    clock.run(clock.sleep(7200))
    assert clock.elapsed() == pytest.approx(7200)
    assert time.monotonic() - begin < 2


def test_asyncios_own_timers_jump_too():
    clock = VirtualClock()

    async def main():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(60):
                await asyncio.Event().wait()
        await asyncio.sleep(30)

    clock.run(main())
    assert clock.elapsed() == pytest.approx(90)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(min_value=0, max_value=1e5), max_size=20))
def test_everybody_wakes_at_their_own_moment(moments):
    clock = VirtualClock()

    async def sleeper(seconds):
        await clock.sleep(seconds)
        return clock.elapsed()

    async def main():
        return await asyncio.gather(*(sleeper(seconds) for seconds in moments))

    assert clock.run(main()) == pytest.approx(moments, abs=1e-6)


def test_time_waits_for_a_thread_that_works_for_the_loop():
    clock = VirtualClock()

    async def main():
        later = asyncio.ensure_future(clock.sleep(3600))
        await asyncio.to_thread(time.sleep, 0.05)
        at = clock.elapsed()
        later.cancel()
        return at

    assert clock.run(main()) == 0.0


def test_a_signal_from_another_thread_is_received_when_nothing_is_timed():
    clock = VirtualClock()

    async def main():
        received = asyncio.Event()
        loop = asyncio.get_running_loop()
        threading.Timer(0.05, loop.call_soon_threadsafe, [received.set]).start()
        await received.wait()
        return clock.elapsed()

    assert clock.run(main()) == 0.0


def test_waiting_for_nothing_is_an_error_instead_of_a_hang(monkeypatch):
    monkeypatch.setattr(clocks, "_INPUT_TIMEOUT", 0.05)

    async def main():
        await asyncio.Event().wait()

    with pytest.raises(RuntimeError, match="nothing is left that could happen"):
        VirtualClock().run(main())


def test_it_can_not_be_slept_on_outside_of_its_own_loop():
    with pytest.raises(RuntimeError, match=r"VirtualClock\.run"):
        asyncio.run(VirtualClock().sleep(1))


def test_without_a_loop_time_is_moved_by_hand_and_only_forward():
    clock = VirtualClock()
    begin = clock.now()
    clock.advance(2.5)
    assert clock.now() == begin + 2.5
    with pytest.raises(ValueError, match="forward"):
        clock.advance(-1)


def test_what_is_ready_goes_on_while_a_thread_works():
    clock = VirtualClock()
    ended = threading.Event()

    async def main():
        work = asyncio.ensure_future(asyncio.to_thread(ended.wait, 5))
        for _ in range(20):
            await asyncio.sleep(0)
        ended.set()
        return await work

    begin = time.monotonic()
    assert clock.run(main())
    assert time.monotonic() - begin < 4


def test_time_does_not_jump_while_the_executor_ends(recwarn):
    clock = VirtualClock()
    for _ in range(20):
        clock.run(asyncio.to_thread(time.sleep, 0.002))
    assert clock.elapsed() == 0.0
    assert [str(warned.message) for warned in recwarn] == []
