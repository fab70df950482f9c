"""The derived instants of a drill, the intervals between them, and where the time went.

Comes in: a history and its impact. Goes out: `Milestones`, each with the instant that people
declared and the one that signals observed, and the events that prove it.
Does not: score. docs/reference/milestones.md has the rules as a table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from gameday.core.facts import drill as ev
from gameday.core.facts.history import Dated, History
from gameday.core.judging import alerts, conditions
from gameday.core.judging.conditions import ConditionJudge, Frame, Proof
from gameday.core.judging.impact import Impact
from gameday.core.values import EventId, Instant, MilestoneName, Seconds, Verdict

DECLARED, OBSERVED, IMPLIED, GRANTED = "declared", "observed", "implied", "granted"


@dataclass(frozen=True, kw_only=True, slots=True)
class Milestone:
    """One derived instant. at None: not reached.

    basis     declared | observed | implied | granted | "" (not reached)
    evidence  ids of the events that prove it
    earliest, latest   the interval in which an observed instant lies
    known     False: the instruments could not tell whether it was reached
    """

    name: MilestoneName
    at: Instant | None = None
    observed: Instant | None = None
    declared: Instant | None = None
    basis: str = ""
    evidence: tuple[EventId, ...] = ()
    earliest: Instant | None = None
    latest: Instant | None = None
    known: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """Time to detect, contain or recover, in seconds. Censored: ended by our rollback or the time box.

    seconds None: not known or not reached; then `at_least` when censored.
    applies False: users were never hurt, so there was nothing to contain or recover.
    """

    name: str
    start: MilestoneName
    end: MilestoneName
    seconds: Seconds | None
    objective: Seconds
    verdict: Verdict
    censored: bool = False
    at_least: Seconds | None = None
    applies: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """One link of the chain to detect, contain or recover: where the time went."""

    chain: str
    name: str
    start: Instant | None
    end: Instant | None

    @property
    def seconds(self) -> Seconds | None:
        """Give the link's length; None while one end is not known."""
        return None if self.start is None or self.end is None else self.end - self.start


@dataclass(frozen=True, kw_only=True, slots=True)
class Milestones:
    """All milestones by name, the three intervals in order, the links of their chains in order."""

    by_name: dict[MilestoneName, Milestone]
    intervals: tuple[Interval, ...]
    chain: tuple[Link, ...]

    def at(self, name: MilestoneName) -> Instant | None:
        """Give the instant of a milestone; None: not reached."""
        return self.by_name[name].at

    def interval(self, name: str) -> Interval:
        """Give an interval by its name: detect, contain or recover."""
        return next(one for one in self.intervals if one.name == name)


def derive(history: History, impact: Impact) -> Milestones:
    """Derive every milestone, interval and link. Raises LookupError for a history without a plan."""
    framed = frame(history, impact)
    judge = ConditionJudge(
        history=history,
        impact=impact,
        frame=framed,
        applicable=tuple(slo for slo in history.plan.scenario.slos if slo.source == "load"),
    )
    recovered = _recovered(judge)
    found = (
        _fault_injected(judge),
        _impact_started(judge),
        _alerted(judge),
        _said(judge, MilestoneName.ACKNOWLEDGED, "acknowledged"),
        _detected(judge),
        _said(judge, MilestoneName.TRIAGED, "declared"),
        _commander_assigned(judge),
        _contained(judge, recovered),
        recovered,
        _verified(judge),
    )
    by_name = {one.name: one for one in found}
    return Milestones(
        by_name=by_name,
        intervals=_intervals(judge, by_name),
        chain=_chain(judge, by_name),
    )


def frame(history: History, impact: Impact) -> Frame:
    """Find the instants that the drill is measured in."""
    began = conditions.began(history)
    started = history.first(ev.LoadStarted)
    ended: Dated[Any] | None = history.first(ev.ResponseEnded) or history.first(ev.DrillClosed)
    return Frame(
        fault=began.at if began else None,
        start=impact.started.at if impact.started else (began.at if began else None),
        rollback=_rollback(history),
        over=ended.at if ended else None,
        evidence=tuple(one.event.id for one in (began, started) if one is not None),
    )


