"""What drills come to beside each other: bars, repeats, and whether it got worse.

Comes in: results of drills as `result.json` tells them. Goes out: verdicts with their figures.
Does not: read a history, or judge a drill anew; `core.judging.result` did.
"""

from gameday.core.trends.model import Baseline, FinishedDrill, Interval, StoredResult
from gameday.core.trends.noise import Comparison, Spread, compare, spread
from gameday.core.trends.report import Report, Row
from gameday.core.trends.thresholds import Check, Judgement, Thresholds, judge, together

__all__ = [
    "Baseline",
    "Check",
    "Comparison",
    "FinishedDrill",
    "Interval",
    "Judgement",
    "Report",
    "Row",
    "Spread",
    "StoredResult",
    "Thresholds",
    "compare",
    "judge",
    "spread",
    "together",
]
