"""Who did what: who detected, acknowledged, declared, contained and recovered, and who aborted the drill.

Each is read from the facts that prove the milestone, under the name that these have. Nothing is judged by it:
a team or a system is scored, never a person.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gameday.core.facts import drill as ev
from gameday.core.facts.history import Dated, History, counted_instant
from gameday.core.judging import acts, alerts
from gameday.core.judging.attribution import Attribution
from gameday.core.judging.impact import IN_FLIGHT
from gameday.core.judging.milestones import DECLARED, GRANTED, Milestone, Milestones
from gameday.core.values import EventId, Instant, MilestoneName, Party, RecoveredBy

PERSON, BOT, AUTOMATION = "person", "bot", "automation"
"""Kinds of actors. A script that plays a responder is an automation, whatever it plays."""
GAMEDAY = "gameday"
"""Who aborts where a guardrail trips, or a process of the drill is lost."""
_SAME = 0.001


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Somebody or something that did a thing.

    name   as the facts have it; None: they name nobody
    kind   person | bot (it acts under a name as people do) | automation | None: the facts do not show it
    known  whether the plan knows the name; None: there is no name, or the plan names nobody
    """

    name: str | None
    kind: str | None
    known: bool | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Actors:
    """Who did what; None: it was not done, or nobody is shown to have done it."""

    detected: Actor | None = None
    acknowledged: Actor | None = None
    declared: Actor | None = None
    contained: Actor | None = None
    recovered: Actor | None = None
    aborted: Actor | None = None


def read(history: History, milestones: Milestones, attribution: Attribution) -> Actors:
    """Read who did what. Raises LookupError for a history without a plan."""
    events = {event.id: event for event in history.events}
    by_name = {name: milestones.by_name.get(name, Milestone(name=name)) for name in MilestoneName}
    recovered = _recovered(history, by_name[MilestoneName.RECOVERED], attribution, events)
    return Actors(
        detected=_proved(history, by_name[MilestoneName.DETECTED], events),
        acknowledged=_proved(history, by_name[MilestoneName.ACKNOWLEDGED], events),
        declared=_proved(history, by_name[MilestoneName.TRIAGED], events),
        contained=_contained(history, by_name[MilestoneName.CONTAINED], attribution, events),
        recovered=recovered,
        aborted=_aborted(history),
    )


_Events = dict[EventId, ev.Event]


def _proved(history: History, milestone: Milestone, events: _Events) -> Actor | None:
    """Give who did what proves a milestone: of several facts the one at its instant, else the first."""
    proofs = [events[each] for each in milestone.evidence if each in events]
    if milestone.at is None or not proofs:
        return None
    at = milestone.at
    return doer(
        history, next((each for each in proofs if abs(counted_instant(each) - at) < _SAME), proofs[0])
    )


def _contained(
    history: History, milestone: Milestone, attribution: Attribution, events: _Events
) -> Actor | None:
    if milestone.at is None:
        return None
    if milestone.basis == DECLARED:
        return _proved(history, milestone, events)
    if milestone.basis == GRANTED:
        return Actor(name=None, kind=PERSON)
    return _last(history, _acts(history, attribution, milestone.at)) if attribution.earned else None


def _recovered(
    history: History, milestone: Milestone, attribution: Attribution, events: _Events
) -> Actor | None:
    """Give who is credited with the recovery; a controller, where the system healed itself by one."""
    if milestone.at is None or attribution.recovered_by not in _SHOWN:
        return None
    if milestone.basis == GRANTED:
        # What was granted is the team's; the facilitator only confirms it.
        return Actor(name=None, kind=PERSON)
    cited = [events[each] for each in attribution.evidence if each in events]
    acted = [each for each in cited if isinstance(each.fact, ev.ActionTaken)]
    if attribution.earned and acted:
        return _last(history, _acts(history, attribution, milestone.at))
    return doer(history, cited[-1]) if cited else None


_SHOWN = (RecoveredBy.TEAM, RecoveredBy.AUTOMATION, RecoveredBy.ITSELF)


def _acts(history: History, attribution: Attribution, until: Instant) -> list[Dated[ev.ActionTaken]]:
    """Give the acts of the team and its automation that the attribution cites, up to an instant."""
    cited = set(attribution.evidence)
    return [
        act
        for act in history.each(ev.ActionTaken)
        if act.event.id in cited
        and act.at <= until + IN_FLIGHT
        and acts.party_of(history, act.fact) is not Party.NONE
    ]


def _last(history: History, taken: Iterable[Dated[Any]]) -> Actor | None:
    last = max(taken, key=lambda act: (act.at, act.event.id), default=None)
    return None if last is None else doer(history, last.event)


def _aborted(history: History) -> Actor | None:
    asked = history.first(ev.AbortRequested)
    if asked is None:
        return None
    if asked.event.by:
        return doer(history, asked.event)
    if asked.fact.reason in _BY_PEOPLE or asked.event.source == "cli":
        return Actor(name=None, kind=PERSON)
    # A signal from outside shows nobody.
    return Actor(name=None, kind=None) if asked.fact.reason == "interrupted" else _named(GAMEDAY, AUTOMATION)


_BY_PEOPLE = ("facilitator", "safety")


def doer(history: History, event: ev.Event) -> Actor:
    """Give who did what an event records."""
    plan, fact = history.plan, event.fact
    if isinstance(fact, ev.AlertFired | ev.AlertResolved | ev.ProbeJudged):
        return _named(event.source, AUTOMATION)
    if event.source == "responder":
        return _named(plan.responder or event.by or event.source, AUTOMATION, plan)
    if isinstance(fact, ev.ActionTaken):
        party = acts.party_of(history, fact)
        return _named(fact.actor, PERSON if party is Party.TEAM else _machine(fact.actor), plan)
    return _named(event.by, _machine(event.by) if alerts.automated(event.by) else PERSON, plan)


def _machine(name: str) -> str:
    return BOT if alerts.automated(name) and not name.lower().startswith("automation") else AUTOMATION


def _named(name: str, kind: str, plan: ev.DrillPlanned | None = None) -> Actor:
    known = plan.knows(name) if plan is not None and name and plan.named else None
    return Actor(name=name or None, kind=kind, known=known)
