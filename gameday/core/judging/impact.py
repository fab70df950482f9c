"""Whether users were affected, from when to when, and how badly.

`measure` gives the `Impact` of a whole history, to the bucket; `service` gives the present `ServiceLevel` of
each SLO for the live view.

Only what began after the fault is impact. Requests that were in flight when the fault took effect belong
to it: their stretch starts at the fault. A service that was already bad at that point can't be judged:
what was wrong before and what the fault did can't be separated.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gameday.core.facts import drill as ev
from gameday.core.facts.history import History
from gameday.core.facts.load import BINS, BUCKETS_PER_CHUNK, STEPS, Chunk, LoadHistory
from gameday.core.judging import changepoint, series
from gameday.core.judging.changepoint import BREACH, GOOD
from gameday.core.judging.series import Series, Starts
from gameday.core.plans.scenario import Slo
from gameday.core.values import Instant, Seconds, format_duration, instant

IN_FLIGHT = 1.0
"""Seconds before the fault within which a request may have been in flight, or the threshold if longer."""
UNSEEN = 0.25
"""The share of the fault's time that may lie in windows with too few requests, for an SLO to be judged."""

ALWAYS = Instant(0.0)
"""Before every drill."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bound:
    """An instant with the interval in which it must lie."""

    at: Instant
    earliest: Instant
    latest: Instant


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """One sustained stretch of bad service of one SLO; `end` None: it lasted to the last sample.

    shown    the end of the first window that breached: the earliest instant at which it could be known
    buckets  the buckets, counted from the epoch, whose requests it holds
    """

    start: Bound
    end: Bound | None
    shown: Instant = ALWAYS
    buckets: range = range(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class SloImpact:
    """What one SLO's users experienced between the fault and the end of the samples.

    good        good fraction during the impact (1.0 without one)
    worst       least good fraction of any window
    p50, p95    response time in milliseconds, (baseline, impact); None where nothing completed
    budget      share of the impact's allowed bad requests that was used: bad / ((1-objective)*requests)
    outage      seconds of total outage that would have been as bad; it only grows while users are affected
    judged      False: it can't be judged; `why` explains it
    trouble     there was a sustained bad stretch before the fault
    """

    slo: str
    judged: bool
    stretches: tuple[Stretch, ...] = ()
    requests: int = 0
    bad: int = 0
    good: float = 1.0
    worst: float = 1.0
    baseline_good: float | None = None
    p50: tuple[float | None, float | None] = (None, None)
    p95: tuple[float | None, float | None] = (None, None)
    budget: float = 0.0
    outage: Seconds = 0.0
    trouble: bool = False
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Impact:
    """What users experienced. `ended` None: it has not; `seconds`: the union of all SLOs' bad stretches."""

    started: Bound | None = None
    ended: Bound | None = None
    requests: int = 0
    bad: int = 0
    seconds: Seconds = 0.0
    worst_slo: str = ""
    worst_good: float = 1.0
    slos: tuple[SloImpact, ...] = ()

    @property
    def judged(self) -> bool:
        """Whether every SLO could be judged; False also where the scenario has no SLO."""
        return bool(self.slos) and all(one.judged for one in self.slos)


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceLevel:
    """One SLO now, for the live view, guardrails and the release of a hold.

    good      good fraction of the last window; None while it holds too few requests
    judged    the window can be judged, or is known to be bad because users hang in it
    held_for  seconds since the service has been good without a break, including a whole good window
              after the last bad request; 0.0 while it is not
    bad_for   seconds since it has been bad without a break; 0.0 while it is not
    """

    slo: str
    good: float | None
    requests: int
    judged: bool
    held_for: Seconds = 0.0
    bad_for: Seconds = 0.0


def measure(history: History) -> Impact:
    """Judge every SLO that load can judge. Linear in samples: about 0.5 µs a request and SLO.

    Without a fault there are no stretches: only the baseline of each SLO is measured. Raises LookupError
    for a history without a plan.
    """
    injected = history.first(ev.FaultInjected)
    fault = injected.at if injected else None
    slos = history.plan.scenario.slos
    undone = history.last(ev.FaultReverted)
    over = Instant(history.load.until) if undone is None else undone.at
    judged = tuple(_judge(slo, history.load, fault, over) for slo in slos)
    stretches = [stretch for slo in judged for stretch in slo.stretches]
    if not stretches:
        return Impact(slos=judged)
    parts = _union(stretches, Instant(history.load.until))
    requests, bad = _total(slos, history.load, _joined(stretch.buckets for stretch in stretches))
    # The name decides between equals, so that the same history gives the same bytes.
    worst = min((slo for slo in judged if slo.stretches), key=lambda slo: (slo.worst, slo.slo))
    return Impact(
        started=min((stretch.start for stretch in stretches), key=lambda bound: bound.at),
        ended=_last_end(stretches),
        requests=requests,
        bad=bad,
        # Six digits, as stored instants have: what lies beyond is noise of the sums.
        seconds=round(sum(end - start for start, end in parts), 6),
        worst_slo=worst.slo,
        worst_good=worst.worst,
        slos=judged,
    )


