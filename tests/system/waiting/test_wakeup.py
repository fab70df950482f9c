"""A nudge ends a wait early, and harms nobody."""

from __future__ import annotations

import asyncio
import sys
import time

import pytest

from gameday.system import process_identity, processes
from gameday.system.waiting.wakeup import SignalWakeup

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_a_wait_takes_its_time_where_nobody_nudges() -> None:
    wakeup, began = SignalWakeup(), time.monotonic()
    await wakeup.wait(0.05)
    assert time.monotonic() - began >= 0.05


async def test_a_nudge_ends_a_wait_and_no_further_one() -> None:
    wakeup = SignalWakeup()
    await wakeup.wait(0)  # from now on it listens
    asyncio.get_running_loop().call_later(0.01, process_identity.nudge, process_identity.me())
    async with asyncio.timeout(5):
        await wakeup.wait(60)
    began = time.monotonic()
    await wakeup.wait(0.05)
    assert time.monotonic() - began >= 0.05


async def test_who_is_woken_before_the_wait_does_not_wait() -> None:
    wakeup = SignalWakeup()
    wakeup.wake()
    async with asyncio.timeout(5):
        await wakeup.wait(60)


async def test_outside_the_main_thread_a_wait_takes_its_time() -> None:
    def waiting() -> float:
        began = time.monotonic()
        asyncio.run(SignalWakeup().wait(0.05))
        return time.monotonic() - began

    assert await asyncio.to_thread(waiting) >= 0.05


def test_a_process_that_asks_for_no_nudge_takes_no_harm() -> None:
    child = processes.start(["sleep", "60"], drill="nudged")
    try:
        process_identity.nudge(child.identity)
        time.sleep(0.05)
        assert process_identity.alive(child.identity)
    finally:
        child.kill()


@pytest.mark.parametrize("pid", [0, -1, 2**40])
def test_a_process_that_is_not_there_is_passed_over(pid: int) -> None:
    process_identity.nudge(
        process_identity.Identity(pid=pid, started_ticks=1, boot=process_identity.boot_id())
    )


def test_a_pid_that_was_reused_is_passed_over() -> None:
    code = (
        "import signal, sys, time; signal.signal(signal.SIGURG, lambda *_: sys.exit(9));"
        "print('on', flush=True); time.sleep(0.5)"
    )
    child = processes.start([sys.executable, "-c", code], drill="n", stdout=processes.PIPE)
    assert child.stdout.readline() == b"on\n"
    process_identity.nudge(child.identity._replace(started_ticks=child.identity.started_ticks + 1))
    assert child.wait() == 0
