"""Who ended the impact, and what the outcome of the drill is.

An `Attribution` comes with a sentence that explains it and the events that prove it.

Observations outrank statements: acts in the environment's trail and commands of a responder script decide
(`core.judging.acts`). Ticked steps, marks and answers at the review count only where nothing was observed and
nobody watched. *Itself* is the answer only where a trail could be read and shows that nobody acted. Doubt
grows with the time between the last act and its effect, until nobody can be credited.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from gameday.core import exposure
from gameday.core.facts import drill as ev
from gameday.core.facts.history import Dated, History
from gameday.core.judging import acts, alerts, answers, conditions, milestones, steady_state
from gameday.core.judging.impact import ALWAYS, IN_FLIGHT, Impact
from gameday.core.judging.milestones import GRANTED, Milestones
from gameday.core.values import (
    EventId,
    Instant,
    MilestoneName,
    Outcome,
    Party,
    RecoveredBy,
    Seconds,
    format_duration,
)

PROPAGATION: Seconds = 60.0
"""How long an act may take to reach users before the time is said to be long; more where windows are long."""
UNRELATED = 5
"""After so many times that long an act is no evidence of who ended the impact."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribution:
    """Who ended the impact, and the outcome. `why` is a sentence with its figures.

    changed  whether the fault changed anything: users, the steady state or its probe show it; None: unknown
    """

    recovered_by: RecoveredBy
    outcome: Outcome
    changed: bool | None
    why: str
    evidence: tuple[EventId, ...] = ()

    @property
    def earned(self) -> bool:
        """Whether people or their automation ended the impact: only that counts."""
        return self.recovered_by in (RecoveredBy.TEAM, RecoveredBy.AUTOMATION)


@dataclass(frozen=True, slots=True)
class _Who:
    by: RecoveredBy
    why: str
    evidence: tuple[EventId, ...] = ()


def attribute(history: History, impact: Impact, milestones: Milestones) -> Attribution:
    """Attribute the end of the impact and name the outcome."""
    changed = changed_anything(history, impact)
    who = _who(history, impact, milestones)
    return Attribution(
        recovered_by=who.by,
        outcome=_outcome(history, impact, milestones, changed=changed),
        changed=changed,
        why=who.why,
        evidence=who.evidence,
    )


def changed_anything(history: History, impact: Impact) -> bool | None:
    """Whether the fault changed anything: users were affected, its probe shows it, or the steady state ended.

    The probe is asked after the injection and before the revert: what shows later was changed all the same.
    None: nothing can tell.
    """
    if impact.started is not None:
        return True
    probed = {stage: _probed(history, stage) for stage in ("after-inject", "before-revert")}
    if True in probed["after-inject"] | probed["before-revert"] or deviated(history):
        return True
    # A probe that could not tell (None) leaves it unknown; later the response may have undone it.
    return False if probed["after-inject"] == {False} else None


def _probed(history: History, stage: str) -> set[bool | None]:
    return {probe.fact.exposed for probe in history.each(ev.ExposureProbed) if probe.fact.stage == stage}


def deviated(history: History) -> tuple[str, ...]:
    """Name it where the steady state was met before the method, and not during it or after it."""
    state = steady_state.read(history)
    when = "after" if state.after is False else "during" if state.during is False else ""
    return (f"the steady state was not met {when} the method",) if when and state.before else ()


def _outcome(history: History, impact: Impact, milestones: Milestones, *, changed: bool | None) -> Outcome:
    stopped = _stopped(history)
    if stopped is not None:
        return stopped
    watched = any(slo.source == "load" for slo in history.plan.scenario.slos)
    reached = (outcome for name, outcome in _REACHED if milestones.at(name) is not None)
    outcome = next(reached, Outcome.UNDETECTED)
    # Where nobody responds, nobody's statements stand in for users whose requests are not known.
    silent = outcome is Outcome.UNDETECTED and conditions.nobody_responds(history)
    if impact.started is None and (watched or silent):
        return _harmless(history, impact, changed=changed)
    if silent:
        seen = milestones.by_name[MilestoneName.RECOVERED].known
        return outcome if seen else Outcome.UNKNOWN
    known = milestones.by_name[MilestoneName.DETECTED].known
    return outcome if known or outcome is not Outcome.UNDETECTED else Outcome.UNKNOWN


_REACHED = (
    (MilestoneName.RECOVERED, Outcome.RECOVERED),
    (MilestoneName.CONTAINED, Outcome.CONTAINED),
    (MilestoneName.DETECTED, Outcome.DETECTED),
)


