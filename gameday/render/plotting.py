"""The arithmetic of the impact chart: what to plot, at which x, with which ticks, labels side by side.

Downsampling is honest: one point stands for all windows within its pixel, and shows the least good
fraction and the greatest latency among them, so that a short failure never disappears.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gameday.core.facts.load import LoadHistory
from gameday.core.judging import series
from gameday.core.plans.scenario import Slo
from gameday.core.values import Instant, Seconds

FEW = 5.0
"""Below so many requests a second, one second shows too little; the SLO's own window is used instead."""
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """What users experienced from `start` to `end`. None: no request began, or none was answered."""

    start: Instant
    end: Instant
    good: float | None
    p95: float | None
    rate: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Plotted:
    """The points, and the window of each before they were joined, in seconds."""

    points: tuple[Point, ...] = ()
    window: Seconds = 1.0


def points(slo: Slo, load: LoadHistory, most: int) -> Plotted:
    """Give at most `most` points of an SLO over the whole load. Linear in the samples."""
    counted = series.count(slo, load)
    if not len(counted):
        return Plotted()
    seconds = len(counted) / series.PER_SECOND
    window = 1.0 if sum(counted.total) / seconds >= FEW else max(1.0, slo.window)
    width = round(window * series.PER_SECOND)
    latency = _p95(slo, load, counted.first, width)
    windows = [
        _window(counted, index, width, latency.get(index // width)) for index in range(0, len(counted), width)
    ]
    # Rounded up: at most `most` points, each of as many windows.
    joined = math.ceil(len(windows) / max(1, most))
    groups = (windows[i : i + joined] for i in range(0, len(windows), joined))
    return Plotted(points=tuple(_join(group) for group in groups), window=window)


def _p95(slo: Slo, load: LoadHistory, first: int, width: int) -> dict[int, float | None]:
    histograms: dict[int, dict[int, int]] = {}
    for chunk in series.matching(slo, load.chunks):
        base = chunk.start * series.PER_SECOND - first
        for at, number, count in zip(chunk.at, chunk.bin, chunk.count, strict=True):
            own = histograms.setdefault((base + at) // width, {})
            own[number] = own.get(number, 0) + count
    return {index: series.percentile(histogram, 0.95) for index, histogram in histograms.items()}


def _window(counted: series.Series, index: int, width: int, p95: float | None) -> Point:
    total, bad = sum(counted.total[index : index + width]), sum(counted.bad[index : index + width])
    # The last window may be cut off: its rate counts only what was observed.
    buckets = min(width, len(counted) - index)
    return Point(
        start=counted.at(index),
        end=counted.at(index + buckets),
        good=1.0 - bad / total if total else None,
        p95=p95,
        rate=total * series.PER_SECOND / buckets,
    )


def _join(group: Sequence[Point]) -> Point:
    good = [p.good for p in group if p.good is not None]
    p95 = [p.p95 for p in group if p.p95 is not None]
    return Point(
        start=group[0].start,
        end=group[-1].end,
        # The worst within the pixel: see the module's first lines.
        good=min(good, default=None),
        p95=max(p95, default=None),
        rate=sum(p.rate for p in group) / len(group),
    )


def ticks(start: float, end: float, most: int) -> tuple[float, ...]:
    """Give round times, in seconds, from `start` to `end`; zero is among them where it lies between."""
    step = next((s for s in _STEPS if (end - start) / s <= most), _STEPS[-1])
    # Multiples of the step, counted from the fault: so zero is among them.
    first = math.ceil(start / step)
    return tuple(float(number * step) for number in range(first, math.floor(end / step) + 1))


def tick_label(seconds: float) -> str:
    """Write a time since the fault for an axis: `−30 s`, `0`, `+2 min`, `+1 h 30`."""
    if not seconds:
        return "0"
    sign, whole = "−" if seconds < 0 else "+", round(abs(seconds))
    if whole < 60 or (whole < 120 and whole % 60):
        return f"{sign}{whole} s"
    if whole < 3600:
        return f"{sign}{whole // 60} min" if whole % 60 == 0 else f"{sign}{whole // 60}:{whole % 60:02d}"
    hours, minutes = divmod(whole // 60, 60)
    return f"{sign}{hours} h" if not minutes else f"{sign}{hours} h {minutes:02d}"


def ceiling(value: float) -> float:
    """Round up to a top of an axis whose half is round too."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next((n * power for n in (1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8) if value <= n * power), 10 * power)


@dataclass(frozen=True, kw_only=True, slots=True)
class Label:
    """A label at the x of its line. lane: 0 is the highest; left: it ends at the line."""

    x: float
    text: str
    lane: int
    left: bool
    low: float
    high: float


def place(marks: Sequence[tuple[float, str]], right_edge: float, character: float) -> tuple[Label, ...]:
    """Put labels into lanes so that none covers another, and lines cross texts only where none fits.

    marks: (x, text) in order of x. character: the mean width of one.
    """
    placed: list[Label] = []
    for x, text in marks:
        wide = len(text) * character + 8
        left = x + wide > right_edge
        low, high = (x - wide, x) if left else (x, x + wide)
        lanes = range(len(placed) + 1)
        lane = next((n for n in lanes if _free(placed, n, x, low, high)), None)
        if lane is None:
            # A crossed line is still readable, a covered text is not. There is always an empty lane.
            lane = next(n for n in lanes if not any(p.lane == n and _over(p, low, high) for p in placed))
        placed.append(Label(x=x, text=text, lane=lane, left=left, low=low, high=high))
    return tuple(placed)


def _over(other: Label, low: float, high: float) -> bool:
    return low < other.high and other.low < high


def _free(placed: Sequence[Label], lane: int, x: float, low: float, high: float) -> bool:
    for other in placed:
        if other.lane == lane and _over(other, low, high):
            return False
        if other.lane <= lane and low < other.x < high:
            return False  # its line goes down through our text
        if other.lane > lane and other.low < x < other.high:
            return False  # our line would go down through its text
    return True
