"""Who ended the impact, and what the drill came to.

Comes in: a history, its impact and its milestones. Goes out: an `Attribution`, with a sentence that
says why and the events that prove it.
Does not: give points.

What was seen stands over what was said: actions in the environment's trail and commands of a
responder script decide; ticked steps, marks and answers at the review only where nothing was
seen and nobody watched. *Itself* is said only where a trail could be read and shows that nobody
acted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gameday.core.facts import drill as ev
from gameday.core.facts.history import Dated, History
from gameday.core.judging import conditions, milestones
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
"""How the actors begin that are not people."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribution:
    """Who ended the impact, and what the drill came to. `why` is a sentence with its figures.

    changed  whether the fault changed anything: its probe said so, or users were hurt; None: unknown
    """

    recovered_by: RecoveredBy
    outcome: Outcome
    changed: bool | None
    why: str
    evidence: tuple[EventId, ...] = ()

    @property
    def earned(self) -> bool:
        """Tell whether people or their automation ended the impact: only that counts."""
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
    """Tell whose an action is: by its actor's name, or by what the responder script plays as."""
    planned = history.plan
    if action.fact.via == "responder" and planned.responder_as is not None:
        return planned.responder_as
    named = action.fact.actor == planned.responder and planned.responder_as is Party.AUTOMATION
    return Party.AUTOMATION if named or action.fact.actor.startswith(AUTOMATIONS) else Party.TEAM


def _changed(history: History, impact: Impact) -> bool | None:
    if impact.started is not None:
        return True
    told = {one.fact.exposed for one in history.each(ev.ExposureProbed) if one.fact.stage == "after-inject"}
    if True in told:
        return True
    return False if told == {False} else None


def _outcome(history: History, impact: Impact, found: Milestones, *, changed: bool | None) -> Outcome:
    stopped = _stopped(history)
    if stopped is not None:
        return stopped
    affected = impact.started is not None or not any(
        slo.source == "load" for slo in history.plan.scenario.slos
    )
    if not affected:
        return _harmless(impact, changed=changed)
    for name, outcome in _REACHED:
        if found.at(name) is not None:
            return outcome
    return Outcome.UNDETECTED


_REACHED = (
    (MilestoneName.RECOVERED, Outcome.RECOVERED),
    (MilestoneName.CONTAINED, Outcome.CONTAINED),
    (MilestoneName.DETECTED, Outcome.DETECTED),
)


def _stopped(history: History) -> Outcome | None:
    """Name the outcome of a drill that judged nothing, or None."""
    closed = history.first(ev.DrillClosed)
    how = closed.fact.how if closed else ""
    if how in ("failed", "not-ready"):
        return Outcome.FAILED
    if how == "aborted" or (not closed and history.first(ev.AbortRequested)):
        return Outcome.ABORTED
    began = history.first(ev.FaultInjected) or not history.plan.scenario.experiment
    if closed and not began:
        return Outcome.FAILED
    return None if began else Outcome.UNKNOWN


def _harmless(impact: Impact, *, changed: bool | None) -> Outcome:
    """Name the outcome where users were not seen to be hurt."""
    if changed is False:
        return Outcome.NO_EFFECT
    return Outcome.ABSORBED if changed and impact.judged else Outcome.UNKNOWN


def _who(history: History, impact: Impact, found: Milestones) -> _Who:
    framed, recovered = milestones.frame(history, impact), found.by_name[MilestoneName.RECOVERED]
    if framed.fault is None:
        return _Who(RecoveredBy.NONE, "Nothing was injected.")
    if recovered.at is None:
        return _unrecovered(impact, framed)
    if recovered.basis == GRANTED:
        return _Who(RecoveredBy.TEAM, _granted(history), recovered.evidence)
    seen = _seen(history, framed.fault, recovered.latest or recovered.at)
    if seen:
        return _by_actions(history, seen, recovered.at)
    if _watched(history, recovered.at + IN_FLIGHT):
        return _Who(RecoveredBy.ITSELF, "The environment's trail could be read and shows that nobody acted.")
    return _by_word(history, framed.fault, recovered.at)


