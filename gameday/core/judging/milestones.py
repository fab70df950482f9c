"""The derived instants of a drill, the intervals between them, and where the time went.

Each milestone has the instant that people declared, the one that signals show, and the events that
prove it. docs/reference/milestones.md has the rules as a table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from gameday.core.facts import drill as ev
from gameday.core.facts.history import Dated, History
from gameday.core.judging import acts, alerts, conditions
from gameday.core.judging.conditions import ConditionJudge, Frame, Proof
from gameday.core.judging.impact import IN_FLIGHT, Impact
from gameday.core.values import EventId, Instant, MilestoneName, Outcome, Party, Seconds, Verdict

DECLARED, OBSERVED, IMPLIED, GRANTED = "declared", "observed", "implied", "granted"


@dataclass(frozen=True, kw_only=True, slots=True)
class Milestone:
    """One derived instant. at None: not reached.

    basis     declared | observed | implied | granted | "" (not reached)
    evidence  ids of the events that prove it
    earliest, latest   the interval in which an observed instant lies
    known     False: the instruments could not determine whether it was reached
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
    applies False: there is nothing to time; `instead` says why, in the place of a time
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
    instead: str = ""


NOT_NEEDED, NOT_KNOWN, NOBODY = "not needed", "not known", "nobody responds"
"""Why there is nothing to time: users were not affected; nothing measures them; nobody was to notice."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """One link of the chain to detect, contain or recover: where the time went.

    The links of a chain lie within its interval, and add up to it. earlier: it sums up the chain before.
    """

    chain: str
    name: str
    start: Instant | None
    end: Instant | None
    earlier: bool = False

    @property
    def seconds(self) -> Seconds | None:
        """The link's length; None while one end is not known."""
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
        return next(interval for interval in self.intervals if interval.name == name)


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
    reached = (
        _fault_injected(judge),
        _impact_started(judge),
        _alerted(judge),
        _stated(judge, MilestoneName.ACKNOWLEDGED, "acknowledged"),
        _detected(judge),
        _stated(judge, MilestoneName.TRIAGED, "declared"),
        _commander_assigned(judge),
        _contained(judge, recovered),
        recovered,
        _verified(judge),
    )
    by_name = {milestone.name: milestone for milestone in reached}
    intervals = _intervals(judge, by_name)
    return Milestones(by_name=by_name, intervals=intervals, chain=_chain(judge, by_name, intervals))


def concerning(derived: Milestones, outcome: Outcome, *, healed: bool = False) -> Milestones:
    """Leave out a time to detect where there was nothing to detect: one word for it everywhere.

    Where the fault was absorbed or changed nothing, only a detection in time counts; where it is not known
    whether it changed anything, nobody is known to have missed it. Where users were `healed` before anybody
    looked or had to, whoever looked later was not late.
    """
    if healed:
        return _unnoticed(derived)
    unaffected = derived.by_name[MilestoneName.IMPACT_STARTED].at is None
    detect = derived.interval("detect")
    late = detect.verdict is Verdict.MISSED or detect.seconds is None
    if not unaffected or not late or outcome not in _NOTHING_SEEN:
        return derived
    blank = replace(detect, seconds=None, verdict=Verdict.UNKNOWN, censored=False, at_least=None)
    shown = (
        blank
        if outcome is Outcome.UNKNOWN
        else replace(blank, applies=False, instead=detect.instead or NOT_NEEDED)
    )
    return replace(
        derived,
        intervals=tuple(shown if each is detect else each for each in derived.intervals),
        chain=tuple(link for link in derived.chain if link.chain != detect.name),
    )


def _unnoticed(derived: Milestones) -> Milestones:
    """Cut a time to detect that is too long off at the recovery, as if nobody had looked later."""
    detect, recovered = derived.interval("detect"), derived.at(MilestoneName.RECOVERED)
    start = derived.at(MilestoneName.IMPACT_STARTED)
    if detect.seconds is None or detect.verdict is not Verdict.MISSED or recovered is None or start is None:
        return derived
    until = Instant(recovered)
    at_least = round(max(0.0, until - start), 6)
    cut = replace(detect, seconds=None, verdict=Verdict.UNKNOWN, censored=True, at_least=at_least)
    return replace(
        derived,
        intervals=tuple(cut if each is detect else each for each in derived.intervals),
        chain=tuple(link for each in derived.chain for link in _up_to(each, detect.name, until)),
    )


def _up_to(link: Link, chain: str, until: Instant) -> Iterator[Link]:
    """Give the part of a link of a chain that lies before an instant; links of other chains whole."""
    if link.chain != chain or link.end is None or link.end <= until:
        yield link
    elif link.start is not None and link.start < until:
        yield replace(link, name=f"{link.name}, not reached", end=until)


