"""Probes whose answers the test sets."""

from __future__ import annotations

from dataclasses import dataclass, field

from gameday.core.facts import drill as ev


@dataclass(kw_only=True, slots=True)
class FakeProber:
    """`ports.Prober`: None as an answer means that a probe can't be evaluated."""

    steady_met: bool | None = True
    answers: dict[str, bool | None] = field(default_factory=dict)

    async def ask(self, probe: str) -> ev.ProbeJudged:
        """Answer a probe; with true where the test set nothing."""
        return ev.ProbeJudged(probe=probe, ok=self.answers.get(probe, True))

    async def check_steady_state(self, experiment: str) -> ev.SteadyStateChecked:  # noqa: ARG002  # the port's
        """Judge the steady state."""
        return ev.SteadyStateChecked(stage="before", met=self.steady_met, detail="as the test says")
