"""A scorecard filled in: points, and for each of them its rule, its figure and its evidence.

Rules, for every scorecard: a time earns 1 up to its target, 1 - ln(t/target) / ln(limit/target) up
to its limit and 0 beyond, so that a doubling costs the same everywhere. Points are the weighted
mean of the criteria that are defined; below COVERAGE of the weights there is not enough evidence.
What was left out earns 0; undefined is only what does not apply or whose instrument failed. Teams and
systems are scored, never a person.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from gameday.core import exposure
from gameday.core.facts import drill as ev
from gameday.core.facts.history import History
from gameday.core.judging import alerts, measures, milestones, unattended
from gameday.core.judging.attribution import Attribution, contradictions
from gameday.core.judging.impact import Impact
from gameday.core.judging.measures import Drill, Reading
from gameday.core.judging.milestones import Milestones
from gameday.core.plans import scorecard
from gameday.core.plans.scenario import Criterion, ScorecardRules
from gameday.core.plans.scorecard import Measure
from gameday.core.values import (
    EventId,
    MilestoneName,
    Mode,
    Outcome,
    Party,
    RecoveredBy,
    Verdict,
    format_duration,
)

COVERAGE = 0.7
"""Least share of the weights that must be defined."""
FULL = 100.0

PASSED, FAILED = "passed", "failed"
INSUFFICIENT, NOT_SCORED, GATED = "insufficient-evidence", "not-scored", "gated"


@dataclass(frozen=True, kw_only=True, slots=True)
class Scored:
    """One criterion, filled in. share: 0..1 of its weight, None when undefined (`why` names the instrument).

    rule, figure, evidence: what every point given or withheld rests on
    """

    criterion: str
    phase: str
    weight: float
    share: float | None
    verdict: Verdict
    rule: str
    figure: str
    evidence: tuple[EventId, ...] = ()
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scorecard:
    """A scorecard filled in. points None: no score (train, gate, insufficient evidence).

    verdict  passed | failed | insufficient-evidence | not-scored | gated
    caps     the names of the caps that applied
    hints    points that taken hints cost
    altered  it has the name and version of the drill's own scorecard, and other contents
    """

    scorecard: str
    points: float | None
    of: float
    passed: bool
    coverage: float
    verdict: str
    criteria: tuple[Scored, ...]
    caps: tuple[str, ...] = ()
    why: str = ""
    hints: float = 0.0
    altered: bool = False


def _missing(name: MilestoneName) -> Callable[[Drill], bool]:
    return lambda drill: drill.milestones.at(name) is None and drill.milestones.by_name[name].known


_APPLIES: dict[str, Callable[[Drill], bool]] = {
    "undetected": _missing(MilestoneName.DETECTED),
    "not-contained": _missing(MilestoneName.CONTAINED),
    "not-recovered": _missing(MilestoneName.RECOVERED),
    "rollback": lambda drill: drill.attribution.recovered_by is RecoveredBy.ROLLBACK,
    "itself": lambda drill: drill.attribution.recovered_by is RecoveredBy.ITSELF,
}
"""When each cap applies. None does where the team or its automation recovered, or no user was affected."""


def evaluate(
    history: History,
    rules: ScorecardRules,
    impact: Impact,
    milestones: Milestones,
    attribution: Attribution,
) -> Scorecard:
    """Fill in a scorecard. Raises ValueError for a criterion with a `scorecard.complaint`."""
    drill = _drill(history, impact, milestones, attribution)
    criteria = tuple(_scored(criterion, drill) for criterion in rules.criteria)
    card = Scorecard(
        scorecard=rules.name,
        points=None,
        of=FULL,
        passed=False,
        coverage=_coverage(criteria),
        verdict=NOT_SCORED,
        criteria=criteria,
        altered=rules.name == history.plan.scorecard.name and rules != history.plan.scorecard,
    )
    barred = _barred(drill, card.coverage)
    if barred is not None:
        verdict, why = barred
        return replace(card, verdict=verdict, why=why)
    return _alone(card, drill) if drill.alone else _pointed(card, rules, drill)


def _drill(history: History, impact: Impact, derived: Milestones, attribution: Attribution) -> Drill:
    framed = milestones.frame(history, impact)
    return Drill(
        history=history,
        impact=impact,
        milestones=derived,
        attribution=attribution,
        alerts=alerts.coverage(history, framed.fault, framed.start, impact),
        fault=framed.fault,
        start=framed.start,
    )


def _coverage(criteria: tuple[Scored, ...]) -> float:
    weights = math.fsum(scored.weight for scored in criteria)
    defined = math.fsum(scored.weight for scored in criteria if scored.share is not None)
    return min(1.0, defined / weights) if weights > 0 else 0.0


_UNSCORED = {
    Outcome.ABORTED: "the drill was aborted",
    Outcome.FAILED: "the drill could not be carried out",
}


def _barred(drill: Drill, coverage: float) -> tuple[str, str] | None:
    """Explain why there is no score, the most severe reason first; None: there is one."""
    breach = _breach(drill.history)
    # Safety comes first: a breach must not be hidden by the drill's not being scored anyway.
    if breach:
        return GATED, f"safety was breached: {breach}"
    outcome = drill.attribution.outcome
    # Where nobody responds, nobody is in training.
    if drill.history.plan.mode is Mode.TRAIN and not drill.alone:
        return NOT_SCORED, "a drill in train mode is not scored"
    if outcome in _UNSCORED:
        return NOT_SCORED, _UNSCORED[outcome]
    return _inconclusive(drill, coverage)


def _inconclusive(drill: Drill, coverage: float) -> tuple[str, str] | None:
    outcome = drill.attribution.outcome
    if drill.alone and outcome is not Outcome.NO_EFFECT:
        return None
    if outcome in (Outcome.NO_EFFECT, Outcome.UNKNOWN):
        return INSUFFICIENT, f"the outcome is {outcome}: {_why_unknown(drill)}"
    if drill.self_healed:
        # Points for the little that is left would be more than those who looked in time get.
        return (
            INSUFFICIENT,
            "users were healthy again by themselves before anybody looked: nothing was left to do",
        )
    if coverage < COVERAGE and not _absorbed_by_system(drill):
        return INSUFFICIENT, f"only {coverage:.0%} of the weights could be judged; {COVERAGE:.0%} are needed"
    return None


def _why_unknown(drill: Drill) -> str:
    """Say why it can't be told whether there was anything to respond to, or that there was nothing."""
    if drill.attribution.outcome is Outcome.NO_EFFECT:
        return "the fault did not change its target"
    if drill.impact.started is not None:
        return "whether anybody detected it is not known"
    unjudged = [f"{slo.slo}: {slo.why}" for slo in drill.impact.slos if not slo.judged]
    against = contradictions(drill.history)
    if unjudged:
        return f"whether users were affected is not known ({'; '.join(unjudged)})"
    if against:
        return f"no SLO shows an effect on users, but {' and '.join(against)}"
    return "no SLO shows an effect on users, and nothing shows whether the fault changed its target"


