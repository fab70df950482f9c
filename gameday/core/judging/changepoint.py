"""Where a service turned bad and where it turned good again, looking both ways.

From a `Series` and the SLO's window, objective and least number of requests it finds the sustained stretches
of bad service, each from its first bad bucket to its last. It knows nothing of faults, milestones or teams.

Two steps, explained for reviewers in docs/reference/milestones.md. First, a window of the SLO's length
slides over the buckets and *breaches* when its good fraction is below the objective: that shows
that a stretch is there, but only to within a window. Second, the split that makes the buckets
around the breach most likely, as two periods with a constant share of bad requests each, locates where
it began; the same in reverse locates where it ended. It is the maximum-likelihood form of Page's
CUSUM (Page 1954, Hinkley 1970): an isolated bad request before or after the stretch costs the
split more than it gains, so it is not drawn in.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gameday.core.facts.merging import Numbers
from gameday.core.judging.series import PER_SECOND, Series
from gameday.core.plans.scenario import Slo

UNKNOWN, GOOD, BREACH = 0, 1, 2
"""The verdict on a window; unknown: it holds fewer requests than the SLO's least number."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WindowTest:
    """When a window breaches. `width` in buckets."""

    objective: float
    width: int
    least: int

    def judge(self, total: int, bad: int) -> int:
        """Judge a window by its counts. A single bad request among others is isolated and no breach."""
        if total < max(self.least, 1):
            return UNKNOWN
        # the tolerance keeps a fraction that equals the objective from breaching by rounding
        below = total - bad < self.objective * total * (1 - 1e-12)
        return BREACH if below and bad >= min(2, total) else GOOD


def window_test(slo: Slo, objective: float | None = None) -> WindowTest:
    """Make the test of an SLO, with another objective where one is given."""
    return WindowTest(
        objective=slo.objective if objective is None else objective,
        width=max(1, round(slo.window * PER_SECOND)),
        least=slo.min_requests,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """One sustained stretch, as indexes: its first bad bucket, its last bad one.

    shown  index after the first breached window: the earliest instant at which it could be known
    after  index of the first bucket after it in which a good request began; None while no whole
           window after it is judged good
    """

    first: int
    last: int
    shown: int
    after: int | None


def windows(series: Series, test: WindowTest) -> bytearray:
    """Judge every window; element i is the window that begins at index i."""
    total, bad = sums(series.total, test.width), sums(series.bad, test.width)
    # as in `WindowTest.judge`, for all windows at once
    below = total - bad < test.objective * total * (1 - 1e-12)
    breach = below & (bad >= np.minimum(2, total))
    judged = np.where(total < max(test.least, 1), UNKNOWN, np.where(breach, BREACH, GOOD))
    return bytearray(judged.astype(np.uint8).tobytes())


def sums(counts: Sequence[int] | Numbers, width: int) -> Numbers:
    """Give the sum over each window of `width` buckets; element i begins at index i."""
    # prefix sums: each window costs one subtraction, whatever its width
    reached = np.concatenate(([0], np.cumsum(counts, dtype=np.int64)))
    return reached[width:] - reached[:-width]


def seen(judged: bytearray, width: int) -> list[bool]:
    """Give for each bucket whether any window that holds it can be judged; element i is the window's i."""
    edge = bytes(width - 1)
    found: list[bool] = (sums(np.frombuffer(edge + judged + edge, dtype=np.uint8), width) > UNKNOWN).tolist()
    return found


def spans(series: Series, test: WindowTest) -> tuple[Span, ...]:
    """Find the sustained stretches, in order. Linear in the number of buckets.

    Two are separate when a whole window between the last bad bucket of the one and the first of the
    other is judged good. Windows that can't be judged, as in silence, separate nothing.
    """
    judged, width = windows(series, test), test.width
    spans: list[Span] = []
    for begin, end, following in _runs(judged):
        # No bucket belongs to two stretches.
        floor = spans[-1].last + 1 if spans else 0
        opening, closing = range(max(floor, begin), begin + width), range(end, end + width)
        first = _onset(series, max(floor, begin - width), opening)
        high = len(series) if following is None else max(closing.stop, following)
        # Up to a width beyond the window: without a better period after it there is nothing to split.
        last = _last_bad(series, closing, min(end + 2 * width, high))
        # a good window must lie wholly between the two: windows that say nothing, as in silence, part nothing
        apart = first >= 0 and judged.find(GOOD, floor, max(0, first - width + 1)) >= 0
        shown = opening.stop
        if spans and not apart:  # one stretch after all: it keeps the onset that was found first
            earlier = spans.pop()
            first, last, shown = earlier.first, max(earlier.last, last), earlier.shown
        last = max(first, last)
        spans.append(Span(first=first, last=last, shown=shown, after=_after(series, judged, last)))
    return tuple(spans)


_RUN = re.compile(b"%c(?:[^%c]*%c)?" % (BREACH, GOOD, BREACH), re.DOTALL)
"""Breached windows without a good one between them, from the first to the last."""


def _runs(judged: bytearray) -> Iterator[tuple[int, int, int | None]]:
    """Give each run of breached windows that no good one breaks: first, last, and the next run's first."""
    runs = [(run.start(), run.end() - 1) for run in _RUN.finditer(judged)]
    for number, (begin, end) in enumerate(runs, 1):
        yield begin, end, runs[number][0] if number < len(runs) else None


def _onset(series: Series, low: int, window: range) -> int:
    """Find the bad bucket of the first breached window at which a worse period most likely began."""
    return _split(series.total, series.bad, range(low, window.stop), window)


def _last_bad(series: Series, window: range, high: int) -> int:
    """Find the last bad bucket of the last breached window's worse period: the onset in reverse."""
    return _split(series.total, series.bad, range(high - 1, window.start - 1, -1), window)


def _split(total: Sequence[int], bad: Sequence[int], walk: range, window: range) -> int:
    """Find the bad bucket of the window at which the walk best falls into a better and a worse part.

    -1 where the window holds no bad request.
    """
    all_total, all_bad = sum(total[i] for i in walk), sum(bad[i] for i in walk)
    best, split = -math.inf, -1
    passed_total = passed_bad = 0
    for index in walk:
        if bad[index] and index in window:
            rest_total, rest_bad = all_total - passed_total, all_bad - passed_bad
            # the likelihood is as great where service gets better, but what follows must be the worse part
            worse = rest_bad * passed_total >= passed_bad * rest_total
            likelihood = _likelihood(passed_total, passed_bad) + _likelihood(rest_total, rest_bad)
            # The first bad bucket is taken in any case: a breached window always has an onset.
            if split < 0 or (worse and likelihood > best):
                best, split = likelihood if worse else -math.inf, index
        passed_total += total[index]
        passed_bad += bad[index]
    return split


def _likelihood(total: int, bad: int) -> float:
    """Give the greatest log-likelihood of so many bad requests at a constant share."""
    good = total - bad
    if not bad or not good:  # a certain outcome has likelihood 1, and the formula would ask for log(0)
        return 0.0
    return bad * math.log(bad / total) + good * math.log(good / total)


def _after(series: Series, judged: bytearray, last: int) -> int | None:
    """Find the first bucket with a good request after `last`, if a whole window there is good."""
    if judged.find(GOOD, last + 1) < 0:
        return None
    following = range(last + 1, len(series))
    return next((i for i in following if series.total[i] > series.bad[i]), None)