def _stopped(history: History) -> Outcome | None:
    """Give the outcome of a drill in which nothing could be judged, or None."""
    closed = history.first(ev.DrillClosed)
    how = closed.fact.how if closed else ""
    if how in ("failed", "not-ready"):
        return Outcome.FAILED
    # an abort that was asked for decides only while the drill is open; then its end does
    if how == "aborted" or (not closed and history.first(ev.AbortRequested)):
        return Outcome.ABORTED
    began = history.first(ev.FaultInjected) or not history.plan.scenario.experiment
    if closed and not began:
        return Outcome.FAILED
    return None if began else Outcome.UNKNOWN


def _harmless(history: History, impact: Impact, *, changed: bool | None) -> Outcome:
    """Give the outcome where no effect on users was observed."""
    if changed is False:
        return Outcome.UNKNOWN if signs(history) else Outcome.NO_EFFECT
    absorbed = changed and impact.judged and not contradictions(history)
    return Outcome.ABSORBED if absorbed else Outcome.UNKNOWN


def contradictions(history: History) -> tuple[str, ...]:
    """Name what speaks against a fault that is said to be absorbed, because no SLO shows an effect on users.

    A sign of the fault; or that no action ever succeeded: then there was nothing to absorb.
    """
    return (*signs(history), *nothing_done(history))


def signs(history: History) -> tuple[str, ...]:
    """Name what the scenario itself takes as a sign of the fault.

    An expected alert that fired, a probe of its rules that was not met, a steady state that was not met.
    """
    injected = history.first(ev.FaultInjected)
    if injected is None:
        return ()
    expected = history.plan.scenario.expect
    fired = (
        alert.fact.alert
        for alert in alerts.fresh(history, injected.at)
        if any(alerts.matches(each, alert) for each in expected)
    )
    unclear = (
        alert.fact.alert
        for alert in alerts.doubtful(history, injected.at)
        if any(alerts.matches(each, alert) for each in expected)
    )
    return (
        *(f"the expected alert {alert} fired" for alert in dict.fromkeys(fired)),
        *(f"the expected alert {alert} may have fired because of it" for alert in dict.fromkeys(unclear)),
        *unmet_probes(history),
        *deviated(history),
    )


def unmet_probes(history: History) -> tuple[str, ...]:
    """Name the probes of the scenario's rules that were not met at least once."""
    probed = {answer.fact.probe for answer in history.each(ev.ProbeJudged) if answer.fact.ok is False}
    rules = history.plan.scenario.milestones
    return tuple(
        f"the probe {condition.probe} was not met"
        for condition in (*rules.contained.conditions, *rules.recovered.conditions)
        if condition.probe in probed
    )


def nothing_done(history: History) -> tuple[str, ...]:
    """Name it where the method had actions and none of them succeeded."""
    done = [each.fact for each in history.each(ev.ActivityFinished) if exposure.injects(each.fact)]
    failed = done and not any(map(exposure.injected, done))
    return ("no action of the method succeeded",) if failed else ()


def prevention(history: History, fault: Instant | None) -> Dated[Any] | None:
    """Give the first act on the target, where no user was affected after it: it may have kept them from it.

    A ticked step is evidence enough only where the fault turns out to be undone.
    """
    over = history.first(ev.ResponseEnded)
    acted = None if fault is None else milestones.first_action(history, fault, over.at if over else None)
    if acted is None or isinstance(acted.fact, ev.ActionTaken):
        return acted
    undone = any(each.fact.how == "already-undone" for each in history.each(ev.FaultReverted))
    return acted if undone else None


def self_healed(history: History, impact: Impact, milestones: Milestones, who: Attribution) -> bool:
    """Whether users were healthy again by themselves before anybody looked, and before anybody had to."""
    start, recovered = impact.started, milestones.at(MilestoneName.RECOVERED)
    if start is None or recovered is None or conditions.nobody_responds(history):
        return False
    quick = recovered - start.at <= history.plan.scenario.objectives.detect
    if not quick or who.recovered_by not in (RecoveredBy.ITSELF, RecoveredBy.UNCLEAR):
        return False
    since = milestones.at(MilestoneName.FAULT_INJECTED) or start.at
    return not any(since <= at <= recovered for at in _responses(history))


def _responses(history: History) -> Iterator[Instant]:
    """Give when people or their automation stated anything, or did what may have helped."""
    kinds = (
        ev.IncidentAcknowledged,
        ev.AlertAcknowledged,
        ev.IncidentDeclared,
        ev.StepDone,
        ev.MilestoneMarked,
    )
    for kind in kinds:
        yield from (fact.at for fact in history.each(kind))
    yield from (action.at for action in acts.effective(history, ALWAYS))


def acted_by(history: History, act: Dated[Any]) -> RecoveredBy:
    """Give whose act it was: the team's or its automation's."""
    if not isinstance(act.fact, ev.ActionTaken):
        return _speaker(history, [act])
    automation = acts.party_of(history, act.fact) is Party.AUTOMATION
    return RecoveredBy.AUTOMATION if automation else RecoveredBy.TEAM