def _granted(history: History) -> str:
    mitigations = [one.fact.lever for one in history.each(ev.MilestoneMarked) if one.fact.granted]
    named = f": “{mitigations[0]}”" if mitigations and mitigations[0] else ""
    return f"The facilitator granted the team a mitigation that the environment lacks{named}."


def _unrecovered(impact: Impact, framed: conditions.Frame) -> _Who:
    if impact.started is None:
        return _Who(RecoveredBy.NONE, "No user was seen to be hurt, so there was nothing to recover.")
    if impact.ended is None:
        return _Who(RecoveredBy.NONE, "Users were still hurt at the last sample.")
    if framed.rollback is None:
        return _Who(RecoveredBy.NONE, "Users were well again, but the scenario's rule was not met.")
    gap = impact.ended.at - framed.rollback
    if impact.ended.latest >= framed.rollback:
        after = f"well again {format_duration(gap)} after" if gap >= 0.05 else "hurt until"
        return _Who(RecoveredBy.ROLLBACK, f"Users were {after} our own rollback.")
    why = f"Users were well again only {format_duration(-gap)} before our own rollback: too short to tell."
    return _Who(RecoveredBy.UNCLEAR, why)


def _seen(history: History, fault: Instant, until: Instant) -> list[Dated[ev.ActionTaken]]:
    """Give what was seen to be done before users were well.

    A request that was in flight when the remedy came counts as good from its start, so the remedy
    may come up to IN_FLIGHT after it.
    """
    return [
        one
        for one in history.each(ev.ActionTaken)
        if fault <= one.at <= until + IN_FLIGHT
        and not milestones.by_fault(one.fact)
        and one.fact.exit_code in (None, 0)
    ]


def _by_actions(history: History, seen: list[Dated[ev.ActionTaken]], recovered: Instant) -> _Who:
    last = seen[-1]
    party = party_of(history, last)
    others = sum(party_of(history, one) is not party for one in seen)
    gap = max(0.0, recovered - last.at)
    when = f"{format_duration(gap)} before" if gap >= 0.05 else "at the moment when"
    beside = f"; {others} of {len(seen)} actions were not" if others else ""
    by = RecoveredBy.AUTOMATION if party is Party.AUTOMATION else RecoveredBy.TEAM
    why = f"The last action, “{last.fact.action}”, {when} users were well, was the {by}'s{beside}."
    return _Who(by, why, tuple(one.event.id for one in seen))


def _watched(history: History, until: float) -> bool:
    """Tell whether a trail could be read when users were well, or later.

    A trail is a record: who can read it sees also what was done while it could not be read.
    """
    told = list(history.each(ev.TrailWatched))
    then = [one for one in told if one.at <= until][-1:]
    return any(one.fact.readable for one in (*then, *(one for one in told if one.at > until)))


def _by_word(history: History, fault: Instant, recovered: Instant) -> _Who:
    """Take people's word where nothing was seen: a step, a mark of containment, an answer at the review."""
    said: list[Dated[Any]] = [*history.each(ev.StepDone)]
    marks = history.each(ev.MilestoneMarked)
    said += [one for one in marks if one.fact.milestone in _ACTED and not one.fact.granted]
    said = [one for one in said if fault <= one.at <= recovered + IN_FLIGHT]
    said += [one for one in history.each(ev.ReviewAnswered) if one.fact.question == "fix"]
    if not said and history.plan.scenario.slos:
        return _Who(RecoveredBy.UNCLEAR, "Nothing shows who acted; the answer `fix` at the review can.")
    if not said:
        return _Who(RecoveredBy.TEAM, "Somebody marked the recovery; nothing else could be observed.")
    by = _speaker(history, said)
    return _Who(by, f"No action was seen; the {by} said what it did.", tuple(one.event.id for one in said))


_ACTED = (MilestoneName.CONTAINED,)


def _speaker(history: History, said: Iterable[Dated[Any]]) -> RecoveredBy:
    """Name the party that spoke: the automation only where its script alone did."""
    scripted = all(one.event.source == "responder" for one in said)
    automation = scripted and history.plan.responder_as is Party.AUTOMATION
    return RecoveredBy.AUTOMATION if automation else RecoveredBy.TEAM
