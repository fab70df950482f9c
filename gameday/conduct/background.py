"""Work that runs beside other work, and ends with it.

Comes in: coroutines. Goes out: a context in which they run; the first failure of one ends the body.
Does not: know what the work is.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager


@asynccontextmanager
async def run_alongside(work: Sequence[Coroutine[object, object, None]]) -> AsyncIterator[None]:
    """Run coroutines beside the body. The first failure of one cancels the body and is raised."""
    body = asyncio.current_task()
    assert body is not None
    failures: list[BaseException] = []

    def on_end(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            failures.append(error)
            body.cancel()

    tasks = [asyncio.ensure_future(coroutine) for coroutine in work]
    for task in tasks:
        task.add_done_callback(on_end)
    try:
        yield
    except asyncio.CancelledError:
        if not failures:
            raise
        body.uncancel()
        raise failures[0] from None
    finally:
        await cancel(tasks)


async def cancel(tasks: Sequence[asyncio.Future[None]]) -> None:
    """Cancel tasks, and wait until they have ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
