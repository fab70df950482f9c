"""Asks Chaos Toolkit probes in a process of its own, which is kept warm between questions.

Comes in: a probe as JSON text, or the path of an experiment. Goes out: what it said.
Does not: wait for ever: a probe that gives no answer in time could not be evaluated.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from gameday.core.facts import drill as ev
from gameday.core.values import DrillId, Seconds
from gameday.faults.child_queries import ChildQueries, NoAnswer

ASK_LIMIT: Seconds = 10.0
"""Seconds for a probe that declares no `timeout`."""
STEADY_LIMIT: Seconds = 120.0
"""Seconds for a whole hypothesis."""


class ChildProber:
    """`ports.Prober` over a child process. `cwd`: where experiments and probes stand."""

    def __init__(self, drill: DrillId, *, cwd: Path) -> None:
        self._cwd = cwd
        self._questions = ChildQueries(drill, cwd=cwd)

    async def ask(self, probe: str) -> ev.ProbeJudged:
        """Ask one probe (JSON text with its tolerance) once."""
        ok, detail = await self._question(_limit(probe), "ask", probe=probe)
        return ev.ProbeJudged(probe=probe, ok=ok, detail=detail)

    async def steady(self, experiment: str) -> ev.SteadyStateChecked:
        """Judge the steady-state hypothesis of an experiment file; met when it has none. Stage `before`."""
        path = self._cwd / experiment
        try:
            text = await asyncio.to_thread(path.read_text, encoding="utf-8")
        except OSError as error:
            return ev.SteadyStateChecked(stage="before", met=None, detail=str(error))
        met, detail = await self._question(STEADY_LIMIT, "steady", text=text, path=path.name)
        return ev.SteadyStateChecked(stage="before", met=met, detail=detail)

    async def close(self) -> None:
        """End the process."""
        await self._questions.close()

    async def _question(self, limit: Seconds, word: str, **data: Any) -> tuple[bool | None, str]:
        try:
            answer = await self._questions.ask(limit, word, **data)
        except NoAnswer as why:
            return None, str(why)
        return answer["ok"], str(answer.get("detail") or "")


def _limit(probe: str) -> Seconds:
    try:
        declared = json.loads(probe).get("timeout")
    except (ValueError, AttributeError):
        return ASK_LIMIT
    return float(declared) if isinstance(declared, int | float) else ASK_LIMIT
