"""The bars that a pipeline sets: score, objectives, baseline, and the same verdict each time.

Comes in: drills of one scenario as they ended, bars. Goes out: a `Judgement`, with an exit code.
Does not: pass what could not be verified.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gameday.core.errors import ExitCode, worst
from gameday.core.trends.model import Baseline, FinishedDrill, Interval, StoredResult
from gameday.core.trends.noise import FALSE_ALARMS, Comparison, Spread, compare, spread, took
from gameday.core.values import Outcome, Seconds, Verdict, format_duration

NAMES = ("detect", "contain", "recover")
_OF_VERDICT = {
    Verdict.MET: ExitCode.PASSED,
    Verdict.PARTIAL: ExitCode.FAILED,
    Verdict.MISSED: ExitCode.FAILED,
    Verdict.UNKNOWN: ExitCode.INCONCLUSIVE,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Thresholds:
    """fail_under: least points; None: the scorecard's own `pass`. baseline None: not compared.

    scenarios  how many are compared in one pipeline; they share the false alarms that noise may give
    """

    fail_under: float | None = None
    baseline: Baseline | None = None
    scenarios: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One thing that was checked. code: as an exit code; skipped: it does not apply, and `said` says why."""

    name: str
    code: ExitCode
    said: str = ""
    seconds: Seconds = 0.0
    skipped: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """What the drills of one scenario come to. flaky: some passed and some failed.

    codes: the verdict of each drill, in the order in which they were played
    """

    code: ExitCode
    flaky: bool
    codes: tuple[ExitCode, ...]
    checks: tuple[Check, ...]
    spreads: tuple[Spread, ...] = ()
    comparisons: tuple[Comparison, ...] = ()


def together(codes: Sequence[int]) -> ExitCode:
    """Give the verdict of repeats: the worst, where what passed and failed is inconclusive."""
    if not flaky(codes):
        return worst(codes)
    return worst(ExitCode.INCONCLUSIVE if code == ExitCode.FAILED else code for code in codes)


def flaky(codes: Iterable[int]) -> bool:
    """Tell whether repeats contradict each other."""
    return {ExitCode.PASSED, ExitCode.FAILED} <= set(codes)


def judge(drills: Sequence[FinishedDrill], bars: Thresholds) -> Judgement:
    """Judge the drills of one scenario by the bars."""
    each = [_of_drill(ended, bars) for ended in drills]
    codes = tuple(worst(check.code for check in checks) for checks in each)
    told = [ended.told for ended in drills if ended.told is not None and ended.told.judged]
    comparisons = _comparisons(told, bars) if bars.baseline else ()
    checks = (*_merged(each), *(_against(told, comparisons, bars.baseline) if bars.baseline else ()))
    whole = together(codes)
    return Judgement(
        code=worst((whole, *(check.code for check in checks))),
        flaky=flaky(codes),
        codes=codes,
        checks=checks,
        spreads=_spreads(told),
        comparisons=comparisons,
    )


# --- one drill ---


def _of_drill(ended: FinishedDrill, bars: Thresholds) -> tuple[Check, ...]:
    """Check one drill. Only what was played to its end and judged is held against the bars."""
    told = ended.told
    played = ended.code in (ExitCode.PASSED, ExitCode.FAILED)
    if not played or told is None or not told.judged or not told.reverted:
        return (_unjudged(ended),)
    return (
        _score(told, bars.fail_under, ended.seconds),
        *(_objective(interval, told) for interval in told.intervals),
    )


def _unjudged(ended: FinishedDrill) -> Check:
    told = ended.told
    code = worst([ended.code])
    if told is None:
        why = ended.why or "it left no result"
        code = ExitCode.INTERNAL if code in (ExitCode.PASSED, ExitCode.FAILED) else code
    else:
        code = ExitCode.INCONCLUSIVE if code in (ExitCode.PASSED, ExitCode.FAILED) else code
        code = code if told.reverted else ExitCode.FAULT_IN_FORCE
        outcome = "" if told.outcome == code.word else told.outcome
        why = told.error or ": ".join(filter(None, (outcome, told.why)))
    said = f"{code.word}: {why}" if why else code.word
    return Check(name="scenario", code=code, said=said, seconds=ended.seconds)


def _score(told: StoredResult, fail_under: float | None, seconds: Seconds) -> Check:
    if told.points is None:
        code = ExitCode.FAILED if told.score_verdict == "gated" else ExitCode.INCONCLUSIVE
        said = f"{told.score_verdict}{f': {told.why}' if told.why else ''}"
    elif fail_under is not None:
        code = ExitCode.PASSED if told.points >= fail_under else ExitCode.FAILED
        said = f"{told.points:.1f} points; the bar is {fail_under:g}"
    else:
        code = ExitCode.PASSED if told.passed else ExitCode.FAILED
        said = f"{told.points:.1f} points; {'enough' if told.passed else 'not enough'} for the scorecard"
    return Check(name="scenario", code=code, said=f"{told.came_to}: {said}", seconds=seconds)


def _objective(interval: Interval, told: StoredResult) -> Check:
    name = f"objective {interval.name}"
    if not interval.applies or told.outcome is Outcome.ABSORBED:
        return Check(name=name, code=ExitCode.PASSED, said="no user was hurt: nothing to time", skipped=True)
    code = _OF_VERDICT[interval.verdict]
    return Check(name=name, code=code, said=_timed(interval), seconds=interval.seconds or 0.0)


