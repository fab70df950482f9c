"""Query a Chaos Toolkit process, which is kept running between queries.

One query at a time, each with a time limit. A process that failed, or whose answer came too late to be
awaited, is replaced at the next query: a late answer must not be taken for that of the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gameday.core.values import DrillId, Seconds
from gameday.faults import child_protocol
from gameday.faults.chaos_process import START_LIMIT, ChaosProcess


class NoAnswer(Exception):
    """No answer came; the text is the reason."""


class ChildQueries:
    """Queries a process whose working folder is `cwd`. env: what its environment has besides."""

    def __init__(self, drill: DrillId, *, cwd: Path, env: Mapping[str, str] | None = None) -> None:
        self._drill = drill
        self._cwd = cwd
        self._env = env
        self._process: ChaosProcess | None = None
        self._lock = asyncio.Lock()

    async def ask(self, limit: Seconds, word: str, **data: Any) -> Mapping[str, Any]:
        """Send a query, and give what was answered within `limit` seconds. Raises NoAnswer."""
        async with self._lock:
            try:
                process = await self._warm()
                await process.send(word, **data)
                message = await process.receive(limit)
            except TimeoutError:
                await self.close()
                raise NoAnswer(f"no answer within {limit:g} s") from None
            except OSError as error:
                raise NoAnswer(f"the process can't be started: {error}") from error
            except asyncio.CancelledError:  # its answer is still to come: see above
                await self.close()
                raise
            if isinstance(message, child_protocol.Note) and message.word == "answer":
                return message.data
            await self.close()
            died = "the process died"
            raise NoAnswer(
                message.text("error") or died if isinstance(message, child_protocol.Note) else died
            )

    async def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            await process.close()

    async def _warm(self) -> ChaosProcess:
        if self._process is None or self._process.gone:
            self._process = await ChaosProcess.start(self._drill, cwd=str(self._cwd), env=self._env)
            await self._process.receive(START_LIMIT)  # up
        return self._process