def _breach(history: History) -> str:
    """Name the breach of safety, if there was one."""
    tripped = history.first(ev.GuardrailTripped)
    if tripped is not None:
        return f"guardrail {tripped.fact.guardrail} tripped ({tripped.fact.detail})"
    if any(failed.fact.final for failed in history.each(ev.RevertFailed)):
        return "a rollback failed for good"
    if history.closed_at is not None and exposure.open_faults(history):
        return "the drill closed while a fault may be in force"
    return ""


def _pointed(card: Scorecard, rules: ScorecardRules, drill: Drill) -> Scorecard:
    defined = [(scored.weight, scored.share) for scored in card.criteria if scored.share is not None]
    weights = math.fsum(weight for weight, _ in defined)
    earned = math.fsum(weight * share for weight, share in defined)
    hints = _hints(drill.history)
    points = FULL * earned / weights - hints if weights > 0 else 0.0
    caps = [] if _uncapped(drill) else [cap for cap in rules.caps if _APPLIES[cap.when](drill)]
    # Only caps that took points away are worth a reason.
    binding = [cap for cap in caps if points > cap.at_most]
    # Not below 0: hints may cost more than was earned.
    points = round(max(0.0, min([points, *(cap.at_most for cap in caps)])), 2)
    passed = points >= rules.pass_mark
    return replace(
        card,
        points=points,
        passed=passed,
        verdict=PASSED if passed else FAILED,
        caps=tuple(cap.when for cap in caps),
        why="; ".join(f"at most {cap.at_most:g}: {scorecard.CAPS[cap.when]}" for cap in binding),
        hints=hints,
    )


