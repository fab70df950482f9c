import asyncio
import subprocess
import sys

import pytest

from gameday.conduct.drill.response.daemon_threads import DaemonThreads


def test_a_call_gives_its_value_or_its_error() -> None:
    assert DaemonThreads().submit(divmod, 7, 2).result() == (3, 1)
    with pytest.raises(ZeroDivisionError):
        DaemonThreads().submit(divmod, 7, 0).result()


def test_a_call_that_hangs_keeps_neither_the_loop_nor_the_process() -> None:
    program = """
import asyncio, time
from gameday.conduct.drill.response.daemon_threads import DaemonThreads
async def main():
    try:
        async with asyncio.timeout(0.1):
            await asyncio.get_running_loop().run_in_executor(DaemonThreads(), time.sleep, 600)
    except TimeoutError:
        print("gone on")
asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert (done.stdout, done.stderr) == ("gone on\n", "")


def test_it_serves_a_loop() -> None:
    async def ask() -> int:
        return await asyncio.get_running_loop().run_in_executor(DaemonThreads(), max, 1, 2)

    assert asyncio.run(ask()) == 2
