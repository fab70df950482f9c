"""Asking the probes of an experiment."""

from __future__ import annotations

from typing import Protocol

from gameday.core.facts import drill as ev


class Prober(Protocol):
    """Asks Chaos Toolkit probes, outside our process."""

    async def ask(self, probe: str) -> ev.ProbeJudged:
        """Ask one probe (JSON text with its tolerance) once."""
        ...

    async def check_steady_state(self, experiment: str) -> ev.SteadyStateChecked:
        """Judge the steady-state hypothesis of an experiment file; met when it has none."""
        ...