def first_action(history: History, fault: Instant) -> Dated[Any] | None:
    """Give the first thing that anybody did to the target, or ticked, since the fault."""
    done: list[Dated[Any]] = [one for one in history.each(ev.StepDone) if one.at >= fault]
    done += [one for one in history.each(ev.ActionTaken) if one.at >= fault and not by_fault(one.fact)]
    return conditions.earliest(done)


def by_fault(action: ev.ActionTaken) -> bool:
    """Tell whether an action is the experiment's own: its actor begins with `fault`."""
    return action.actor.startswith("fault")


def _rollback(history: History) -> Instant | None:
    """Find our first rollback of a fault that the team had not undone already."""
    spared = {
        one.fact.fault
        for one in history.each(ev.FaultReverted)
        if one.fact.how in ("already-undone", "never-injected", "nothing-to-undo")
    }
    played = [(one.at, one.fact.fault) for one in history.each(ev.RevertAttempted)]
    played += [
        (one.at, one.fact.fault) for one in history.each(ev.ActivityStarted) if one.fact.stage == "rollback"
    ]
    played += [(one.at, one.fact.fault) for one in history.each(ev.FaultReverted)]
    return min((at for at, fault in played if fault not in spared), default=None)


def _milestone(
    name: MilestoneName, proof: Proof, *, observed: Instant | None, declared: Instant | None = None
) -> Milestone:
    bound = proof.bound
    return Milestone(
        name=name,
        at=proof.at,
        observed=observed,
        declared=declared,
        basis=proof.basis,
        evidence=proof.evidence,
        earliest=bound.earliest if bound else None,
        latest=bound.latest if bound else None,
        known=proof.known,
    )


def _from(name: MilestoneName, one: Dated[Any] | None, basis: str) -> Milestone:
    if one is None:
        return Milestone(name=name)
    said = basis == DECLARED
    return Milestone(
        name=name,
        at=one.at,
        observed=None if said else one.at,
        declared=one.at if said else None,
        basis=basis,
        evidence=(one.event.id,),
    )


def _fault_injected(judge: ConditionJudge) -> Milestone:
    injected = judge.history.first(ev.FaultInjected)
    if injected is not None or judge.frame.fault is None:
        return _from(MilestoneName.FAULT_INJECTED, injected, OBSERVED)
    return _from(MilestoneName.FAULT_INJECTED, judge.history.first(ev.InjectSent), IMPLIED)


def _impact_started(judge: ConditionJudge) -> Milestone:
    started = judge.impact.started
    if started is None:
        known = judge.impact.judged or not judge.applicable
        return Milestone(name=MilestoneName.IMPACT_STARTED, known=known)
    proof = Proof(at=started.at, basis=OBSERVED, evidence=judge.frame.evidence, bound=started)
    return _milestone(MilestoneName.IMPACT_STARTED, proof, observed=started.at)


def _alerted(judge: ConditionJudge) -> Milestone:
    fault = judge.frame.fault
    fired = alerts.fresh(judge.history, fault) if fault is not None else ()
    return _from(MilestoneName.ALERTED, fired[0] if fired else None, OBSERVED)


def _said(judge: ConditionJudge, name: MilestoneName, sign: str) -> Milestone:
    fault = judge.frame.fault
    said = None if fault is None else conditions.earliest(conditions.signs(judge.history, sign, name, fault))
    return _from(name, said, DECLARED)


def _detected(judge: ConditionJudge) -> Milestone:
    proof = judge.rule(judge.history.plan.scenario.milestones.detected, MilestoneName.DETECTED)
    signs = [_said(judge, MilestoneName.ACKNOWLEDGED, sign).at for sign in ("acknowledged", "declared")]
    return _milestone(
        MilestoneName.DETECTED,
        proof,
        observed=_alerted(judge).at,
        declared=min((at for at in signs if at is not None), default=None),
    )


