"""A result as `result.json`: the contract that other tools read (docs/reference/result.md).

Comes in: a history with its result, or an error. Goes out: a dict of JSON values with every key
always there; null means not reached, not known or not so. Does not: round what was measured beyond
the microsecond, or order keys anew: equal results give equal bytes.
"""

from __future__ import annotations

from typing import Any

from gameday.core.errors import GamedayError, InvalidFiles
from gameday.core.facts.history import History
from gameday.core.judging.impact import Impact
from gameday.core.judging.milestones import Interval, Milestone
from gameday.core.judging.result import Alerts, Result
from gameday.core.judging.score import Scorecard, Scored
from gameday.core.values import Instant, MilestoneName, Outcome, RecoveredBy, format_instant

SCHEMA = 1
"""Version of the contract; it grows when a reader would have to change."""

Json = dict[str, Any]

_INTERVALS = {
    "detect": MilestoneName.DETECTED,
    "contain": MilestoneName.CONTAINED,
    "recover": MilestoneName.RECOVERED,
}


def encode(history: History, result: Result) -> Json:
    """Encode a drill's result. Raises LookupError for a history without a plan."""
    objectives = history.plan.scenario.objectives
    named = {"detect": objectives.detect, "contain": objectives.contain, "recover": objectives.recover}
    intervals = {one.name: one for one in result.milestones.intervals}
    return {
        "schema": SCHEMA,
        "drill": result.drill,
        "scenario": history.plan.scenario.scenario,
        "comparable": history.plan.comparable or None,
        "revision": result.revision,
        "outcome": str(result.attribution.outcome),
        "milestones": {str(name): _milestone(result.milestones.by_name.get(name)) for name in MilestoneName},
        "intervals": {
            name: _interval(intervals.get(name), end, named[name]) for name, end in _INTERVALS.items()
        },
        "recovered_by": str(result.attribution.recovered_by),
        "impact": _impact(result.impact),
        "alerts": _alerts(result.alerts),
        "score": _score(result.score),
        "reverted": result.reverted,
        "error": None,
    }


def error(
    problem: GamedayError, *, drill: str | None = None, scenario: str | None = None, reverted: bool = True
) -> Json:
    """Encode why there is no result, in the same shape: for exit codes 2 and 5."""
    mistakes = problem.mistakes if isinstance(problem, InvalidFiles) else ()
    return {
        "schema": SCHEMA,
        "drill": drill,
        "scenario": scenario,
        "comparable": None,
        "revision": None,
        "outcome": str(Outcome.FAILED),
        "milestones": {str(name): _milestone(None) for name in MilestoneName},
        "intervals": {name: _interval(None, end, None) for name, end in _INTERVALS.items()},
        "recovered_by": str(RecoveredBy.NONE),
        "impact": _impact(Impact()),
        "alerts": _alerts(Alerts()),
        "score": _score(None),
        "reverted": reverted,
        "error": {
            "code": problem.code,
            "message": problem.message,
            "hint": problem.hint or None,
            "exit_code": problem.exit_code,
            "mistakes": [
                {
                    "file": one.file,
                    "line": one.line,
                    "column": one.column,
                    "message": one.message,
                    "hint": one.hint or None,
                }
                for one in mistakes
                if not one.warning
            ],
        },
    }


def _instant(at: Instant | None) -> str | None:
    return None if at is None else format_instant(at)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _milestone(milestone: Milestone | None) -> Json:
    return {
        "at": _instant(milestone.at) if milestone else None,
        "observed": _instant(milestone.observed) if milestone else None,
        "declared": _instant(milestone.declared) if milestone else None,
        "basis": (milestone.basis or None) if milestone else None,
        "evidence": list(milestone.evidence) if milestone else [],
    }


def _interval(interval: Interval | None, end: MilestoneName, objective: float | None) -> Json:
    return {
        "seconds": _rounded(interval.seconds) if interval else None,
        "from": str(interval.start if interval else MilestoneName.IMPACT_STARTED),
        "to": str(end),
        "objective": _rounded(interval.objective if interval else objective),
        "verdict": str(interval.verdict) if interval else "unknown",
        "censored": interval.censored if interval else False,
        "at_least": _rounded(interval.at_least) if interval else None,
        "applies": interval.applies if interval else True,
    }


def _impact(impact: Impact) -> Json:
    affected = impact.started is not None
    return {
        "requests": impact.requests,
        "bad": impact.bad,
        "worst": {
            "slo": (impact.worst_slo or None) if affected else None,
            "good": _rounded(impact.worst_good) if affected else None,
        },
        "seconds": round(impact.seconds, 6),
    }


def _alerts(alerts: Alerts) -> Json:
    return {
        "expected": list(alerts.expected),
        "missing": list(alerts.missing),
        "late": list(alerts.late),
        "unexpected": list(alerts.unexpected),
        "preexisting": list(alerts.preexisting),
    }


def _score(card: Scorecard | None) -> Json:
    return {
        "points": _rounded(card.points) if card else None,
        "of": card.of if card else 100,
        "pass": card.passed if card else False,
        "scorecard": card.scorecard if card else None,
        "verdict": card.verdict if card else "not-scored",
        "coverage": round(card.coverage, 6) if card else 0.0,
        "criteria": [_criterion(one) for one in card.criteria] if card else [],
        "caps": list(card.caps) if card else [],
        "hints": round(card.hints, 6) if card else 0.0,
        "why": (card.why or None) if card else None,
    }


def _criterion(scored: Scored) -> Json:
    return {
        "criterion": scored.criterion,
        "phase": scored.phase,
        "weight": scored.weight,
        "share": _rounded(scored.share),
        "verdict": str(scored.verdict),
        "rule": scored.rule,
        "figure": scored.figure,
        "evidence": list(scored.evidence),
        "why": scored.why or None,
    }
