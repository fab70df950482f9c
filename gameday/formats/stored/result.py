"""`result.json`, the contract that other tools read (docs/reference/result.md): written and read back.

The dataclasses below are the document: a field is a key, a default is its value without a result, and
a trailing underscore is dropped (`from_`, `pass_`). So `encode`, `error` and `read` share every key. All keys
are always there; null means not reached, not known or not so. Numbers are rounded to the microsecond, and
equal results give equal bytes.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from gameday.core import exposure, visible
from gameday.core.errors import GamedayError, InvalidFiles, Mistake
from gameday.core.values import Instant, MilestoneName, Outcome, RecoveredBy, Verdict, format_instant

if TYPE_CHECKING:
    from gameday.core.actors import Actor, Actors
    from gameday.core.facts.history import History
    from gameday.core.judging.impact import Impact
    from gameday.core.judging.milestones import Interval, Milestone
    from gameday.core.judging.result import Alerts, Result
    from gameday.core.judging.score import Scorecard, Scored
    from gameday.core.trends import StoredInterval, StoredResult

SCHEMA = 1
"""Version of the contract; it grows when a reader would have to change."""
SCHEMAS = (1,)
"""The versions that `read` knows."""

Json = dict[str, Any]
T = TypeVar("T")

_ENDS = {
    "detect": MilestoneName.DETECTED,
    "contain": MilestoneName.CONTAINED,
    "recover": MilestoneName.RECOVERED,
}


# --- the document ---


_NEEDED = {"needed": True}
"""Marks a key that `read` relies on: a document without it is not a whole result."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Milestone:
    at: str | None = None
    observed: str | None = None
    declared: str | None = None
    basis: str | None = None
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Interval:
    seconds: float | None = field(default=None, metadata=_NEEDED)
    from_: str = str(MilestoneName.IMPACT_STARTED)
    to: str = ""
    objective: float | None = field(default=None, metadata=_NEEDED)
    verdict: str = field(default=str(Verdict.UNKNOWN), metadata=_NEEDED)
    censored: bool = False
    at_least: float | None = field(default=None, metadata=_NEEDED)
    applies: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class _Worst:
    slo: str | None = None
    good: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Impact:
    requests: int = 0
    bad: int = 0
    worst: _Worst = _Worst()
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class _Alerts:
    expected: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    preexisting: tuple[str, ...] = ()
    delivered_late: tuple[str, ...] = ()
    not_due: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    doubted: tuple[str, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class _Criterion:
    criterion: str
    phase: str
    weight: float
    share: float | None
    verdict: str
    rule: str
    figure: str
    evidence: tuple[str, ...]
    why: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Score:
    points: float | None = field(default=None, metadata=_NEEDED)
    of: float = 100
    pass_: bool = field(default=False, metadata=_NEEDED)
    scorecard: str | None = None
    altered: bool = False
    verdict: str = field(default="not-scored", metadata=_NEEDED)
    coverage: float = 0.0
    criteria: tuple[_Criterion, ...] = ()
    caps: tuple[str, ...] = ()
    hints: float = 0.0
    why: str | None = field(default=None, metadata=_NEEDED)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Mistake:
    file: str = field(default="", metadata=_NEEDED)
    line: int = field(default=1, metadata=_NEEDED)
    column: int = field(default=1, metadata=_NEEDED)
    message: str = field(default="", metadata=_NEEDED)
    hint: str | None = field(default=None, metadata=_NEEDED)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Error:
    code: str = ""
    message: str = field(default="", metadata=_NEEDED)
    hint: str | None = None
    exit_code: int = 0
    mistakes: tuple[_Mistake, ...] = field(default=(), metadata=_NEEDED)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Head:
    hash: str = ""
    events: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class _SteadyState:
    before: bool | None = None
    during: bool | None = None
    after: bool | None = None
    after_revert: bool | None = None
    deviated: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class _UndoneByHand:
    fault: str
    by: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Actor:
    name: str | None = None
    kind: str | None = None
    known: bool | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Actors:
    detected: _Actor = _Actor()
    acknowledged: _Actor = _Actor()
    declared: _Actor = _Actor()
    contained: _Actor = _Actor()
    recovered: _Actor = _Actor()
    aborted: _Actor = _Actor()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Document:
    schema: int = SCHEMA
    drill: str | None = field(default=None, metadata=_NEEDED)
    scenario: str | None = field(default=None, metadata=_NEEDED)
    comparable: str | None = None
    revision: int | None = None
    head: _Head | None = None
    outcome: str = field(default=str(Outcome.FAILED), metadata=_NEEDED)
    milestones: Mapping[str, _Milestone] = field(
        default_factory=lambda: {str(name): _Milestone() for name in MilestoneName}
    )
    intervals: Mapping[str, _Interval] = field(
        default_factory=lambda: {name: _Interval(to=str(end)) for name, end in _ENDS.items()},
        metadata=_NEEDED,
    )
    recovered_by: str = field(default=str(RecoveredBy.NONE), metadata=_NEEDED)
    actors: _Actors = _Actors()
    impact: _Impact = _Impact()
    alerts: _Alerts = _Alerts()
    score: _Score = field(default=_Score(), metadata=_NEEDED)
    reverted: bool = field(default=True, metadata=_NEEDED)
    steady_state: _SteadyState = _SteadyState()
    undone_by_hand: tuple[_UndoneByHand, ...] = ()
    error: _Error | None = field(default=None, metadata=_NEEDED)


def _key(name: str) -> str:
    return name.removesuffix("_")


def _json(value: Any) -> Any:
    """Write a part of the document as JSON values, its keys in the order of the fields."""
    if dataclasses.is_dataclass(value):
        return {_key(each.name): _json(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: _json(part) for key, part in value.items()}
    return [_json(part) for part in value] if isinstance(value, tuple) else value


def _part(kind: type[T], values: Mapping[str, Any]) -> T:
    """Read one level of a document, its values as they are. Raises KeyError where a needed key is missing."""
    parts = {}
    for key_field in dataclasses.fields(kind):  # type: ignore[arg-type]  # every kind is a dataclass
        key = _key(key_field.name)
        if key in values or key_field.metadata.get("needed"):
            parts[key_field.name] = values[key]
    return kind(**parts)


# --- writing ---


def encode(history: History, result: Result) -> Json:
    """Encode a drill's result. Raises LookupError for a history without a plan."""
    from gameday.core import actors  # noqa: PLC0415  # whoever only reads results needs no judge

    objectives = history.plan.scenario.objectives
    named = {"detect": objectives.detect, "contain": objectives.contain, "recover": objectives.recover}
    intervals = {interval.name: interval for interval in result.milestones.intervals}
    return _encoded(
        _Document(
            drill=result.drill,
            scenario=history.plan.scenario.scenario,
            comparable=history.plan.comparable or None,
            revision=result.revision,
            head=_Head(hash=result.head.hash, events=result.head.events) if result.head else None,
            outcome=str(result.attribution.outcome),
            milestones={str(name): _milestone(result.milestones.by_name.get(name)) for name in MilestoneName},
            intervals={name: _interval(intervals.get(name), name, named[name]) for name in _ENDS},
            recovered_by=str(result.attribution.recovered_by),
            actors=_actors(actors.read(history, result.milestones, result.attribution)),
            impact=_impact(result.impact),
            alerts=_alerts(result.alerts),
            score=_score(result.score),
            reverted=result.reverted,
            steady_state=_SteadyState(
                before=result.steady_state.before,
                during=result.steady_state.during,
                after=result.steady_state.after,
                after_revert=result.steady_state.after_revert,
                deviated=result.steady_state.deviated,
            ),
            undone_by_hand=tuple(
                _UndoneByHand(fault=fact.fault, by=fact.by, text=fact.text)
                for fact in exposure.undone_by_hand(history)
            ),
        )
    )


def error(
    problem: GamedayError, *, drill: str | None = None, scenario: str | None = None, reverted: bool = True
) -> Json:
    """Encode why there is no result, in the same shape: for exit codes 2 and 5."""
    mistakes = problem.mistakes if isinstance(problem, InvalidFiles) else ()
    reason = _Error(
        code=problem.code,
        message=problem.message,
        hint=problem.hint or None,
        exit_code=problem.exit_code,
        mistakes=tuple(
            _Mistake(
                file=mistake.file,
                line=mistake.line,
                column=mistake.column,
                message=mistake.message,
                hint=mistake.hint or None,
            )
            for mistake in mistakes
            if not mistake.warning
        ),
    )
    return _encoded(_Document(drill=drill, scenario=scenario, reverted=reverted, error=reason))


def text(history: History, result: Result) -> str:
    """Write a drill's result as the text of its file."""
    return visible.in_json(json.dumps(encode(history, result), indent=2, ensure_ascii=False)) + "\n"


def _encoded(document: _Document) -> Json:
    encoded: Json = _json(document)
    return encoded


def _instant(at: Instant | None) -> str | None:
    return None if at is None else format_instant(at)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _milestone(milestone: Milestone | None) -> _Milestone:
    if milestone is None:
        return _Milestone()
    return _Milestone(
        at=_instant(milestone.at),
        observed=_instant(milestone.observed),
        declared=_instant(milestone.declared),
        basis=milestone.basis or None,
        evidence=milestone.evidence,
    )


def _interval(interval: Interval | None, name: str, objective: float) -> _Interval:
    if interval is None:
        return _Interval(to=str(_ENDS[name]), objective=_rounded(objective))
    return _Interval(
        seconds=_rounded(interval.seconds),
        from_=str(interval.start),
        to=str(_ENDS[name]),
        objective=_rounded(interval.objective),
        verdict=str(interval.verdict),
        censored=interval.censored,
        at_least=_rounded(interval.at_least),
        applies=interval.applies,
    )


def _actors(found: Actors) -> _Actors:
    return _Actors(**{each.name: _actor(getattr(found, each.name)) for each in dataclasses.fields(_Actors)})


def _actor(actor: Actor | None) -> _Actor:
    return _Actor() if actor is None else _Actor(name=actor.name, kind=actor.kind, known=actor.known)


def _impact(impact: Impact) -> _Impact:
    affected = impact.started is not None
    worst = _Worst(slo=impact.worst_slo or None, good=_rounded(impact.worst_good)) if affected else _Worst()
    return _Impact(requests=impact.requests, bad=impact.bad, worst=worst, seconds=round(impact.seconds, 6))


def _alerts(alerts: Alerts) -> _Alerts:
    return _Alerts(
        expected=alerts.expected,
        missing=alerts.missing,
        late=alerts.late,
        unexpected=alerts.unexpected,
        preexisting=alerts.preexisting,
        delivered_late=alerts.delivered_late,
        not_due=alerts.not_due,
        unknown=alerts.unknown,
        doubted=alerts.doubted,
        left_out=alerts.left_out,
    )


def _score(card: Scorecard) -> _Score:
    return _Score(
        points=_rounded(card.points),
        of=card.of,
        pass_=card.passed,
        scorecard=card.scorecard,
        altered=card.altered,
        verdict=card.verdict,
        coverage=round(card.coverage, 6),
        criteria=tuple(_criterion(scored) for scored in card.criteria),
        caps=card.caps,
        hints=round(card.hints, 6),
        why=card.why or None,
    )


def _criterion(scored: Scored) -> _Criterion:
    return _Criterion(
        criterion=scored.criterion,
        phase=scored.phase,
        weight=scored.weight,
        share=_rounded(scored.share),
        verdict=str(scored.verdict),
        rule=scored.rule,
        figure=scored.figure,
        evidence=scored.evidence,
        why=scored.why or None,
    )


# --- reading ---


def read(text: str | bytes) -> StoredResult:
    """Read what trends and pipelines need of a result; what older documents lack is not known.

    Raises ValueError for anything that is not a whole result.json.
    """
    document = json.loads(text)
    if not isinstance(document, dict) or document.get(_key("schema")) not in SCHEMAS:
        raise ValueError("it is not a result.json that this gameday knows")
    try:
        return _stored(_part(_Document, document))
    except (KeyError, TypeError, AttributeError, OverflowError) as mistake:
        raise ValueError(f"it is not a whole result.json: {mistake}") from mistake


def _stored(document: _Document) -> StoredResult:
    # only pipelines read results back; `gameday show` must not wait for what compares them
    from gameday.core.trends import StoredResult  # noqa: PLC0415

    score = _part(_Score, document.score)  # type: ignore[arg-type]  # a mapping until it is read
    error = _part(_Error, document.error) if document.error else None  # type: ignore[arg-type]  # the same
    return StoredResult(
        drill=document.drill or "",
        scenario=document.scenario or "",
        comparable=document.comparable or "",
        outcome=Outcome(document.outcome),
        recovered_by=str(document.recovered_by),
        points=_number(score.points),
        passed=bool(score.pass_),
        score_verdict=str(score.verdict),
        why=score.why or "",
        reverted=document.reverted is True,
        intervals=tuple(_stored_interval(name, interval) for name, interval in document.intervals.items()),
        error=str(error.message) if error else "",
        mistakes=tuple(map(_stored_mistake, error.mistakes)) if error else (),
    )


def _stored_interval(name: str, values: Any) -> StoredInterval:
    from gameday.core.trends import StoredInterval  # noqa: PLC0415  # as in `_stored`

    interval = _part(_Interval, values)
    return StoredInterval(
        name=name,
        seconds=_number(interval.seconds),
        objective=_number(interval.objective),
        verdict=Verdict(interval.verdict),
        at_least=_number(interval.at_least),
        applies=interval.applies is not False,
    )


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)


def _stored_mistake(values: Any) -> Mistake:
    mistake = _part(_Mistake, values)
    return Mistake(
        file=mistake.file,
        line=mistake.line,
        column=mistake.column,
        message=mistake.message,
        hint=mistake.hint or "",
    )