def _alone(card: Scorecard, drill: Drill) -> Scorecard:
    """Judge a system without people: points measure a response, so only what it absorbed has them."""
    passed, why = unattended.verdict(drill.history, drill.impact, drill.milestones)
    if passed is None:
        return replace(card, verdict=INSUFFICIENT, why=why)
    points = FULL if passed and drill.harmless else None
    return replace(card, points=points, passed=passed, verdict=PASSED if passed else FAILED, why=why)


def _uncapped(drill: Drill) -> bool:
    return drill.attribution.earned or drill.harmless or drill.self_healed


def _hints(history: History) -> float:
    """Add up the costs of the hints taken, each once."""
    injects = history.plan.scenario.injects
    taken = {hint.fact.index for hint in history.each(ev.HintTaken)}
    return math.fsum(injects[index].cost for index in sorted(taken) if 0 <= index < len(injects))


def _absorbed_by_system(drill: Drill) -> bool:
    """Whether a system that had to respond by itself kept users from feeling the fault."""
    plan = drill.history.plan
    responding = plan.responder_as or plan.scenario.responders
    return drill.harmless and responding is not Party.TEAM


def _scored(criterion: Criterion, drill: Drill) -> Scored:
    wrong = scorecard.complaint(criterion)
    if wrong:
        raise ValueError(f"criterion {criterion.criterion}: {wrong}")
    measure = scorecard.MEASURES[criterion.measure]
    reading = measures.READERS[measure.name](drill)
    # What people leave undone is no fault of a system that has none.
    if measure.people and not reading.value and drill.alone:
        reading = Reading(why="does not apply: nobody responds in this drill", defined=False)
    if _too_late_to_matter(criterion, measure, reading, drill):
        reading = Reading(
            why="does not apply: the service was healthy again by itself before anybody looked", defined=False
        )
    reading = _unless_not_due(criterion, measure, reading, drill)
    # A system that kept users from feeling anything did what was asked: no time to measure is no lack of
    # evidence.
    if _absorbed_by_system(drill) and not _too_much(measure, reading):
        reading = replace(reading, value=None, defined=True, figure="absorbed", why="")
        share: float | None = 1.0
        rule = "full marks: the fault changed its target, and users' SLOs held"
    else:
        share, rule = _judge(criterion, measure, reading, drill)
    return Scored(
        criterion=criterion.criterion,
        phase=criterion.phase,
        weight=criterion.weight,
        share=share,
        verdict=Verdict.NO_CREDIT if reading.withheld else _verdict(share),
        rule=rule,
        figure=reading.figure,
        evidence=reading.evidence,
        why=reading.why,
    )


def _too_late_to_matter(criterion: Criterion, measure: Measure, reading: Reading, drill: Drill) -> bool:
    """Whether a live criterion fell short where users were healthy again before anybody had to look."""
    if not drill.self_healed or measure.stage not in scorecard.LIVE or measure.instrument:
        return False
    share, _ = _judge(criterion, measure, reading, drill)
    return share is None or share < 1.0


def _unless_not_due(criterion: Criterion, measure: Measure, reading: Reading, drill: Drill) -> Reading:
    """Hold nothing against anybody that was not due before users were healthy again, or the response ended.

    Whether it came later or never. Where those who are judged ended the impact, it counts as in time: if it
    were left out, a slower recovery could earn more. Elsewhere it is left out.
    """
    ended = drill.over_after
    if measure.name not in _MAY_NOT_BE_DUE or not reading.defined or ended is None:
        return reading
    word, _ = scorecard.bands(criterion, measure)
    due = scorecard.figure(word, _objective(measure, drill)) if word else 0.0
    if ended >= due or (reading.value is not None and reading.value <= ended):
        return reading
    figure = f"not due: it was over after {format_duration(ended)}"
    if drill.attribution.earned:
        return Reading(value=0.0, figure=figure, evidence=reading.evidence)
    return Reading(why=f"does not apply: {figure}", defined=False)