def stretches_below(
    slo: Slo, counted: Series, fault: Instant, objective: float, *, until: Instant
) -> tuple[Stretch, ...]:
    """Find the sustained stretches after a fault in which an SLO, counted once, was below an objective.

    until: stretches that began later are left out, because they were unknown then.
    """
    known = counted if until >= counted.at(len(counted)) else counted.until(counted.index(until))
    return _stretches(known, slo, fault, objective)


def service(slos: Sequence[Slo], load: LoadHistory, now: Instant) -> tuple[ServiceLevel, ...]:
    """Give each SLO's present level from a slice of the latest samples, for example the last minute.

    `held_for` and `bad_for` reach back at most to the slice's beginning. A window without a
    completed request in which users hang is bad, not silent.
    """
    return tuple(_level(slo, load, now) for slo in slos if slo.source == "load")


def breached(slos: Sequence[Slo], load: LoadHistory, now: Instant) -> bool:
    """Report whether an SLO's last window breaches however the requests that are open will end.

    A live view that took the requests that ended first for all of them would see users affected where the
    judgement, which knows how the slower ones ended, sees none.
    """
    return any(
        level.judged and level.bad_for > 0
        for level in (_level(slo, load, now, pending=True) for slo in slos if slo.source == "load")
    )


def fullest(slo: Slo, load: LoadHistory) -> float:
    """Give the most requests that a window of an SLO holds.

    Where load was observed for less than a window, as many as a whole window would hold at that rate.
    """
    counted = series.count(slo, load)
    width = changepoint.window_test(slo).width
    began = next((index for index, total in enumerate(counted.total) if total), len(counted))
    observed = len(counted) - began
    if 0 < observed < width:
        return sum(counted.total) * width / observed
    return int(changepoint.sums(counted.total, width).max(initial=0))


def _judge(slo: Slo, load: LoadHistory, fault: Instant | None, over: Instant) -> SloImpact:
    if slo.source != "load":
        return SloImpact(slo=slo.slo, judged=False, why=f"its source is {slo.source}, not load")
    counted = series.count(slo, load)
    # Without a fault the whole of it is baseline.
    onset = len(counted) if fault is None else counted.index(fault)
    # what was in flight when the fault took effect belongs to the fault, so trouble is looked for before it
    before = counted.until(counted.index(fault - _in_flight(slo)) if fault is not None else onset)
    requests, bad = sum(counted.total[:onset]), sum(before.bad)
    baseline = 1.0 - bad / requests if requests else None
    troubled, bad_at_fault = _trouble(before, slo)
    if not requests or (fault is not None and bad_at_fault):
        why = (
            "the service was already bad before the fault"
            if requests
            else "no request matched before the fault"
        )
        return SloImpact(slo=slo.slo, judged=False, baseline_good=baseline, trouble=troubled, why=why)
    if fault is None:
        return SloImpact(slo=slo.slo, judged=True, baseline_good=baseline, trouble=troubled)
    stretches = _stretches(counted, slo, fault, slo.objective)
    why = "" if stretches else _too_thin(counted, slo, fault, over)
    if why:
        return SloImpact(slo=slo.slo, judged=False, baseline_good=baseline, trouble=troubled, why=why)
    zones = _zones(counted, onset, stretches)
    old, new = _histograms(counted.chunks, counted.first, zones)
    during = [index for index, zone in enumerate(zones) if zone == _IMPACT]
    affected, hit = sum(counted.total[i] for i in during), sum(counted.bad[i] for i in during)
    return SloImpact(
        slo=slo.slo,
        judged=True,
        stretches=stretches,
        requests=affected,
        bad=hit,
        good=1.0 - hit / affected if affected else 1.0,
        worst=_worst(counted.without_bad_before(_cut(counted, slo, fault)), slo, onset),
        baseline_good=baseline,
        p50=(series.percentile(old, 0.5), series.percentile(new, 0.5)),
        p95=(series.percentile(old, 0.95), series.percentile(new, 0.95)),
        budget=_budget(slo, affected, hit),
        outage=_outage(counted, during),
        trouble=troubled,
    )


