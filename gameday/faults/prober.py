"""Run Chaos Toolkit probes in a child process that is kept running between them.

A probe that gives no answer in time could not be evaluated: its result is unknown.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from gameday.core.facts import drill as ev
from gameday.core.values import DrillId, Seconds
from gameday.faults.child_queries import ChildQueries, NoAnswer

PROBE_LIMIT: Seconds = 10.0
"""Seconds for a probe that declares no `timeout`."""
HYPOTHESIS_LIMIT: Seconds = 120.0
"""Seconds for a whole hypothesis."""


class ChildProber:
    """`ports.Prober` over a child process. `cwd`: the folder of experiments, in which probes run."""

    def __init__(self, drill: DrillId, *, cwd: Path) -> None:
        self._cwd = cwd
        self._queries = ChildQueries(drill, cwd=cwd)

    async def ask(self, probe: str) -> ev.ProbeJudged:
        """Run one probe (JSON text with its tolerance) once."""
        ok, detail = await self._query(_limit(probe), "ask", probe=probe)
        return ev.ProbeJudged(probe=probe, ok=ok, detail=detail)

    async def check_steady_state(self, experiment: str) -> ev.SteadyStateChecked:
        """Evaluate the hypothesis of an experiment file (stage `before`); met when it has none."""
        path = self._cwd / experiment
        try:
            text = await asyncio.to_thread(path.read_text, encoding="utf-8")
        except OSError as error:
            return ev.SteadyStateChecked(stage="before", met=None, detail=str(error))
        met, detail = await self._query(HYPOTHESIS_LIMIT, "steady", text=text, path=path.name)
        return ev.SteadyStateChecked(stage="before", met=met, detail=detail)

    async def close(self) -> None:
        """End the process."""
        await self._queries.close()

    async def _query(self, limit: Seconds, word: str, **data: Any) -> tuple[bool | None, str]:
        try:
            answer = await self._queries.ask(limit, word, **data)
        except NoAnswer as error:
            return None, str(error)
        return answer["ok"], str(answer.get("detail") or "")


def _limit(probe: str) -> Seconds:
    try:
        declared = json.loads(probe).get("timeout")
    except (ValueError, AttributeError):
        return PROBE_LIMIT
    return float(declared) if isinstance(declared, int | float) else PROBE_LIMIT
