"""Run Chaos Toolkit probes in a child process that is kept running between them.

A probe that gives no answer in time could not be evaluated: its result is unknown.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gameday.core import exposure
from gameday.core.facts import drill as ev
from gameday.core.values import DrillId, Seconds
from gameday.faults.child_queries import ChildQueries, NoAnswer

PROBE_LIMIT: Seconds = 10.0
"""Seconds for a probe that declares no `timeout`."""
HYPOTHESIS_LIMIT: Seconds = 120.0
"""Seconds for a whole hypothesis."""


class ChildProber:
    """`ports.Prober` over a child process. `cwd`: the folder of experiments, in which probes run."""

    def __init__(self, drill: DrillId, *, cwd: Path, request: ev.FaultRequested | None = None) -> None:
        """Prepare it. request: the drill's own, with what its experiment is run with."""
        self._cwd = cwd
        self._request = request
        self._queries = ChildQueries(drill, cwd=Path(request.cwd) if request else cwd)
        self._met: dict[str, bool] = {}
        """By experiment, whether its steady state was met outside of its controls at the first check."""

    async def ask(self, probe: str) -> ev.ProbeJudged:
        """Run one probe (JSON text with its tolerance) once."""
        options = self._request.options if self._request is not None else ""
        answer = await self._query(_limit(probe), "ask", probe=probe, options=options)
        return ev.ProbeJudged(probe=probe, ok=answer.get("ok"), detail=str(answer.get("detail") or ""))

    async def check_steady_state(self, experiment: str) -> ev.SteadyStateChecked:
        """Evaluate the hypothesis of an experiment file (stage `before`); met when it has none.

        Where an experiment has controls, and it is not met without them at the first check, before anything
        is injected, then it is left to the experiment itself, which evaluates it within them.
        """
        path = self._cwd / experiment
        try:
            text = await asyncio.to_thread(path.read_text, encoding="utf-8")
        except OSError as error:
            return ev.SteadyStateChecked(stage="before", met=None, detail=str(error))
        own = self._request is not None and self._request.path == experiment
        options = self._request.options if self._request is not None and own else ""
        answer = await self._query(HYPOTHESIS_LIMIT, "steady", text=text, path=path.name, options=options)
        met, detail = answer.get("ok"), str(answer.get("detail") or "")
        if not self._met.setdefault(experiment, bool(met or not answer.get("controlled"))):
            met, detail = True, exposure.ONLY_WITHIN
        return ev.SteadyStateChecked(stage="before", met=met, detail=detail)

    async def close(self) -> None:
        """End the process."""
        await self._queries.close()

    async def _query(self, limit: Seconds, word: str, **data: Any) -> Mapping[str, Any]:
        try:
            return await self._queries.ask(limit, word, **data)
        except NoAnswer as error:
            return {"ok": None, "detail": str(error)}


def _limit(probe: str) -> Seconds:
    try:
        declared = json.loads(probe).get("timeout")
    except (ValueError, AttributeError):
        return PROBE_LIMIT
    return float(declared) if isinstance(declared, int | float) else PROBE_LIMIT