def _too_thin(counted: Series, slo: Slo, fault: Instant, over: Instant) -> str:
    """Give why an SLO without a bad stretch can't be called met while the fault was in force; empty: it can.

    Where windows hold too few requests to be judged, no stretch can be found, whatever the users met.
    """
    test, onset = changepoint.window_test(slo), counted.index(fault)
    if not sum(counted.total[onset:]):
        return "no request was observed after the fault"
    after = counted.without_bad_before(_cut(counted, slo, fault))
    held = range(onset, max(counted.index(over), onset + 1))
    seen = changepoint.seen(changepoint.windows(after, test)[onset:], test.width)
    unseen = [bucket for bucket, known in zip(held, seen, strict=False) if not known]
    unseen += held[len(seen) :]
    requests, bad = sum(after.total[i] for i in unseen), sum(after.bad[i] for i in unseen)
    # a single bad request among others is isolated, here as in a window
    if len(unseen) <= UNSEEN * len(held) and bad < min(2, max(1, requests)):
        return ""
    needed = f"a window of {format_duration(slo.window)} needs {test.least} requests to be judged"
    if not bad:
        return f"{needed}, and too few began while the fault was in force"
    return f"{needed}; of those that began where there were fewer, {bad} of {requests} were bad"


def _in_flight(slo: Slo) -> Seconds:
    return max(IN_FLIGHT, slo.latency or 0.0)


def _cut(counted: Series, slo: Slo, fault: Instant) -> int:
    return counted.index(fault - _in_flight(slo))


def _trouble(before: Series, slo: Slo) -> tuple[bool, bool]:
    """Give whether there was a bad stretch before the fault, and whether it lasted up to it."""
    judged = changepoint.windows(before, changepoint.window_test(slo))
    return BREACH in judged, bool(judged) and judged[-1] == BREACH


def _stretches(counted: Series, slo: Slo, fault: Instant, objective: float) -> tuple[Stretch, ...]:
    """Find the stretches after the fault.

    Bad requests before it are left out, but the good ones stay: where all users hang at once, only
    these give the first window enough requests to be judged.
    """
    after = counted.without_bad_before(_cut(counted, slo, fault))
    spans = changepoint.spans(after, changepoint.window_test(slo, objective))
    return tuple(_stretch(after, span, fault) for span in spans)


def _stretch(counted: Series, found: changepoint.Span, fault: Instant) -> Stretch:
    span = _sharpened(counted, found)
    start, end = _not_before(_start(counted, span.first), fault), _end(counted, span)
    first = max(span.first, counted.index(fault))
    last = len(counted) if span.after is None else max(span.after, span.last + 1)
    return Stretch(
        start=start,
        end=None if end is None else _not_before(end, start.at),
        shown=counted.at(span.shown),
        buckets=range(counted.first + first, counted.first + last),
    )


def _sharpened(counted: Series, span: changepoint.Span) -> changepoint.Span:
    """Take in the bucket next to a stretch in which the service turned.

    As a whole it is neither good nor bad, so that the split may leave it out. Where all its bad requests
    began on the stretch's side of all its good ones, they belong to the stretch.
    """
    first, last = span.first, span.last
    if first > 0 and counted.bad[first - 1]:
        before = counted.starts(first - 1)
        first -= before.bad is not None and (before.good is None or before.good[1] <= before.bad[0])
    if last + 1 < len(counted) and counted.bad[last + 1]:
        next_ = counted.starts(last + 1)
        last += next_.bad is not None and (next_.good is None or next_.good[0] >= next_.bad[1])
    return replace(span, first=first, last=last)


def _not_before(bound: Bound, least: Instant) -> Bound:
    return Bound(
        at=max(bound.at, least), earliest=max(bound.earliest, least), latest=max(bound.latest, least)
    )


def _start(counted: Series, first: int) -> Bound:
    """Find when the first bad request of a stretch began, and the good one after which that must lie."""
    within = counted.starts(first)
    step, width = (within.bad[0], 1) if within.bad is not None else (0, STEPS)
    return Bound(
        at=counted.at(first, step),
        earliest=_last_good(counted, first, within),
        latest=counted.at(first, step + width),
    )


def _last_good(counted: Series, first: int, within: Starts) -> Instant:
    """Find the last good request that is known to have begun before the first bad one of a bucket."""
    if within.bad is not None and within.good is not None and within.good[0] <= within.bad[0]:
        # only the first and the last are known: where the last came after the bad one, the first must do
        return counted.at(first, within.good[within.good[1] <= within.bad[0]])
    before = next((i for i in range(first - 1, -1, -1) if counted.total[i] > counted.bad[i]), None)
    if before is None:
        return counted.at(first)
    good = counted.starts(before).good
    return counted.at(before, 0 if good is None else good[1])