_MAY_NOT_BE_DUE = ("alert_delivery", "first_update")
"""What nobody needs any more once users are healthy. Detecting, containing and recovering have own rules."""


def _too_much(measure: Measure, reading: Reading) -> bool:
    """Whether something was done that should not have been, such as declaring an incident on noise."""
    return measure.kind == scorecard.LESS and bool(reading.value)


def _verdict(share: float | None) -> Verdict:
    if share is None:
        return Verdict.UNKNOWN
    if share >= 1.0:
        return Verdict.MET
    return Verdict.PARTIAL if share > 0.0 else Verdict.MISSED


def _judge(
    criterion: Criterion, measure: Measure, reading: Reading, drill: Drill
) -> tuple[float | None, str]:
    """Give the share of the weight that a reading earns, and the rule in words."""
    words = scorecard.bands(criterion, measure)
    objective = _objective(measure, drill)
    target, limit = (scorecard.figure(word, objective) if word else None for word in words)
    rule = _rule(measure, words, target, limit)
    if not reading.defined:
        return None, rule
    if reading.value is None:
        return 0.0, rule
    return share_of(measure.kind, reading.value, target, limit), rule


def share_of(kind: str, value: float, target: float | None, limit: float | None) -> float:
    """Give the share, 0..1, that a value earns between its target and its limit.

    Times are judged on a logarithm (Weber and Fechner's: a doubling costs the same everywhere),
    counts and shares on a straight line. Without a limit a time or an unwelcome count earns nothing
    beyond its target, and a welcome one earns in proportion from 0.
    """
    if target is None:
        return min(max(value, 0.0), 1.0)
    if kind in (scorecard.TIME, scorecard.LESS):
        return _at_most(kind, value, target, target if limit is None else limit)
    floor = limit or 0.0
    if value >= target:
        return 1.0
    return max(0.0, (value - floor) / (target - floor)) if target > floor else 0.0


def _at_most(kind: str, value: float, target: float, limit: float) -> float:
    if value <= target:
        return 1.0
    if value >= limit:
        return 0.0
    if kind == scorecard.TIME and target > 0:
        if math.isinf(limit / target):  # a target so small that the quotient overflows
            return 1.0 - (math.log(value) - math.log(target)) / (math.log(limit) - math.log(target))
        return 1.0 - math.log(value / target) / math.log(limit / target)
    return (limit - value) / (limit - target)


def _objective(measure: Measure, drill: Drill) -> float:
    goals = drill.history.plan.scenario.objectives
    return {"detect": goals.detect, "contain": goals.contain, "recover": goals.recover}.get(
        measure.objective, 1.0
    )


def _rule(measure: Measure, words: tuple[str, str], target: float | None, limit: float | None) -> str:
    if target is None:
        return {scorecard.CHECK: "all or nothing"}.get(measure.kind, "in proportion")
    show = format_duration if measure.kind == scorecard.TIME else "{:g}".format
    bounds = [
        f"{show(at)}{f' ({word})' if word.endswith('x') else ''}"
        for word, at in _bounds(words, target, limit)
    ]
    if measure.kind in (scorecard.TIME, scorecard.LESS):
        curve = ", logarithmic between" if measure.kind == scorecard.TIME else ", in proportion between"
        return f"full marks up to {bounds[0]}, none " + (
            f"from {bounds[1]}{curve}" if len(bounds) > 1 else "beyond"
        )
    return f"all points for {bounds[0]} or more, none for " + (
        f"{bounds[1]} or less" if len(bounds) > 1 else "0"
    )


def _bounds(words: tuple[str, str], target: float, limit: float | None) -> list[tuple[str, float]]:
    bounds = [(words[0], target)]
    return bounds if limit is None else [*bounds, (words[1], limit)]
