"""Work alongside other work: it ends with the body, and its first failure ends the body."""

import asyncio

import pytest

from gameday.conduct.background import run_alongside
from gameday.core.errors import Busy


async def forever(log=None):
    try:
        await asyncio.Event().wait()
    finally:
        if log is not None:
            log.append("ended")


async def fails(error):
    await asyncio.sleep(0)
    raise error


async def fails_when_cancelled():
    try:
        await asyncio.Event().wait()
    finally:
        raise LookupError("while it was cancelled")


def test_work_ends_with_its_body():
    async def main():
        log = []
        async with run_alongside([forever(log), forever(log)]):
            await asyncio.sleep(0)
        return log

    assert asyncio.run(main()) == ["ended", "ended"]


def test_the_first_failure_cancels_the_body_and_is_raised_by_itself():
    async def main(log):
        try:
            async with run_alongside([forever(log), fails(Busy("mine")), fails(Busy("second"))]):
                await forever(log)
        finally:
            assert not asyncio.current_task().cancelling()

    log = []
    with pytest.raises(Busy, match="mine"):
        asyncio.run(main(log))
    assert log == ["ended", "ended"]


@pytest.mark.parametrize("work", [forever, fails_when_cancelled])
def test_the_bodys_own_error_is_raised_whatever_the_work_does(work):
    async def main():
        async with run_alongside([work()]):
            await asyncio.sleep(0)
            raise ValueError("body")

    with pytest.raises(ValueError, match="body"):
        asyncio.run(main())


def test_a_body_that_is_cancelled_from_outside_is_cancelled():
    async def main(log):
        async def body():
            async with run_alongside([forever(log)]):
                await forever(log)

        task = asyncio.ensure_future(body())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return task.cancelled()

    log = []
    assert asyncio.run(main(log))
    assert log == ["ended", "ended"]