_NOTHING_SEEN = (Outcome.ABSORBED, Outcome.NO_EFFECT, Outcome.UNKNOWN)


def frame(history: History, impact: Impact) -> Frame:
    """Find the instants that the drill is measured in."""
    began = conditions.began(history)
    started = history.first(ev.LoadStarted)
    # An aborted drill has no ResponseEnded.
    ended: Dated[Any] | None = history.first(ev.ResponseEnded) or history.first(ev.DrillClosed)
    return Frame(
        fault=began.at if began else None,
        start=impact.started.at if impact.started else (began.at if began else None),
        rollback=_rollback(history),
        over=ended.at if ended else None,
        evidence=tuple(fact.event.id for fact in (began, started) if fact is not None),
    )


def first_action(history: History, fault: Instant, recovered: Instant | None) -> Dated[Any] | None:
    """Give the first act on the target by the team or its automation that may have helped.

    What was observed outranks what was ticked: a ticked step counts only where no act was observed and no
    trail could have shown one.
    """
    until = conditions.FOREVER if recovered is None else recovered + IN_FLIGHT
    done: list[Dated[Any]] = [
        action
        for action in acts.effective(history, fault)
        if acts.party_of(history, action.fact) is not Party.NONE
    ]
    if not done and not any(watch.fact.readable for watch in history.each(ev.TrailWatched)):
        done = list(acts.steps(history, fault))
    return conditions.earliest(each for each in done if each.at <= until)


def _rollback(history: History) -> Instant | None:
    """Find our first rollback of a fault that the team had not undone already."""
    undone_already = {
        reverted.fact.fault
        for reverted in history.each(ev.FaultReverted)
        if reverted.fact.how in ("already-undone", "never-injected", "nothing-to-undo")
    }
    played = [(tried.at, tried.fact.fault) for tried in history.each(ev.RevertAttempted)]
    played += [
        (started.at, started.fact.fault)
        for started in history.each(ev.ActivityStarted)
        if started.fact.stage == "rollback"
    ]
    played += [(reverted.at, reverted.fact.fault) for reverted in history.each(ev.FaultReverted)]
    return min((at for at, fault in played if fault not in undone_already), default=None)


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


