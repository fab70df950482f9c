"""What drills come to beside each other: bars, repeats, and whether it got worse.

Comes in: results of drills as `result.json` tells them. Goes out: verdicts with their figures.
Does not: read a history, or judge a drill anew; `core.judging.result` did.
"""

from gameday.core.trends.model import Baseline, Ended, Interval, Told
from gameday.core.trends.noise import Comparison, Spread, compare, spread
from gameday.core.trends.report import Report, Row
from gameday.core.trends.thresholds import Bars, Check, Judgement, judge, together

__all__ = [
    "Bars",
    "Baseline",
    "Check",
    "Comparison",
    "Ended",
    "Interval",
    "Judgement",
    "Report",
    "Row",
    "Spread",
    "Told",
    "compare",
    "judge",
    "spread",
    "together",
]