def _commander_assigned(judge: ConditionJudge) -> Milestone:
    """Find who first led: named when declaring, or marked; one named in the plan leads from there on."""
    name, fault = MilestoneName.COMMANDER_ASSIGNED, judge.frame.fault
    if fault is None:
        return Milestone(name=name)
    declared = list(conditions.signs(judge.history, "declared", name, fault))
    named = [one for one in declared if one.fact.commander]
    marked = list(conditions.signs(judge.history, "marked", name, fault))
    said = _from(name, conditions.earliest(named + marked), DECLARED)
    if not judge.history.plan.commander or not declared:
        return said
    implied = _from(name, conditions.earliest(declared), IMPLIED)
    return min((one for one in (said, implied) if one.at is not None), key=lambda one: (one.at, one.basis))


def _marked(judge: ConditionJudge, name: MilestoneName) -> Dated[Any] | None:
    fault = judge.frame.fault
    if fault is None:
        return None
    return conditions.earliest(conditions.signs(judge.history, "marked", name, fault))


def _granted(judge: ConditionJudge) -> Dated[Any] | None:
    """Find the facilitator's first grant that comes before our rollback."""
    limit, fault = judge.frame.limit, judge.frame.fault
    granted = conditions.grants(judge.history, fault) if fault is not None else ()
    return conditions.earliest(one for one in granted if one.at <= limit)


def _recovered(judge: ConditionJudge) -> Milestone:
    name = MilestoneName.RECOVERED
    marked = _marked(judge, name)
    proved, granted = _recovery_proved(judge), _recovery_granted(judge)
    earlier = proved.at is not None and granted is not None and proved.at <= (granted.at or proved.at)
    proof = proved if granted is None or earlier else granted
    ended = proof.bound or judge.impact.ended
    return _milestone(
        name, proof, observed=ended.at if ended else None, declared=marked.at if marked else None
    )


def _recovery_proved(judge: ConditionJudge) -> Proof:
    """Prove recovery by the rule. It needs an impact, and a mark counts only once users are well."""
    proof = judge.rule(judge.history.plan.scenario.milestones.recovered, MilestoneName.RECOVERED)
    if not judge.applicable:
        return proof
    if judge.impact.started is None:
        return conditions.NOT_PROVED if judge.impact.judged else conditions.CANNOT_TELL
    if proof.at is None or proof.basis != DECLARED:
        return proof
    well = judge.holds("*", None, 0.0)
    if well.at is None:
        return well
    if well.at <= proof.at:
        return proof
    return replace(well, evidence=tuple(dict.fromkeys((*proof.evidence, *well.evidence))))


def _recovery_granted(judge: ConditionJudge) -> Proof | None:
    """Credit a recovery that a grant brought: our rollback stands in for the lever that is missing."""
    grant, ended = _granted(judge), judge.impact.ended
    affected = judge.impact.started is not None
    if grant is None or (affected and ended is None) or (judge.applicable and not affected):
        return None
    if ended is None:
        return Proof(at=grant.at, basis=GRANTED, evidence=(grant.event.id,))
    at = max(grant.at, ended.at)
    evidence = (grant.event.id, *judge.frame.evidence)
    return Proof(at=at, basis=GRANTED, evidence=evidence, bound=ended if ended.at >= grant.at else None)


def _contained(judge: ConditionJudge, recovered: Milestone) -> Milestone:
    """Prove containment by the rule, by a grant, or by recovery, which implies it: the first counts."""
    name = MilestoneName.CONTAINED
    proof = judge.rule(judge.history.plan.scenario.milestones.contained, name)
    marked, grant = _marked(judge, name), _granted(judge)
    choices = [proof]
    if grant is not None:
        choices.append(Proof(at=grant.at, basis=GRANTED, evidence=(grant.event.id,)))
    if recovered.at is not None:
        choices.append(Proof(at=recovered.at, basis=IMPLIED, evidence=recovered.evidence))
    reached = [one for one in choices if one.at is not None]
    best = min(reached, key=lambda one: (one.at, one.basis == IMPLIED)) if reached else proof
    seen = judge.holds("*", _level(judge), 0.0)
    return _milestone(name, best, observed=seen.at, declared=marked.at if marked else None)


def _level(judge: ConditionJudge) -> float | None:
    """Find the good fraction that the scenario calls contained."""
    rule = judge.history.plan.scenario.milestones.contained
    return next((one.at_least for one in rule.conditions if one.slo), None)


