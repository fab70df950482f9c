"""The thresholds that a pipeline sets: score, objectives, baseline, and the same verdict each time.

`judge` gives a `Judgement` of one scenario's drills, with an exit code. What could not be verified never
passes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gameday.core.errors import ExitCode, worst
from gameday.core.trends.model import (
    NOT_TIMED,
    Baseline,
    FinishedDrill,
    StoredInterval,
    StoredResult,
)
from gameday.core.trends.noise import FALSE_ALARMS, Comparison, Spread, compare, spread, took
from gameday.core.values import Outcome, Seconds, Verdict, format_duration

NAMES = ("detect", "contain", "recover")
_CODES = {
    Verdict.MET: ExitCode.PASSED,
    Verdict.PARTIAL: ExitCode.FAILED,
    Verdict.MISSED: ExitCode.FAILED,
    Verdict.NO_CREDIT: ExitCode.FAILED,
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
    """One check. code: as an exit code; skipped: it does not apply, and `detail` explains why."""

    name: str
    code: ExitCode
    detail: str = ""
    seconds: Seconds = 0.0
    skipped: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """The verdict on the drills of one scenario. flaky: some passed and some failed.

    codes: the verdict of each drill, in the order in which they were played
    """

    code: ExitCode
    flaky: bool
    codes: tuple[ExitCode, ...]
    checks: tuple[Check, ...]
    spreads: tuple[Spread, ...] = ()
    comparisons: tuple[Comparison, ...] = ()


def together(codes: Sequence[int]) -> ExitCode:
    """Give the verdict of repeats: the worst, where drills that both passed and failed are inconclusive."""
    if not flaky(codes):
        return worst(codes)
    # Flaky is not failed: the same code both passed and did not.
    return worst(ExitCode.INCONCLUSIVE if code == ExitCode.FAILED else code for code in codes)


def flaky(codes: Iterable[int]) -> bool:
    """Whether repeats contradict each other."""
    return {ExitCode.PASSED, ExitCode.FAILED} <= set(codes)


def judge(drills: Sequence[FinishedDrill], thresholds: Thresholds) -> Judgement:
    """Judge the drills of one scenario by the thresholds."""
    by_drill = [_drill(finished, thresholds) for finished in drills]
    codes = tuple(worst(check.code for check in checks) for checks in by_drill)
    results = [drill.result for drill in drills if drill.result is not None and drill.result.judged]
    baseline = thresholds.baseline
    comparisons = _comparisons(results, thresholds) if baseline else ()
    checks = (*_merged(by_drill), *(_against(results, comparisons, baseline) if baseline else ()))
    whole = together(codes)
    return Judgement(
        code=worst((whole, *(check.code for check in checks))),
        flaky=flaky(codes),
        codes=codes,
        checks=checks,
        spreads=_spreads(results),
        comparisons=comparisons,
    )


# --- one drill ---


def _drill(finished: FinishedDrill, thresholds: Thresholds) -> tuple[Check, ...]:
    """Check one drill. Only what was played to its end and judged is measured against the thresholds."""
    result = finished.result
    played = finished.code in (ExitCode.PASSED, ExitCode.FAILED)
    if not played or result is None or not result.judged or not result.reverted:
        return (_unjudged(finished),)
    return (
        _score(result, thresholds.fail_under, finished.seconds),
        *(_objective(interval, result) for interval in result.intervals),
    )


def _unjudged(finished: FinishedDrill) -> Check:
    result = finished.result
    code = worst([finished.code])
    if result is None:
        why = finished.why or "it left no result"
        # A verdict without a result to prove it can't be trusted.
        code = ExitCode.INTERNAL if code in (ExitCode.PASSED, ExitCode.FAILED) else code
    else:
        code = ExitCode.INCONCLUSIVE if code in (ExitCode.PASSED, ExitCode.FAILED) else code
        code = code if result.reverted else ExitCode.FAULT_IN_FORCE
        outcome = "" if result.outcome == code.word else result.outcome
        why = result.error or ": ".join(filter(None, (outcome, result.why)))
    detail = f"{code.word}: {why}" if why else code.word
    return Check(name="scenario", code=code, detail=detail, seconds=finished.seconds)


def _score(result: StoredResult, fail_under: float | None, seconds: Seconds) -> Check:
    if result.points is None:
        # A system without people has a verdict and no points.
        codes = {"passed": ExitCode.PASSED, "failed": ExitCode.FAILED, "gated": ExitCode.FAILED}
        code = codes.get(result.score_verdict, ExitCode.INCONCLUSIVE)
        detail = f"{result.score_verdict}{f': {result.why}' if result.why else ''}"
    elif fail_under is not None:
        code = ExitCode.PASSED if result.points >= fail_under else ExitCode.FAILED
        detail = f"{result.points:.1f} points; the threshold is {fail_under:g}"
    else:
        code = ExitCode.PASSED if result.passed else ExitCode.FAILED
        enough = "enough" if result.passed else "not enough"
        detail = f"{result.points:.1f} points; {enough} for the scorecard"
    return Check(name="scenario", code=code, detail=f"{result.summary}: {detail}", seconds=seconds)


def _objective(interval: StoredInterval, result: StoredResult) -> Check:
    name = f"objective {interval.name}"
    # Older results have times of absorbed faults that nobody had to notice.
    absorbed = result.outcome is Outcome.ABSORBED and interval.verdict is not Verdict.MET
    if not interval.applies or absorbed:
        return Check(name=name, code=ExitCode.PASSED, detail=NOT_TIMED, skipped=True)
    code = _CODES[interval.verdict]
    return Check(name=name, code=code, detail=_timed(interval), seconds=interval.seconds or 0.0)


def _timed(interval: StoredInterval) -> str:
    if interval.seconds is not None:
        length = format_duration(interval.seconds)
    elif interval.at_least is not None:
        length = f"not reached: at least {format_duration(interval.at_least)}"
    else:
        length = "not known" if interval.verdict is Verdict.UNKNOWN else "not reached"
    goal = "none" if interval.objective is None else format_duration(interval.objective)
    return f"{length}; the objective is {goal}"


# --- repeats ---


def _merged(by_drill: Sequence[tuple[Check, ...]]) -> tuple[Check, ...]:
    """Merge the repeats of each check into one."""
    if len(by_drill) == 1:
        return by_drill[0]
    by_name: dict[str, list[Check]] = {}
    for check in (check for checks in by_drill for check in checks):
        by_name.setdefault(check.name, []).append(check)
    return tuple(_merge(name, repeats) for name, repeats in by_name.items())


def _merge(name: str, repeats: Sequence[Check]) -> Check:
    codes = [check.code for check in repeats]
    code = together(codes)
    count = f"{codes.count(ExitCode.PASSED)} of {len(codes)} passed"
    head = f"flaky: {count}" if flaky(codes) else count
    lines = [head, *(f"{number}. {check.detail}" for number, check in enumerate(repeats, start=1))]
    return Check(
        name=name,
        code=code,
        detail="\n".join(lines),
        seconds=max(check.seconds for check in repeats),
        skipped=all(check.skipped for check in repeats),
    )


def _times(drills: Iterable[StoredResult], name: str) -> list[Seconds]:
    times = (took(interval) for drill in drills for interval in drill.intervals if interval.name == name)
    return [seconds for seconds in times if seconds is not None]


def _times_to_compare(drills: Iterable[StoredResult], name: str) -> list[Seconds]:
    """Give the times of one name; 0 of a drill whose fault no user felt, as nothing could be faster."""
    times: list[Seconds] = []
    for drill in drills:
        felt = _times((drill,), name)
        times += felt or ([0.0] if drill.outcome is Outcome.ABSORBED else [])
    return times


def _spreads(results: Sequence[StoredResult]) -> tuple[Spread, ...]:
    """Describe points and times of repeats."""
    figures = {"points": [result.points for result in results if result.points is not None]}
    figures |= {name: _times(results, name) for name in NAMES}
    return tuple(spread(name, values) for name, values in figures.items() if values)


# --- baseline ---


def comparable(results: Sequence[StoredResult], baseline: Baseline) -> tuple[StoredResult, ...]:
    """Give the earlier drills that compare: judged, of the same hash, and other than the present ones."""
    hashes = {result.comparable for result in results} - {""}
    present = {result.drill for result in results}
    return tuple(
        earlier
        for earlier in baseline.drills
        if earlier.judged and earlier.comparable in hashes and earlier.drill not in present
    )


def _comparisons(results: Sequence[StoredResult], thresholds: Thresholds) -> tuple[Comparison, ...]:
    earlier = comparable(results, thresholds.baseline) if thresholds.baseline else ()
    # Bonferroni: all comparisons of the pipeline together give no more false alarms than that.
    alarms = FALSE_ALARMS / (len(NAMES) * thresholds.scenarios)
    timed = [name for name in NAMES if _was_to_be_timed((*results, *earlier), name)]
    pairs = ((name, _times_to_compare(results, name), _times_to_compare(earlier, name)) for name in timed)
    return tuple(compare(name, now, before, alarms=alarms) for name, now, before in pairs if now and before)


def _against(
    results: Sequence[StoredResult], comparisons: Sequence[Comparison], baseline: Baseline
) -> tuple[Check, ...]:
    """Check each time against the baseline; what can't be compared is inconclusive, with its reason."""
    if not results:
        return (_incomparable("baseline", "there is no judged drill to compare"),)
    earlier = comparable(results, baseline)
    if not earlier:
        return (_incomparable("baseline", _why_none(results, baseline)),)
    by_name = {comparison.name: comparison for comparison in comparisons}
    drills = (*results, *earlier)
    return tuple(
        _compared(name, by_name.get(name)) if _was_to_be_timed(drills, name) else _not_timed(name)
        for name in NAMES
    )