def _who(history: History, impact: Impact, derived: Milestones) -> _Who:
    framed, recovered = milestones.frame(history, impact), derived.by_name[MilestoneName.RECOVERED]
    if framed.fault is None:
        return _Who(RecoveredBy.NONE, "Nothing was injected.")
    if recovered.at is None:
        return _unrecovered(history, impact, framed)
    # First of all: our own rollback stood in for the team's mitigation, so actions explain nothing.
    if recovered.basis == GRANTED:
        return _Who(RecoveredBy.TEAM, _granted(history), recovered.evidence)
    # A request that was in flight when the fix took effect counts as good from its start, so the fix may
    # come up to IN_FLIGHT after it.
    until = Instant((recovered.latest or recovered.at) + IN_FLIGHT)
    actions = [action for action in acts.effective(history, framed.fault) if action.at <= until]
    watched = acts.watched(history, Instant(recovered.at + IN_FLIGHT))
    if not actions and watched:
        why = "The environment's trail could be read, and it shows that nobody acted."
        idle = _idle(history, framed.fault, until)
        return _Who(RecoveredBy.ITSELF, why + idle)
    who = _by_actions(history, actions, derived) if actions else None
    # A trail would have shown a later act; without one people may know of it.
    if who is not None and (watched or who.by is not RecoveredBy.UNCLEAR):
        return who
    stated = _by_statements(history, framed.fault, recovered.at)
    return who if who is not None and stated.by is RecoveredBy.UNCLEAR else stated


def _idle(history: History, since: Instant, until: Instant) -> str:
    """Name a command that only looked or failed, where there was one: it is why nobody is credited."""
    taken = [
        action.fact.action
        for action in history.each(ev.ActionTaken)
        if since <= action.at <= until and not acts.by_fault(action.fact)
    ]
    return f" Commands that only look or that failed, such as “{taken[0]}”, change nothing." if taken else ""


def _granted(history: History) -> str:
    mitigations = [mark.fact.lever for mark in history.each(ev.MilestoneMarked) if mark.fact.granted]
    named = f": “{mitigations[0]}”" if mitigations and mitigations[0] else ""
    return f"The facilitator granted the team a mitigation that the environment lacks{named}."


def _unrecovered(history: History, impact: Impact, framed: conditions.Frame) -> _Who:
    if impact.started is None:
        return _Who(RecoveredBy.NONE, _unaffected(history, impact))
    if impact.ended is None:
        lost = history.first(ev.LoadLost) is not None
        known = "; whether they recovered is not known, because the load was lost" if lost else ""
        return _Who(RecoveredBy.NONE, f"Users were still affected at the last sample{known}.")
    if framed.rollback is None:
        return _Who(
            RecoveredBy.NONE, "Users were healthy again, but the scenario's recovery rule was not met."
        )
    gap = impact.ended.at - framed.rollback
    # the whole interval must lie before the rollback: what may have come after it is the rollback's
    if impact.ended.latest >= framed.rollback:
        after = f"healthy again {format_duration(gap)} after" if gap >= 0.05 else "affected until"
        return _Who(RecoveredBy.ROLLBACK, f"Users were {after} our own rollback.")
    before = format_duration(-gap)
    why = f"Users were healthy again only {before} before our own rollback: too short to attribute it."
    return _Who(RecoveredBy.UNCLEAR, why)


def _unaffected(history: History, impact: Impact) -> str:
    against = contradictions(history)
    if not impact.judged or not against:
        injected = history.first(ev.FaultInjected)
        act = prevention(history, injected.at if injected else None)
        none = "No effect on users was observed, so there was nothing to recover."
        if not impact.judged:
            none = "Whether users were affected is not known, nor whether there was anything to recover."
        return f"{none} The {acted_by(history, act)} had acted before there was one." if act else none
    return f"No SLO shows an effect on users, but {' and '.join(against)}."


