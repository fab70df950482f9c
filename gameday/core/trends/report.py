"""The result of one pipeline's drills: each scenario with its judgement, and all of them together.

`render.pipeline` draws it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gameday.core.errors import ExitCode, worst
from gameday.core.trends.model import FinishedDrill
from gameday.core.trends.thresholds import Judgement
from gameday.core.values import Seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One scenario on one environment.

    file   the scenario's file as a CI system names it; lines: the line in it that each check is about
    """

    scenario: str
    file: str
    environment: str
    drills: tuple[FinishedDrill, ...]
    judgement: Judgement
    lines: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """All scenarios of one `gameday ci`. stopped: why it ended early; empty: it did not."""

    rows: tuple[Row, ...]
    seconds: Seconds
    stopped: str = ""

    @property
    def code(self) -> ExitCode:
        """The exit code: the worst of all."""
        return worst(row.judgement.code for row in self.rows)
