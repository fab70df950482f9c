"""Reading guardrails whose source is outside the load.

The class that a guardrail kind names as its meter (`formats.scenario.guardrails`) is a `Meter` with a class
method `open(context: MeterContext)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gameday.core.plans.scenario import Guardrail
from gameday.core.values import DrillId


@dataclass(frozen=True, kw_only=True, slots=True)
class MeterContext:
    """What meters are opened with.

    workspace   the folder in which processes of the drill work
    prometheus  the URL of the environment's Prometheus; empty: it has none
    """

    drill: DrillId
    workspace: Path
    prometheus: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """The state of a guardrail now. breached None: it could not be evaluated; `detail` says why."""

    breached: bool | None
    detail: str = ""


class Meter(Protocol):
    """Reads the guardrails of one kind: Prometheus queries, CloudWatch alarms."""

    async def read(self, guardrail: Guardrail) -> Reading:
        """Read one guardrail once, within a time limit; never raises."""
        ...

    async def close(self) -> None:
        """End what was started in order to read."""
        ...
