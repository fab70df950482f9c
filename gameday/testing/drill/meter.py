"""Guardrails' readings that the test sets."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from gameday.core.plans.scenario import Guardrail
from gameday.ports import Reading


@dataclass(kw_only=True, slots=True)
class FakeMeter:
    """`ports.Meter`: answers `reading`, or not at all while `hangs`; keeps what it was asked in `asked`."""

    reading: Reading = field(default_factory=lambda: Reading(breached=False))
    hangs: bool = False
    asked: list[Guardrail] = field(default_factory=list)

    async def read(self, guardrail: Guardrail) -> Reading:
        """Read a guardrail."""
        self.asked.append(guardrail)
        if self.hangs:
            await asyncio.Event().wait()
        return self.reading

    async def close(self) -> None:
        """Nothing was started."""
