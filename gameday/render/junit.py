"""A result as JUnit XML: one test case for the scenario, one for each objective and criterion.

What was not judged is never called passed: what could not be judged is an error, and what does not apply is
skipped with its reason.
"""

from __future__ import annotations

from gameday.core.facts.history import History, counted_instant
from gameday.core.judging.milestones import Interval
from gameday.core.judging.result import Result
from gameday.core.judging.score import FAILED, PASSED, Scored
from gameday.core.trends.model import NOT_TIMED
from gameday.core.values import Mode, Verdict, format_duration
from gameday.render import junit_xml
from gameday.render.junit_xml import Case, Suite


def encode(history: History, result: Result) -> str:
    """Encode a drill's result. Times of cases are those that the drill measured, in seconds."""
    scenario = history.plan.scenario.scenario
    began = counted_instant(history.events[0])
    suite = Suite(
        name=scenario,
        cases=(
            _scenario(history, result),
            *(_objective(interval) for interval in result.milestones.intervals),
            *(_criterion(scored) for scored in result.score.criteria),
        ),
        seconds=counted_instant(history.events[-1]) - began,
        began=began,
        properties={
            "drill": result.drill,
            "revision": str(result.revision),
            "environment": history.plan.environment,
            "outcome": str(result.attribution.outcome),
            "recovered_by": str(result.attribution.recovered_by),
            "reverted": str(result.reverted).lower(),
        },
    )
    return junit_xml.document((suite,), suite.seconds)


def _scenario(history: History, result: Result) -> Case:
    outcome, score = result.attribution.outcome, result.score
    name = f"scenario {history.plan.scenario.scenario}"
    if not result.reverted:
        return Case(name=name, state="error", message="a fault may still be in force: a person must look")
    if score.verdict in (PASSED, FAILED) and score.points is None:
        return Case(name=name, state="passed" if score.passed else "failure", message=score.why)
    if not outcome.judged:
        return Case(name=name, state="error", message=f"{outcome}: {result.attribution.why}")
    if history.plan.mode is Mode.TRAIN:
        return Case(name=name, state="skipped", message="not scored: the drill was for training")
    if score.points is None:
        return Case(name=name, state="error", message=f"{score.verdict}: {score.why}")
    state = "passed" if score.passed else "failure"
    return Case(name=name, state=state, message=f"{score.points:.1f} of {score.of:g} points: {outcome}")


def _objective(interval: Interval) -> Case:
    name, allowed = f"objective {interval.name}", format_duration(interval.objective)
    if not interval.applies:
        return Case(
            name=name,
            state="skipped",
            message=f"not timed: {interval.instead}" if interval.instead else NOT_TIMED,
        )
    if interval.seconds is None and interval.at_least is not None:
        least = format_duration(interval.at_least)
        message = f"not reached: at least {least}, the objective is {allowed}"
        # Cut off before the objective was over, it was neither met nor missed.
        state = "failure" if interval.verdict is Verdict.MISSED else "error"
        return Case(name=name, state=state, message=message, seconds=interval.at_least)
    if interval.verdict is Verdict.UNKNOWN:
        return Case(name=name, state="error", message=f"not known; the objective is {allowed}")
    length = "not reached" if interval.seconds is None else format_duration(interval.seconds)
    state = "passed" if interval.verdict is Verdict.MET else "failure"
    message = f"{length}; the objective is {allowed}"
    return Case(name=name, state=state, message=message, seconds=interval.seconds or 0.0)


def _criterion(scored: Scored) -> Case:
    name = f"criterion {scored.criterion}"
    message = "; ".join(part for part in (scored.figure, scored.rule, scored.why) if part)
    if scored.share is None:
        return Case(name=name, state="skipped", message=f"not judged: {scored.why or 'does not apply'}")
    if scored.verdict is Verdict.NO_CREDIT:
        return Case(name=name, state="skipped", message=message)
    state = "failure" if scored.verdict is Verdict.MISSED else "passed"
    return Case(name=name, state=state, message=message)
