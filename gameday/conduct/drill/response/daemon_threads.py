"""Calls that block, in threads that nobody waits for: what they call may hang, and the process still ends."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")


class DaemonThreads(Executor):
    """An executor, one thread a call. asyncio's own would not do: whoever ends waits for its threads."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Call a function in a thread of its own."""
        future: Future[T] = Future()

        def run() -> None:
            try:
                value = fn(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001  # as every executor: raised where it is awaited
                future.set_exception(error)
            else:
                future.set_result(value)

        threading.Thread(target=run, daemon=True).start()
        return future
