"""Judges all guardrails of one drill, from the injection to the end of the revert, until one trips."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gameday import ports
from gameday.conduct.background import cancel
from gameday.conduct.drill.guardrails.polled import PolledCheck
from gameday.core.facts import drill as ev
from gameday.core.values import Instant, Seconds

LOOK_INTERVAL: Seconds = 0.25
"""How often every guardrail is judged."""


class GuardrailCheck(Protocol):
    """One condition. `judge` gives what tripped it; empty while it holds."""

    @property
    def name(self) -> str:
        """The guardrail as people read it."""
        ...

    def judge(self, now: Instant) -> str:
        """Judge it at this instant."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Guard:
    """Judges all guardrails of one drill. `first` gives the first that trips."""

    checks: Sequence[GuardrailCheck]
    clock: ports.Clock

    async def first(self, wanted: Callable[[], bool]) -> ev.GuardrailTripped | None:
        """Judge until one trips; give it, or None as soon as it is no longer `wanted`."""
        # Sources are polled in tasks of their own: one that hangs must not keep the others from being judged,
        # and its own check sees by the age of the last answer that it hangs.
        polling = [
            asyncio.ensure_future(check.poll()) for check in self.checks if isinstance(check, PolledCheck)
        ]
        try:
            while wanted():
                tripped = self.judge(self.clock.now())
                if tripped is not None:
                    return tripped
                await self.clock.sleep(LOOK_INTERVAL)
            return None
        finally:
            await cancel(polling)

    def judge(self, now: Instant) -> ev.GuardrailTripped | None:
        """Judge every guardrail once; give the first that trips."""
        for check in self.checks:
            detail = check.judge(now)
            if detail:
                return ev.GuardrailTripped(guardrail=check.name, detail=detail)
        return None