def _verified(judge: ConditionJudge) -> Milestone:
    """Observed: steady state after the revert. A mark counts only where that could not be judged."""
    name = MilestoneName.VERIFIED
    checks = [one for one in judge.history.each(ev.SteadyStateChecked) if one.fact.stage == "after"]
    told = [one for one in checks if one.fact.met is not None]
    marked = _marked(judge, name)
    seen = _from(name, told[-1] if told and told[-1].fact.met else None, OBSERVED)
    if told:
        return replace(seen, declared=marked.at if marked else None)
    return replace(_from(name, marked, DECLARED), known=marked is not None or not checks)


def _intervals(judge: ConditionJudge, by_name: dict[MilestoneName, Milestone]) -> tuple[Interval, ...]:
    goals = judge.history.plan.scenario.objectives
    rows = (
        ("detect", MilestoneName.DETECTED, goals.detect),
        ("contain", MilestoneName.CONTAINED, goals.contain),
        ("recover", MilestoneName.RECOVERED, goals.recover),
    )
    return tuple(_interval(judge, name, by_name[end], objective) for name, end, objective in rows)


def _interval(judge: ConditionJudge, name: str, end: Milestone, objective: Seconds) -> Interval:
    framed = judge.frame
    affected = judge.impact.started is not None
    blank = Interval(
        name=name,
        start=MilestoneName.IMPACT_STARTED if affected else MilestoneName.FAULT_INJECTED,
        end=end.name,
        seconds=None,
        objective=objective,
        verdict=Verdict.UNKNOWN,
        applies=affected or name == "detect" or not judge.applicable or not judge.impact.judged,
    )
    if framed.start is None:
        return blank
    if end.at is not None:
        seconds = round(max(0.0, end.at - framed.start), 6)
        verdict = Verdict.MET if seconds <= objective else Verdict.MISSED
        return replace(blank, seconds=seconds, verdict=verdict)
    stops = [at for at in (framed.over, None if name == "detect" else framed.rollback) if at is not None]
    if not stops or not end.known or not blank.applies:
        return blank
    at_least = round(max(0.0, min(stops) - framed.start), 6)
    verdict = Verdict.MISSED if at_least >= objective else Verdict.UNKNOWN
    return replace(blank, censored=True, at_least=at_least, verdict=verdict)


def _chain(judge: ConditionJudge, by_name: dict[MilestoneName, Milestone]) -> tuple[Link, ...]:
    fault = judge.frame.fault
    fired = alerts.fresh(judge.history, fault) if fault is not None else ()
    condition = fired[0].fact.condition_at if fired and fired[0].event.trusted else None
    delivered = min((one.event.recorded_at for one in fired), default=None)
    acted = first_action(judge.history, fault) if fault is not None else None
    at = {name: one.at for name, one in by_name.items()}
    declared = at[MilestoneName.TRIAGED]
    first = acted.at if acted else None
    detect = (
        ("fault", fault),
        ("users hurt", at[MilestoneName.IMPACT_STARTED]),
        ("alert condition true", condition),
        ("alert delivered", delivered),
        ("acknowledged", at[MilestoneName.ACKNOWLEDGED]),
        ("declared", declared),
    )
    contained, recovered = at[MilestoneName.CONTAINED], at[MilestoneName.RECOVERED]
    return (
        *_links("detect", *detect),
        *_links("contain", ("declared", declared), ("first action", first), ("contained", contained)),
        *_links("recover", ("contained", contained), ("recovered", recovered)),
    )


def _links(chain: str, *stations: tuple[str, Instant | None]) -> Iterator[Link]:
    """Join the stations that lie in order; the first one behind them that was not reached ends the chain."""
    kept: list[tuple[str, Instant | None]] = []
    for name, at in reversed(stations):
        following = kept[0][1] if kept else None
        if at is None and following is None:
            kept[:1] = [(name, None)]
        elif at is not None and (following is None or at <= following):
            kept.insert(0, (name, at))
    for (here, start), (there, end) in pairwise(kept):
        yield Link(chain=chain, name=f"{here} → {there}", start=start, end=end)