def _timed(interval: Interval) -> str:
    if interval.seconds is not None:
        length = format_duration(interval.seconds)
    elif interval.at_least is not None:
        length = f"not reached: at least {format_duration(interval.at_least)}"
    else:
        length = "not known" if interval.verdict is Verdict.UNKNOWN else "not reached"
    goal = "none" if interval.objective is None else format_duration(interval.objective)
    return f"{length}; the objective is {goal}"


# --- repeats ---


def _merged(each: Sequence[tuple[Check, ...]]) -> tuple[Check, ...]:
    """Make one check of the repeats of each."""
    if len(each) == 1:
        return each[0]
    by_name: dict[str, list[Check]] = {}
    for check in (check for checks in each for check in checks):
        by_name.setdefault(check.name, []).append(check)
    return tuple(_merge(name, repeats) for name, repeats in by_name.items())


def _merge(name: str, repeats: Sequence[Check]) -> Check:
    codes = [check.code for check in repeats]
    code = together(codes)
    count = f"{codes.count(ExitCode.PASSED)} of {len(codes)} passed"
    head = f"flaky: {count}" if flaky(codes) else count
    lines = [head, *(f"{number}. {check.said}" for number, check in enumerate(repeats, start=1))]
    return Check(
        name=name,
        code=code,
        said="\n".join(lines),
        seconds=max(check.seconds for check in repeats),
        skipped=all(check.skipped for check in repeats),
    )


def _times(drills: Iterable[StoredResult], name: str) -> list[Seconds]:
    found = (took(interval) for told in drills for interval in told.intervals if interval.name == name)
    return [seconds for seconds in found if seconds is not None]


def _spreads(told: Sequence[StoredResult]) -> tuple[Spread, ...]:
    """Describe points and times of repeats."""
    figures = {"points": [one.points for one in told if one.points is not None]}
    figures |= {name: _times(told, name) for name in NAMES}
    return tuple(spread(name, values) for name, values in figures.items() if values)


# --- baseline ---


def comparable(told: Sequence[StoredResult], baseline: Baseline) -> tuple[StoredResult, ...]:
    """Give the earlier drills that compare: judged, of the same hash, and not these very drills."""
    hashes = {one.comparable for one in told} - {""}
    these = {one.drill for one in told}
    return tuple(
        one for one in baseline.drills if one.judged and one.comparable in hashes and one.drill not in these
    )


def _comparisons(told: Sequence[StoredResult], bars: Thresholds) -> tuple[Comparison, ...]:
    earlier = comparable(told, bars.baseline) if bars.baseline else ()
    alarms = FALSE_ALARMS / (len(NAMES) * bars.scenarios)
    pairs = ((name, _times(told, name), _times(earlier, name)) for name in NAMES)
    return tuple(compare(name, now, before, alarms=alarms) for name, now, before in pairs if now and before)


def _against(
    told: Sequence[StoredResult], comparisons: Sequence[Comparison], baseline: Baseline
) -> tuple[Check, ...]:
    """Check each time against the baseline; what can't be compared is inconclusive, with its reason."""
    if not told:
        return (_incomparable("baseline", "there is no judged drill to compare"),)
    if not comparable(told, baseline):
        return (_incomparable("baseline", _why_none(told, baseline)),)
    found = {one.name: one for one in comparisons}
    return tuple(_held_against(name, found.get(name)) for name in NAMES)


def _held_against(name: str, found: Comparison | None) -> Check:
    if found is None:
        return _incomparable(f"baseline {name}", f"no time to {name} is known both now and before")
    code = ExitCode.FAILED if found.worse else ExitCode.PASSED
    return Check(name=f"baseline {name}", code=code, said=_figures(found))


def _incomparable(name: str, why: str) -> Check:
    return Check(name=name, code=ExitCode.INCONCLUSIVE, said=f"not comparable: {why}")


def _why_none(told: Sequence[StoredResult], baseline: Baseline) -> str:
    """Say why no earlier result compares."""
    these = {one.drill for one in told}
    earlier = [one for one in baseline.drills if one.drill not in these]
    named = {one.scenario for one in told}
    same = [one for one in earlier if one.scenario in named]
    if not earlier:
        return f"{baseline.folder} holds no earlier result"
    if not same:
        return f"none of {len(earlier)} earlier results in {baseline.folder} is of this scenario"
    if not any(one.judged for one in same):
        return f"none of {len(same)} earlier results of this scenario in {baseline.folder} was judged"
    return (
        f"none of {len(same)} earlier results of this scenario in {baseline.folder} was of the same "
        "experiment, load, SLOs and objectives"
    )


def _figures(one: Comparison) -> str:
    """Say a comparison with all its figures."""
    now, before = spread(one.name, one.now), spread(one.name, one.before)
    ratio = "" if one.ratio is None else f": {one.ratio:.2f} times"
    how = "assumed" if one.assumed else "of the baseline"
    return (
        f"{_median(now)} now, {_median(before)} before{ratio}; "
        f"up to {one.limit:.2f} times may be noise (run-to-run log-sd {one.sd:.2f}, {how})"
    )


def _median(spread_: Spread) -> str:
    told = "not reached" if math.isinf(spread_.median) else format_duration(spread_.median)
    return f"{told} (median of {len(spread_.values)})"