def _was_to_be_timed(drills: Iterable[StoredResult], name: str) -> bool:
    return any(each.applies for drill in drills for each in drill.intervals if each.name == name)


def _not_timed(name: str) -> Check:
    detail = f"there was nothing to {name}, now and before"
    return Check(name=f"baseline {name}", code=ExitCode.PASSED, detail=detail, skipped=True)


def _compared(name: str, comparison: Comparison | None) -> Check:
    if comparison is None:
        return _incomparable(f"baseline {name}", f"no time to {name} is known both now and before")
    code = ExitCode.FAILED if comparison.worse else ExitCode.PASSED
    return Check(name=f"baseline {name}", code=code, detail=_figures(comparison))


def _incomparable(name: str, why: str) -> Check:
    return Check(name=name, code=ExitCode.INCONCLUSIVE, detail=f"not comparable: {why}")


def _why_none(results: Sequence[StoredResult], baseline: Baseline) -> str:
    """Explain why no earlier result compares."""
    present = {result.drill for result in results}
    earlier = [result for result in baseline.drills if result.drill not in present]
    scenarios = {result.scenario for result in results}
    same = [result for result in earlier if result.scenario in scenarios]
    if not earlier:
        return f"{baseline.folder} holds no earlier result"
    if not same:
        return f"none of the {len(earlier)} earlier results in {baseline.folder} is of this scenario"
    if not any(result.judged for result in same):
        return f"none of the {len(same)} earlier results of this scenario in {baseline.folder} was judged"
    return (
        f"none of the {len(same)} earlier results of this scenario in {baseline.folder} had the same "
        "experiment, load, SLOs and objectives"
    )


def _figures(comparison: Comparison) -> str:
    """Write a comparison with all its figures."""
    now, before = spread(comparison.name, comparison.now), spread(comparison.name, comparison.before)
    ratio = "" if comparison.ratio is None else f": {comparison.ratio:.2f} times"
    how = "assumed" if comparison.assumed else "of the baseline"
    return (
        f"{_median(now)} now, {_median(before)} before{ratio}; "
        f"up to {comparison.limit:.2f} times may be noise (run-to-run log-sd {comparison.sd:.2f}, {how})"
    )


def _median(spread_: Spread) -> str:
    length = "not reached" if math.isinf(spread_.median) else format_duration(spread_.median)
    return f"{length} (median of {len(spread_.values)})"