def _by_actions(history: History, actions: list[Dated[ev.ActionTaken]], derived: Milestones) -> _Who:
    """Credit the last act of the team or its automation, unless too much time passed before it showed."""
    parties = [(action, acts.party_of(history, action.fact)) for action in actions]
    chosen = [(action, party) for action, party in parties if party is not Party.NONE]
    evidence = tuple(action.event.id for action, _ in parties)
    # A controller's acts may be the consequence of the team's, so they count only where there are no others.
    if not chosen:
        why = f"Nobody acted: the last action, “{actions[-1].fact.action}”, was a controller's own."
        return _Who(RecoveredBy.ITSELF, why, evidence)
    last, party = chosen[-1]
    gap, expected = _until_effect(last, derived), _propagation(history)
    if gap > UNRELATED * expected:
        return _unrelated(last, actions[-1], gap, evidence)
    own = next((each for each, other in parties if other is Party.NONE and each.at > last.at), None)
    # Soon after an act it may be the act's consequence; near the effect it may be the cause.
    if own is not None and own.at - last.at > _effect(last, derived) - own.at:
        why = (
            f"The last action of the team or its automation, “{last.fact.action}”, was followed by a "
            f"controller's own, “{own.fact.action}”, closer to the recovery: either may have brought it."
        )
        return _Who(RecoveredBy.UNCLEAR, why, evidence)
    # The last one decides; the sentence counts the other party's.
    others = sum(other is not party for _, other in chosen)
    when = f"{format_duration(gap)} before users were" if gap >= 0.05 else "just as users became"
    mixed = f"; {others} of {len(chosen)} actions were not" if others else ""
    slow = f"; an effect within {format_duration(expected)} would be better evidence"
    late = slow if gap > expected else ""
    by = RecoveredBy.AUTOMATION if party is Party.AUTOMATION else RecoveredBy.TEAM
    better = "" if derived.at(MilestoneName.RECOVERED) == _effect(last, derived) else "better off, and later "
    taken = f"The last action, “{last.fact.action}”, taken {when} {better}healthy again"
    why = f"{taken}, was the {by}'s{mixed}{late}."
    return _Who(by, why, evidence)


def _unrelated(
    last: Dated[ev.ActionTaken], latest: Dated[ev.ActionTaken], gap: Seconds, evidence: tuple[EventId, ...]
) -> _Who:
    before = f"was taken {format_duration(gap)} before users were better off: too long to have brought it"
    why = f"The last action of the team or its automation, “{last.fact.action}”, {before}."
    if latest is not last:
        own = f" The last one of all, “{latest.fact.action}”, was a controller's own."
        return _Who(RecoveredBy.ITSELF, why + own, evidence)
    return _Who(RecoveredBy.UNCLEAR, why, evidence)


def _effect(act: Dated[Any], derived: Milestones) -> Instant:
    """Give when an act showed: when fewer users were affected, for good, or when they were healthy again."""
    recovered = derived.at(MilestoneName.RECOVERED) or act.at
    contained = derived.by_name[MilestoneName.CONTAINED].observed
    return contained if contained is not None and act.at <= contained <= recovered else recovered


def _until_effect(act: Dated[Any], derived: Milestones) -> Seconds:
    return max(0.0, _effect(act, derived) - act.at)


def _propagation(history: History) -> Seconds:
    """Give how long an act may take to show: where windows and holds are long, it can't show sooner."""
    scenario = history.plan.scenario
    window = max((slo.window for slo in scenario.slos), default=0.0)
    hold = max((each.lasting for each in scenario.milestones.recovered.conditions), default=0.0)
    return max(PROPAGATION, window + hold)


def _by_statements(history: History, fault: Instant, recovered: Instant) -> _Who:
    """Rely on statements where no act explains it: a step, a mark of containment, a review answer."""
    statements: list[Dated[Any]] = [*acts.steps(history, fault)]
    marks = history.each(ev.MilestoneMarked)
    statements += [mark for mark in marks if mark.fact.milestone in _ACTED and not mark.fact.granted]
    # As with acts: what was reported long before is no evidence.
    since = max(fault, recovered - UNRELATED * _propagation(history))
    statements = [each for each in statements if since <= each.at <= recovered + IN_FLIGHT]
    statements += [
        answer
        for answer in history.each(ev.ReviewAnswered)
        if answer.fact.question == "fix" and not answers.lacking("fix", answer.fact.answer)
    ]
    if not statements and conditions.nobody_responds(history):
        return _Who(RecoveredBy.UNCLEAR, "Nobody responds in this drill, and no trail shows what acted.")
    if not statements and history.plan.scenario.slos:
        return _Who(
            RecoveredBy.UNCLEAR, "Nothing shows who acted; the answer “fix” at the review can show it."
        )
    if not statements:
        return _Who(RecoveredBy.TEAM, "Somebody marked the recovery; nothing else could be observed.")
    by = _speaker(history, statements)
    evidence = tuple(statement.event.id for statement in statements)
    return _Who(by, f"No action that explains it was observed; the {by} reported what it did.", evidence)


_ACTED = (MilestoneName.CONTAINED,)


def _speaker(history: History, statements: Iterable[Dated[Any]]) -> RecoveredBy:
    """Give the party that made the statements: the automation only where all are its script's."""
    scripted = all(statement.event.source == "responder" for statement in statements)
    automation = scripted and history.plan.responder_as is Party.AUTOMATION
    return RecoveredBy.AUTOMATION if automation else RecoveredBy.TEAM
