"""Who ended the impact, and what the outcome of the drill is.

An `Attribution` comes with a sentence that explains it and the events that prove it.

Observations outrank statements: actions in the environment's trail and commands of a responder script
decide. Ticked steps, marks and answers at the review count only where nothing was observed and nobody
watched. *Itself* is the answer only where a trail could be read and shows that nobody acted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gameday.core import exposure
from gameday.core.facts import drill as ev
from gameday.core.facts.history import Dated, History
from gameday.core.judging import alerts, conditions, milestones
from gameday.core.judging.impact import IN_FLIGHT, Impact
from gameday.core.judging.milestones import GRANTED, Milestones
from gameday.core.values import (
    EventId,
    Instant,
    MilestoneName,
    Outcome,
    Party,
    RecoveredBy,
    format_duration,
)

AUTOMATIONS = ("automation", "bot")
"""Prefixes of actors that are not people."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribution:
    """Who ended the impact, and the outcome. `why` is a sentence with its figures.

    changed  whether the fault changed anything: its probe shows it, or users were affected; None: unknown
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
    changed = _changed(history, impact)
    who = _who(history, impact, milestones)
    return Attribution(
        recovered_by=who.by,
        outcome=_outcome(history, impact, milestones, changed=changed),
        changed=changed,
        why=who.why,
        evidence=who.evidence,
    )


def party_of(history: History, action: Dated[ev.ActionTaken]) -> Party:
    """Give whose action it is: by its actor's name, or by the party that the responder script acts as."""
    planned = history.plan
    if action.fact.via == "responder" and planned.responder_as is not None:
        return planned.responder_as
    # An automation may act through the environment's trail, too: there its actor's name shows it.
    named = action.fact.actor == planned.responder and planned.responder_as is Party.AUTOMATION
    return Party.AUTOMATION if named or action.fact.actor.startswith(AUTOMATIONS) else Party.TEAM


def _changed(history: History, impact: Impact) -> bool | None:
    if impact.started is not None:
        return True
    probed = {
        probe.fact.exposed for probe in history.each(ev.ExposureProbed) if probe.fact.stage == "after-inject"
    }
    if True in probed:
        return True
    # A probe that could not tell (None) leaves it unknown.
    return False if probed == {False} else None


def _outcome(history: History, impact: Impact, milestones: Milestones, *, changed: bool | None) -> Outcome:
    stopped = _stopped(history)
    if stopped is not None:
        return stopped
    affected = impact.started is not None or not any(
        slo.source == "load" for slo in history.plan.scenario.slos
    )
    if not affected:
        return _harmless(history, impact, changed=changed)
    for name, outcome in _REACHED:
        if milestones.at(name) is not None:
            return outcome
    return Outcome.UNDETECTED


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
        return Outcome.NO_EFFECT
    absorbed = changed and impact.judged and not contradictions(history)
    return Outcome.ABSORBED if absorbed else Outcome.UNKNOWN


