"""Work that runs alongside other work and ends with it: `asyncio.TaskGroup`, ended by its body."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager


@asynccontextmanager
async def run_alongside(work: Sequence[Coroutine[object, object, None]]) -> AsyncIterator[None]:
    """Run coroutines alongside the body. The first failure of one cancels the body and is raised."""
    own_error: BaseException | None = None
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(coroutine) for coroutine in work]
            try:
                yield
            except asyncio.CancelledError:  # by a failure, or from outside: the group knows
                raise
            except BaseException as error:
                own_error = error
                raise
            finally:
                # A group waits for its tasks. Ours have no end of their own: they end when the body does.
                for task in tasks:
                    task.cancel()
    except BaseExceptionGroup as failures:
        # Callers match single errors (Busy, NotReady, StoreUnavailable). The body's own error says more than
        # what its tasks raised while they were cancelled because of it; of several failures the first counts.
        raise own_error or failures.exceptions[0] from None


async def cancel(tasks: Sequence[asyncio.Future[None]]) -> None:
    """Cancel tasks, and wait until they have ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