def _from(name: MilestoneName, proof: Dated[Any] | None, basis: str) -> Milestone:
    if proof is None:
        return Milestone(name=name)
    declared = basis == DECLARED
    return Milestone(
        name=name,
        at=proof.at,
        observed=None if declared else proof.at,
        declared=proof.at if declared else None,
        basis=basis,
        evidence=(proof.event.id,),
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
    if fault is None:
        return Milestone(name=MilestoneName.ALERTED)
    fired = alerts.relevant(judge.history, fault)
    # One that may be an old alert repeated leaves it open.
    known = bool(fired) or not alerts.doubtful(judge.history, fault)
    return replace(_from(MilestoneName.ALERTED, fired[0] if fired else None, OBSERVED), known=known)


def _stated(judge: ConditionJudge, name: MilestoneName, sign: str) -> Milestone:
    fault = judge.frame.fault
    signs = () if fault is None else conditions.signs(judge.history, sign, name, fault)
    return _from(name, conditions.earliest(signs), DECLARED)


def _detected(judge: ConditionJudge) -> Milestone:
    proof = judge.rule(judge.history.plan.scenario.milestones.detected, MilestoneName.DETECTED)
    acted = _noticed(judge)
    if acted is not None and (proof.at is None or acted.at < proof.at):
        proof = Proof(at=acted.at, basis=IMPLIED, evidence=(acted.event.id,))
    fault = judge.frame.fault
    if proof.at is None and fault is not None and conditions.declared_before(judge.history, fault):
        proof = conditions.CANNOT_TELL
    signs = [_stated(judge, MilestoneName.ACKNOWLEDGED, sign).at for sign in ("acknowledged", "declared")]
    return _milestone(
        MilestoneName.DETECTED,
        proof,
        observed=_alerted(judge).at,
        declared=min((at for at in signs if at is not None), default=None),
    )


def _noticed(judge: ConditionJudge) -> Dated[Any] | None:
    """Give the first deed by which whoever responds shows to have noticed, before or without saying so.

    An act, a ticked step, a mark of containment or recovery: who fixes it before an alert fires is not late.
    Where a team responds, an act of its automation shows nothing about the team.
    """
    history, fault = judge.history, judge.frame.fault
    if fault is None or conditions.nobody_responds(history):
        return None
    parties = (Party.TEAM,) if alerts.team_responds(history) else (Party.TEAM, Party.AUTOMATION)
    deeds: list[Dated[Any]] = [
        action for action in acts.effective(history, fault) if acts.party_of(history, action.fact) in parties
    ]
    deeds += (step for step in history.each(ev.StepDone) if step.at >= fault)
    for name in (MilestoneName.CONTAINED, MilestoneName.RECOVERED):
        deeds += conditions.signs(history, "marked", name, fault)
    return conditions.earliest(deeds)


def _commander_assigned(judge: ConditionJudge) -> Milestone:
    """Find when somebody first led: named when declaring, or marked; the planned one once declared."""
    name, fault = MilestoneName.COMMANDER_ASSIGNED, judge.frame.fault
    if fault is None:
        return Milestone(name=name)
    declared = list(conditions.signs(judge.history, "declared", name, fault))
    named = [declaration for declaration in declared if declaration.fact.commander]
    marked = list(conditions.signs(judge.history, "marked", name, fault))
    stated = _from(name, conditions.earliest(named + marked), DECLARED)
    if not judge.history.plan.commander or not declared:
        return stated
    implied = _from(name, conditions.earliest(declared), IMPLIED)
    reached = [each for each in (stated, implied) if each.at is not None]
    return min(reached, key=lambda each: (each.at or 0.0, each.basis))


def _marked(judge: ConditionJudge, name: MilestoneName) -> Dated[Any] | None:
    fault = judge.frame.fault
    if fault is None:
        return None
    return conditions.earliest(conditions.signs(judge.history, "marked", name, fault))


def _granted(judge: ConditionJudge) -> Dated[Any] | None:
    """Find the facilitator's first grant that comes before our rollback."""
    limit, fault = judge.frame.limit, judge.frame.fault
    granted = conditions.grants(judge.history, fault) if fault is not None else ()
    return conditions.earliest(grant for grant in granted if grant.at <= limit)


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
    """Prove recovery by the rule. It needs an impact, and a mark counts only once users are healthy again."""
    proof = judge.rule(judge.history.plan.scenario.milestones.recovered, MilestoneName.RECOVERED)
    if not judge.applicable:
        return proof
    if judge.impact.started is None:
        return conditions.NOT_PROVED if judge.impact.judged else conditions.CANNOT_TELL
    if proof.at is None or proof.basis != DECLARED:
        return proof
    healthy = judge.holds("*", None, 0.0)
    if healthy.at is None:
        return healthy
    if healthy.at <= proof.at:
        return proof
    # marked too early: it counts from the instant at which users were healthy, the later of the two
    return replace(healthy, evidence=tuple(dict.fromkeys((*proof.evidence, *healthy.evidence))))


def _recovery_granted(judge: ConditionJudge) -> Proof | None:
    """Credit a recovery by grant: our rollback was played in place of the mitigation that is missing."""
    grant, ended = _granted(judge), judge.impact.ended
    affected = judge.impact.started is not None
    if grant is None or (affected and ended is None) or (judge.applicable and not affected):
        return None
    if ended is None:
        return Proof(at=grant.at, basis=GRANTED, evidence=(grant.event.id,))
    # Not before the grant, which is what earns it.
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
    reached = [choice for choice in choices if choice.at is not None]
    # At the same instant a proof of its own counts before one that is implied.
    best = min(reached, key=lambda choice: (choice.at, choice.basis == IMPLIED)) if reached else proof
    held = judge.holds("*", judge.contained_level, 0.0)
    return _milestone(name, best, observed=held.at, declared=marked.at if marked else None)


def _verified(judge: ConditionJudge) -> Milestone:
    """Observed: steady state after the revert. A mark counts only where that could not be judged."""
    name = MilestoneName.VERIFIED
    checks = [check for check in judge.history.each(ev.SteadyStateChecked) if check.fact.stage == "after"]
    judged = [check for check in checks if check.fact.met is not None]
    marked = _marked(judge, name)
    observed = _from(name, judged[-1] if judged and judged[-1].fact.met else None, OBSERVED)
    if judged:
        return replace(observed, declared=marked.at if marked else None)
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
    instead = _instead(judge, end.name)
    blank = Interval(
        name=name,
        start=MilestoneName.IMPACT_STARTED if affected else MilestoneName.FAULT_INJECTED,
        end=end.name,
        seconds=None,
        objective=objective,
        verdict=Verdict.UNKNOWN,
        applies=not instead,
        instead=instead,
    )
    if framed.start is None:
        return blank
    # Users may have been affected later than the fault, or never: what took long since then was not missed.
    undated = _undated(judge)
    if end.at is not None:
        seconds = round(max(0.0, end.at - framed.start), 6)
        late = Verdict.UNKNOWN if undated else Verdict.MISSED
        return replace(blank, seconds=seconds, verdict=Verdict.MET if seconds <= objective else late)
    if undated and name != "detect":
        return blank
    # Our rollback ends what can be contained or recovered; noticing an incident is possible after it, too.
    # Of an incident that was over before, nobody has to take notice any more.
    ended = judge.impact.ended
    over = framed.over is not None and ended is not None and ended.latest < framed.limit
    healed = ended.at if ended is not None and over else None
    stops = [at for at in (framed.over, healed if name == "detect" else framed.rollback) if at is not None]
    if not stops or not end.known or not blank.applies:
        return blank
    at_least = round(max(0.0, min(stops) - framed.start), 6)
    verdict = Verdict.MISSED if at_least >= objective else Verdict.UNKNOWN
    return replace(blank, censored=True, at_least=at_least, verdict=verdict)


def _undated(judge: ConditionJudge) -> bool:
    """Whether it is not known if users were affected, or since when, although requests should show it."""
    return bool(judge.applicable) and judge.impact.started is None and not judge.impact.judged


def _instead(judge: ConditionJudge, end: MilestoneName) -> str:
    """Say why there is nothing to time; empty: users were affected, or may have been."""
    affected, alone = judge.impact.started is not None, conditions.nobody_responds(judge.history)
    if end is MilestoneName.DETECTED:
        # What only people state is left undone by nobody; an alert may still prove it.
        detected = judge.history.plan.scenario.milestones.detected.conditions
        noticed = not alone or (affected and not all(each.sign for each in detected))
        return "" if noticed else NOBODY
    if affected or judge.applicable:
        return "" if affected or not judge.impact.judged else NOT_NEEDED
    # Without SLOs people's marks decide, or nothing does.
    return NOT_KNOWN if alone else ""


_Station = tuple[str, Instant | None]


def _chain(
    judge: ConditionJudge, by_name: dict[MilestoneName, Milestone], intervals: tuple[Interval, ...]
) -> tuple[Link, ...]:
    """Divide each interval by what happened in it. What lies outside of it is no part of it."""
    if judge.frame.start is None or judge.frame.fault is None:
        return ()
    fault = judge.frame.fault
    fired = alerts.relevant(judge.history, fault)
    # The source's own claim: of an untrusted source it proves nothing.
    condition = fired[0].fact.condition_at if fired and fired[0].event.trusted else None
    delivered = min((alert.event.recorded_at for alert in fired), default=None)
    at = {name: milestone.at for name, milestone in by_name.items()}
    acted = first_action(judge.history, fault, at[MilestoneName.RECOVERED])
    first = acted.at if acted else None
    detected, contained = _detection(at), ("contained", at[MilestoneName.CONTAINED])
    declared = ("declared", at[MilestoneName.TRIAGED])
    between: dict[str, tuple[_Station, ...]] = {
        "detect": (("alert condition true", condition), ("alert delivered", delivered)),
        "contain": (detected, declared, ("first action", first)),
        "recover": (contained,),
    }
    ends = {"detect": detected[0], "contain": "contained", "recover": "recovered"}
    affected = at[MilestoneName.IMPACT_STARTED] is not None
    began = "users affected" if affected else _FIRST[judge.history.first(ev.FaultInjected) is None]
    return tuple(
        link
        for each in intervals
        if each.applies
        for link in _links(
            each, (began, judge.frame.start), between[each.name], (ends[each.name], at[each.end])
        )
    )


_FIRST = ("fault", "first inject")


def _detection(at: dict[MilestoneName, Instant | None]) -> _Station:
    """Name a detection by the statement that proved it, if it was one."""
    detected = at[MilestoneName.DETECTED]
    for word, name in (("acknowledged", MilestoneName.ACKNOWLEDGED), ("declared", MilestoneName.TRIAGED)):
        if detected is not None and at[name] == detected:
            return word, detected
    return "detected", detected


def _links(
    interval: Interval, start: tuple[str, Instant], between: tuple[_Station, ...], end: _Station
) -> Iterator[Link]:
    """Join the stations within an interval that lie in order.

    What was cut off before its end was reached has a last link up to where it was cut off.
    """
    name, until = end
    if until is None and interval.at_least is not None:
        name, until = f"{name}, not reached", Instant(start[1] + interval.at_least)
    kept: list[_Station] = [(name, until)]
    # Backwards: of two stations out of order the earlier one in the list is left out.
    for station in reversed(between):
        latest = kept[0][1]
        inside = (
            station[1] is not None and start[1] <= station[1] and (latest is None or station[1] <= latest)
        )
        if inside and station[0] != kept[0][0]:
            kept.insert(0, station)
    if until is not None and until <= start[1]:
        return
    first = between[0][0] if interval.name != "detect" else ""
    for (from_, begun), (to, ended) in pairwise((start, *kept)):
        earlier = begun == start[1] and from_ == start[0] and to == first and ended is not None
        yield Link(chain=interval.name, name=f"{from_} → {to}", start=begun, end=ended, earlier=earlier)
