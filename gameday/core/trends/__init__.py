"""Drills compared with each other: thresholds, repeats, and whether results got worse.

Works on results of drills as `result.json` has them. No history is read and no drill judged anew:
`core.judging.result` did that.
"""

from gameday.core.trends.model import Baseline, FinishedDrill, StoredInterval, StoredResult
from gameday.core.trends.noise import Comparison, Spread, compare, spread
from gameday.core.trends.report import Report, Row
from gameday.core.trends.thresholds import Check, Judgement, Thresholds, judge, together

__all__ = [
    "Baseline",
    "Check",
    "Comparison",
    "FinishedDrill",
    "Judgement",
    "Report",
    "Row",
    "Spread",
    "StoredInterval",
    "StoredResult",
    "Thresholds",
    "compare",
    "judge",
    "spread",
    "together",
]
