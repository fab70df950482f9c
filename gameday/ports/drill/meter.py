"""Reading guardrails whose source is outside the load."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gameday.core.plans.scenario import Guardrail


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What a guardrail's source says now. breached None: it could not be evaluated; `detail` says why."""

    breached: bool | None
    detail: str = ""


class Meter(Protocol):
    """Reads what guardrails name outside the load: Prometheus queries, CloudWatch alarms."""

    async def read(self, guardrail: Guardrail) -> Reading:
        """Read one guardrail once, within a time limit; never raises."""
        ...

    async def close(self) -> None:
        """End what was started for reading."""
        ...
