"""Asking the probes of an experiment."""

from __future__ import annotations

from typing import Protocol

from gameday.core.facts import drill as ev


class Prober(Protocol):
    """Runs Chaos Toolkit probes in another process."""

    async def ask(self, probe: str) -> ev.ProbeJudged:
        """Run a probe once; `probe` is its JSON text, with its tolerance."""
        ...

    async def check_steady_state(self, experiment: str) -> ev.SteadyStateChecked:
        """Check the steady-state hypothesis of an experiment file; an experiment without one meets it."""
        ...