def _end(counted: Series, span: changepoint.Span) -> Bound | None:
    """Find when the first good request after a stretch began, and the bad one after which that must lie."""
    if span.after is None:
        return None
    last, after = counted.starts(span.last), counted.starts(span.after)
    earliest = counted.at(span.last, 0 if last.bad is None else last.bad[1])
    if last.bad is not None and last.good is not None and last.good[1] >= last.bad[1]:
        # Good ones in the last bad one's bucket count, too, else the end were up to 100 ms late. Of them only
        # the first and the last start are known: the first after the bad one lies in between.
        step = max(last.good[0], min(last.bad[1] + 1, last.good[1]))
        latest = instant(counted.at(span.last, last.good[1] + 1) + last.answered)
        return Bound(at=counted.at(span.last, step), earliest=earliest, latest=latest)
    step, width = (0, STEPS) if after.good is None else (after.good[0], 1)
    # Answered in time, it is good from its start; but it may have hung until just before its answer.
    latest = instant(counted.at(span.after, step + width) + after.answered)
    return Bound(at=counted.at(span.after, step), earliest=earliest, latest=latest)


def _last_end(stretches: Iterable[Stretch]) -> Bound | None:
    ends = [stretch.end for stretch in stretches]
    known = [end for end in ends if end is not None]
    # One stretch without an end is enough: then users are still affected.
    return max(known, key=lambda bound: bound.at) if len(known) == len(ends) else None


def _union(stretches: Iterable[Stretch], until: Instant) -> list[tuple[Instant, Instant]]:
    """Join the times of stretches that overlap; an open one reaches to `until`."""
    joined: list[tuple[Instant, Instant]] = []
    for stretch in sorted(stretches, key=lambda stretch: stretch.start.at):
        start = stretch.start.at
        end = stretch.end.at if stretch.end else max(until, start)
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _joined(parts: Iterable[range]) -> list[range]:
    """Join ranges of buckets that overlap."""
    joined: list[range] = []
    for part in sorted(parts, key=lambda part: part.start):
        if joined and part.start <= joined[-1].stop:
            joined[-1] = range(joined[-1].start, max(joined[-1].stop, part.stop))
        else:
            joined.append(part)
    return joined


_BASELINE, _IMPACT = 1, 2


def _zones(counted: Series, onset: int, stretches: Iterable[Stretch]) -> bytearray:
    """Mark each bucket as baseline, impact or neither (0)."""
    zones = bytearray(len(counted))
    zones[:onset] = bytes([_BASELINE]) * onset
    for stretch in stretches:
        first, last = stretch.buckets.start - counted.first, stretch.buckets.stop - counted.first
        zones[first:last] = bytes([_IMPACT]) * (last - first)
    return zones


def _histograms(
    chunks: Sequence[Chunk], first: int, zones: bytearray
) -> tuple[dict[int, int], dict[int, int]]:
    """Count completed successes by latency bin, in the baseline and in the impact."""
    # the last chunk may extend past what was observed
    where = np.frombuffer(zones + bytes(BUCKETS_PER_CHUNK), dtype=np.uint8)
    counts = {zone: np.zeros(BINS, dtype=np.int64) for zone in (_BASELINE, _IMPACT)}
    for block in series.blocks(chunks):
        zone, bins, count = where[block.places("at", first)], block.column("bin"), block.column("count")
        for wanted in counts:
            counts[wanted] += series.sums(bins[zone == wanted], count[zone == wanted], BINS)
    baseline, during = (
        {int(number): int(histogram[number]) for number in histogram.nonzero()[0]}
        for histogram in counts.values()
    )
    return baseline, during


def _worst(after: Series, slo: Slo, onset: int) -> float:
    """Give the least good fraction of any window that can be judged and ends after the fault."""
    test = changepoint.window_test(slo)
    first = max(0, onset - test.width + 1)  # the first window that ends after the fault
    totals = changepoint.sums(after.total[first:], test.width)
    bads = changepoint.sums(after.bad[first:], test.width)
    enough = totals >= max(test.least, 1)
    return 1.0 - float((bads[enough] / totals[enough]).max(initial=0.0))


def _budget(slo: Slo, requests: int, bad: int) -> float:
    """Give bad requests as a multiple of those that the objective allows; 100 % counts as just below it."""
    allowed = max(1.0 - slo.objective, 1e-6) * requests
    return round(bad / allowed, 6) if allowed else 0.0