def contradictions(history: History) -> tuple[str, ...]:
    """Name what speaks against a fault that is said to be absorbed, because no SLO shows an effect on users.

    What the scenario itself takes as a sign of the fault: an expected alert that fired, a probe of its rules
    that was not met. And an action that never succeeded: then there was nothing to absorb.
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
    named = [f"the expected alert {alert} fired" for alert in dict.fromkeys(fired)]
    probed = {answer.fact.probe for answer in history.each(ev.ProbeJudged) if answer.fact.ok is False}
    rules = history.plan.scenario.milestones
    named += [
        f"the probe {condition.probe} was not met"
        for condition in (*rules.contained.conditions, *rules.recovered.conditions)
        if condition.probe in probed
    ]
    done = [each.fact for each in history.each(ev.ActivityFinished) if exposure.injects(each.fact)]
    if done and not any(map(exposure.injected, done)):
        named.append("no action of the method succeeded")
    return tuple(named)


def _who(history: History, impact: Impact, derived: Milestones) -> _Who:
    framed, recovered = milestones.frame(history, impact), derived.by_name[MilestoneName.RECOVERED]
    if framed.fault is None:
        return _Who(RecoveredBy.NONE, "Nothing was injected.")
    if recovered.at is None:
        return _unrecovered(history, impact, framed)
    # First of all: our own rollback stood in for the team's mitigation, so actions explain nothing.
    if recovered.basis == GRANTED:
        return _Who(RecoveredBy.TEAM, _granted(history), recovered.evidence)
    actions = _actions(history, framed.fault, recovered.latest or recovered.at)
    if actions:
        return _by_actions(history, actions, recovered.at)
    if _watched(history, recovered.at + IN_FLIGHT):
        return _Who(
            RecoveredBy.ITSELF, "The environment's trail could be read, and it shows that nobody acted."
        )
    return _by_statements(history, framed.fault, recovered.at)


def _granted(history: History) -> str:
    mitigations = [mark.fact.lever for mark in history.each(ev.MilestoneMarked) if mark.fact.granted]
    named = f": “{mitigations[0]}”" if mitigations and mitigations[0] else ""
    return f"The facilitator granted the team a mitigation that the environment lacks{named}."


def _unrecovered(history: History, impact: Impact, framed: conditions.Frame) -> _Who:
    if impact.started is None:
        return _Who(RecoveredBy.NONE, _unaffected(history, impact))
    if impact.ended is None:
        return _Who(RecoveredBy.NONE, "Users were still affected at the last sample.")
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
        return "No effect on users was observed, so there was nothing to recover."
    return f"No SLO shows an effect on users, but {' and '.join(against)}."


def _actions(history: History, fault: Instant, until: Instant) -> list[Dated[ev.ActionTaken]]:
    """Give the actions that were observed before users were healthy again.

    A request that was in flight when the fix took effect counts as good from its start, so the fix may
    come up to IN_FLIGHT after it.
    """
    return [
        action
        for action in history.each(ev.ActionTaken)
        if fault <= action.at <= until + IN_FLIGHT
        and not milestones.by_fault(action.fact)
        and action.fact.exit_code in (None, 0)
    ]


def _by_actions(history: History, actions: list[Dated[ev.ActionTaken]], recovered: Instant) -> _Who:
    # The last one decides; the sentence counts the other party's.
    last = actions[-1]
    party = party_of(history, last)
    others = sum(party_of(history, action) is not party for action in actions)
    gap = max(0.0, recovered - last.at)
    when = f"{format_duration(gap)} before users were" if gap >= 0.05 else "just as users became"
    mixed = f"; {others} of {len(actions)} actions were not" if others else ""
    by = RecoveredBy.AUTOMATION if party is Party.AUTOMATION else RecoveredBy.TEAM
    why = f"The last action, “{last.fact.action}”, taken {when} healthy again, was the {by}'s{mixed}."
    return _Who(by, why, tuple(action.event.id for action in actions))


def _watched(history: History, until: float) -> bool:
    """Whether a trail could be read when users were healthy again, or later.

    A trail is a record: reading it later also shows what was done while it could not be read.
    """
    watched = list(history.each(ev.TrailWatched))
    # Only the latest before that instant: an earlier one may have been followed by an outage.
    latest = [watch for watch in watched if watch.at <= until][-1:]
    return any(watch.fact.readable for watch in (*latest, *(w for w in watched if w.at > until)))


def _by_statements(history: History, fault: Instant, recovered: Instant) -> _Who:
    """Rely on statements where no action was observed: a step, a mark of containment, a review answer."""
    statements: list[Dated[Any]] = [*history.each(ev.StepDone)]
    marks = history.each(ev.MilestoneMarked)
    statements += [mark for mark in marks if mark.fact.milestone in _ACTED and not mark.fact.granted]
    statements = [each for each in statements if fault <= each.at <= recovered + IN_FLIGHT]
    statements += [answer for answer in history.each(ev.ReviewAnswered) if answer.fact.question == "fix"]
    if not statements and history.plan.scenario.slos:
        return _Who(
            RecoveredBy.UNCLEAR, "Nothing shows who acted; the answer `fix` at the review can show it."
        )
    if not statements:
        return _Who(RecoveredBy.TEAM, "Somebody marked the recovery; nothing else could be observed.")
    by = _speaker(history, statements)
    evidence = tuple(statement.event.id for statement in statements)
    return _Who(by, f"No action was observed; the {by} reported what it did.", evidence)


_ACTED = (MilestoneName.CONTAINED,)


def _speaker(history: History, statements: Iterable[Dated[Any]]) -> RecoveredBy:
    """Give the party that made the statements: the automation only where all are its script's."""
    scripted = all(statement.event.source == "responder" for statement in statements)
    automation = scripted and history.plan.responder_as is Party.AUTOMATION
    return RecoveredBy.AUTOMATION if automation else RecoveredBy.TEAM
