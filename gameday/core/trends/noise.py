"""Whether drills got slower beyond noise, and how far repeats lie apart.

It compares medians of comparable drills, and gives the ratio up to which the difference may be noise.
`thresholds` decides what that means for a pipeline.

The rule, in logarithms, because a doubling weighs the same everywhere:

    worse when  ln(median now / median before) > q · s · sqrt(c(now)/now + c(before)/before)

- s is the run-to-run standard deviation of the logarithm: of the baseline where it holds at least `FEW`
  times, but no less than `FLOOR`; else `ASSUMED`.
- c is 1 for one or two times, whose median is their mean, else π/2: the variance of a median against that
  of a mean, for many draws of a normal distribution.
- q is the quantile that noise alone passes in the share of comparisons that is allowed: of Student's t with
  the baseline's degrees of freedom where s was estimated, else of the normal distribution. All comparisons
  of a pipeline share `FALSE_ALARMS` between them, so that more scenarios don't mean more false alarms.

A time that was not reached counts as infinite; one that did not apply, because no user was affected, as zero.
Both have their place in a median.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from gameday.core.trends.model import StoredInterval
from gameday.core.values import Seconds, Verdict

ASSUMED = 0.5
"""Run-to-run log-sd where the baseline is too small to estimate it."""
FEW = 5
"""Fewer times than this give no estimate of their own spread."""
FLOOR = 0.05
"""Least log-sd, so that with times equal by chance 5 % more is no regression."""
FALSE_ALARMS = 0.01
"""How often noise alone is called worse, for a whole pipeline."""
RESOLUTION: Seconds = 0.1
"""Load is counted in buckets of this length; shorter times are equal."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """One time, now and before. Times in seconds, infinite where not reached.

    ratio  median now ÷ median before; None where one is infinite
    limit  the ratio up to which it may be noise
    sd     the run-to-run log-sd; `assumed` where the baseline was too small to tell
    """

    name: str
    now: tuple[Seconds, ...]
    before: tuple[Seconds, ...]
    ratio: float | None
    limit: float
    sd: float
    assumed: bool
    worse: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """How far repeats of one figure lie apart. A time that was not reached is infinite."""

    name: str
    values: tuple[float, ...]
    median: float
    low: float
    high: float


def took(interval: StoredInterval) -> Seconds | None:
    """Give how long it took: infinite when not reached, None when unknown or when nothing was to time."""
    if interval.seconds is not None:
        return interval.seconds
    if not interval.applies:
        return None
    cut_off = interval.at_least is not None or interval.verdict is Verdict.MISSED
    return math.inf if cut_off else None


def spread(name: str, values: Sequence[float]) -> Spread:
    """Describe repeats of one figure. Raises ValueError without any."""
    ordered = tuple(sorted(values))
    if not ordered:
        raise ValueError(f"no {name} to describe")
    return Spread(
        name=name, values=ordered, median=statistics.median(ordered), low=ordered[0], high=ordered[-1]
    )


def compare(
    name: str, now: Sequence[Seconds], before: Sequence[Seconds], *, alarms: float = FALSE_ALARMS
) -> Comparison:
    """Compare times with earlier ones by the rule above. Raises ValueError where either is empty.

    alarms: how often noise alone may be called worse, within 0..0.5.
    """
    if not now or not before:
        raise ValueError(f"no {name} to compare")
    sd, assumed = _spread_of(before)
    doubt = sd * math.sqrt(_variance(len(now)) + _variance(len(before)))
    limit = math.exp(quantile(alarms, None if assumed else len(_finite(before)) - 1) * doubt)
    later, earlier = statistics.median(map(_resolved, now)), statistics.median(map(_resolved, before))
    ratio = later / earlier if math.isfinite(earlier) and math.isfinite(later) else None
    return Comparison(
        name=name,
        now=tuple(sorted(now)),
        before=tuple(sorted(before)),
        ratio=ratio,
        limit=limit,
        sd=sd,
        assumed=assumed,
        worse=math.isfinite(earlier) and later / earlier > limit,
    )


def _resolved(seconds: Seconds) -> Seconds:
    # Zero has no logarithm, and below a bucket there is nothing to compare.
    return max(seconds, RESOLUTION)


def _finite(values: Sequence[Seconds]) -> list[Seconds]:
    return [value for value in values if math.isfinite(value)]


def _spread_of(before: Sequence[Seconds]) -> tuple[float, bool]:
    """Give the log-sd of earlier times, and whether it had to be assumed."""
    logs = [math.log(_resolved(value)) for value in _finite(before)]
    if len(logs) < FEW:
        return ASSUMED, True
    return max(FLOOR, statistics.stdev(logs)), False


def _variance(count: int) -> float:
    """Give the variance of a median of `count` draws, in variances of one draw."""
    return (1.0 if count <= 2 else math.pi / 2) / count


@cache
def quantile(beyond: float, freedom: int | None) -> float:
    """Give what Student's t passes with probability `beyond`, within 0..0.5; the normal for freedom None."""
    if freedom is None:
        return statistics.NormalDist().inv_cdf(1 - beyond)
    low, high = 0.0, 1.0
    while _beyond(high, freedom) > beyond:
        low, high = high, high * 2
    # Sixty halvings exhaust a double's precision.
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _beyond(middle, freedom) > beyond else (low, middle)
    return high


def _beyond(t: float, freedom: int) -> float:
    """Give the probability that Student's t passes t >= 0: Abramowitz and Stegun 26.7.3 and 26.7.4."""
    angle = math.atan(t / math.sqrt(freedom))
    odd = freedom % 2
    term = math.cos(angle) if odd else 1.0
    terms = [term] if freedom > 1 else []
    for k in range(2 + odd, freedom, 2):
        term *= math.cos(angle) ** 2 * (k - 1) / k
        terms.append(term)
    within = math.sin(angle) * math.fsum(terms)
    return (1 - (2 / math.pi * (angle + within) if odd else within)) / 2