def _outage(counted: Series, during: Iterable[int]) -> Seconds:
    """Add up the time of the buckets in the impact, each by its share of bad requests.

    By time and not by requests: where users hang they send few, and each of them waits all the same. A
    bucket in which no request began is taken to be as bad as the last one before it.
    """
    seconds = share = 0.0
    for index in during:
        if counted.total[index]:
            share = counted.bad[index] / counted.total[index]
        seconds += share
    return round(seconds / series.PER_SECOND, 6)


def _total(slos: Iterable[Slo], load: LoadHistory, parts: Sequence[range]) -> tuple[int, int]:
    """Count each request in the impact once, bad by the strictest SLO that matches its name."""
    strictest: dict[tuple[str, str], tuple[int, Seconds]] = {}
    for slo in (slo for slo in slos if slo.source == "load"):
        own = series.slow_from(slo.latency), slo.latency or series.OPEN_LIMIT
        for key in {(chunk.type, chunk.name) for chunk in series.count(slo, load).chunks}:
            cut, limit = strictest.get(key, own)
            # Each name by one rule: a request that several SLOs match is counted once.
            strictest[key] = (min(cut, own[0]), min(limit, own[1]))
    by_rule: dict[tuple[int, Seconds], list[Chunk]] = defaultdict(list)
    for chunk in load.chunks:
        rule = strictest.get((chunk.type, chunk.name))
        if rule and _touches(chunk, parts):
            by_rule[rule].append(chunk)
    requests = bad = 0
    for (cut, limit), chunks in by_rule.items():
        counted = series.build(chunks, load, cut, limit)
        for part in parts:
            first, last = part.start - counted.first, part.stop - counted.first
            requests += sum(counted.total[first:last])
            bad += sum(counted.bad[first:last])
    return requests, bad


def _touches(chunk: Chunk, parts: Sequence[range]) -> bool:
    first = chunk.start * series.PER_SECOND
    last = bisect_right(parts, first + BUCKETS_PER_CHUNK, key=lambda part: part.start) - 1
    return last >= 0 and parts[last].stop > first


def _level(slo: Slo, load: LoadHistory, now: Instant, *, pending: bool = False) -> ServiceLevel:
    counted = series.count(slo, load, pending=pending)
    test = changepoint.window_test(slo)
    judged = changepoint.windows(counted, test)
    # where all users hang, windows hold too few requests to say anything, and a good time would seem to go on
    _mark_hung(counted, judged, test.width)
    total, bad = sum(counted.total[-test.width :]), sum(counted.bad[-test.width :])
    state = judged[-1] if judged else test.judge(total, bad)
    enough = total >= max(test.least, 1)
    hanging = state == BREACH and not enough
    return ServiceLevel(
        slo=slo.slo,
        good=1.0 - bad / total if enough else (0.0 if hanging else None),
        requests=total,
        judged=enough or hanging,
        held_for=_held(counted, judged, test, now) if state == GOOD else 0.0,
        bad_for=_lasting(counted, judged, test.width, now) if state == BREACH else 0.0,
    )


def _held(counted: Series, judged: bytearray, test: changepoint.WindowTest, now: Instant) -> Seconds:
    """Give for how long the service has held: never longer than the judgement afterwards will find."""
    since = _lasting(counted, judged, test.width, now)
    spans = changepoint.spans(counted, test)
    if not spans:
        return since
    # a window may be good with a bad request in it; `measure` counts from the first good one after that
    end = _end(counted, _sharpened(counted, spans[-1]))
    return 0.0 if end is None else min(since, max(0.0, instant(now - end.at)))


def _mark_hung(counted: Series, judged: bytearray, width: int) -> None:
    """Mark a window as bad in which no request completes while older ones hang."""
    completed = sum(counted.total[: width - 1]) - sum(counted.hung[: width - 1])
    hanging = sum(counted.hung[: width - 1])
    for start in range(len(judged)):
        end = start + width - 1
        completed += counted.total[end] - counted.hung[end]
        hanging += counted.hung[end]
        if hanging and not completed:
            judged[start] = BREACH
        completed -= counted.total[start] - counted.hung[start]


def _lasting(counted: Series, judged: bytearray, width: int, now: Instant) -> Seconds:
    """Give for how long windows have agreed with the last one; those that can't be judged don't break it."""
    if not judged:
        return 0.0
    other = BREACH if judged[-1] == GOOD else GOOD
    turned = judged.rfind(other) + 1
    began = next(i for i in range(turned, len(judged)) if judged[i] == judged[-1])
    return max(0.0, instant(now - counted.at(began + width)))
