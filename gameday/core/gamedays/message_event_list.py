"""The message-event list: the injects of all scenarios of a game day as one timetable.

There is a line for each inject, with what should be done about it and, once it was sent, what was done.
Nothing is judged: what the team did until the next inject is next to what was expected; people compare.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from gameday.core.facts import drill as ev
from gameday.core.facts.history import Dated, History, counted_instant
from gameday.core.gamedays.state import GameDayState, Stage, Turn
from gameday.core.judging import acts
from gameday.core.plans.scenario import Inject, Scenario
from gameday.core.postmortem import sentences
from gameday.core.values import Instant, Seconds

F = TypeVar("F")

MOST_ACTIONS = 4
"""How many of the actions after an inject are listed."""

_DONE = (
    ev.IncidentAcknowledged,
    ev.AlertAcknowledged,
    ev.IncidentDeclared,
    ev.MilestoneMarked,
    ev.StepDone,
    ev.UpdateSent,
    ev.ActionTaken,
    ev.HintTaken,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class InjectOutcome:
    """Something that was done after an inject. after: seconds since it was sent."""

    after: Seconds
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedInject:
    """One inject of one turn.

    id       by which a facilitator sends or skips it
    after    seconds from the fault, as the scenario plans it
    state    planned | sent | skipped | not sent (the drill, or the game day, has ended)
    at       when it was sent or skipped
    """

    item: int
    attempt: int
    scenario: str
    id: str
    after: Seconds
    to: str
    kind: str
    text: str
    expected: str
    unless: str = ""
    state: str = "planned"
    at: Instant | None = None
    why: str = ""
    actual: tuple[InjectOutcome, ...] = ()


def build(state: GameDayState, histories: Mapping[str, History]) -> tuple[PlannedInject, ...]:
    """Give the timetable: turn by turn, each in the order of its injects' moments."""
    return tuple(line for turn in state.turns for line in _turn(state, turn, histories))


def _turn(state: GameDayState, turn: Turn, histories: Mapping[str, History]) -> Iterator[PlannedInject]:
    drill = histories.get(turn.drill)
    # The drill's own plan, once it has one: it is what was really sent.
    scenario = drill.plan.scenario if drill else state.scenario(turn)
    if scenario is None or (turn.how == "skipped"):
        return
    over = turn.done or state.stage is Stage.ENDED
    order = sorted(range(len(scenario.injects)), key=lambda index: scenario.injects[index].after)
    for index in order:
        yield _line(state.title(turn), turn, scenario, index, drill, over=over)


def _line(
    title: str, turn: Turn, scenario: Scenario, index: int, drill: History | None, *, over: bool
) -> PlannedInject:
    inject = scenario.injects[index]
    kind, text = _words(inject)
    sent = _about(drill, ev.InjectSent, index)
    skipped = _about(drill, ev.InjectSkipped, index)
    state = "sent" if sent else "skipped" if skipped else "not sent" if over else "planned"
    settled: Dated[Any] | None = sent or skipped
    return PlannedInject(
        item=turn.item,
        attempt=turn.attempt,
        scenario=title,
        id=inject.id or str(index),
        after=inject.after,
        to=inject.to,
        kind=kind,
        text=text,
        expected=inject.expected,
        unless=inject.unless,
        state=state,
        at=settled.at if settled else None,
        why=skipped.fact.why if skipped and not sent else "",
        actual=tuple(_actual(drill, sent)) if drill and sent else (),
    )


def _words(inject: Inject) -> tuple[str, str]:
    if inject.message:
        return "message", inject.message
    if inject.hint:
        return "hint", inject.hint
    if inject.users is not None:
        return "load", f"{inject.users} users"
    return "fault", inject.experiment


def _about(drill: History | None, kind: type[F], index: int) -> Dated[F] | None:
    if drill is None:
        return None
    return next((fact for fact in drill.each(kind) if getattr(fact.fact, "index", None) == index), None)


def _actual(drill: History, sent: Dated[ev.InjectSent]) -> Iterator[InjectOutcome]:
    """Give what was done between an inject and the next one, or the end of the response."""
    ends = [later.at for later in drill.each(ev.InjectSent) if later.at > sent.at]
    ends += [ended.at for ended in drill.each(ev.ResponseEnded)]
    until = min((at for at in ends if at > sent.at), default=Instant(float("inf")))
    done = [each for each in drill.events if sent.at <= counted_instant(each) < until and _is_done(each)]
    for event in done[:MOST_ACTIONS]:
        yield InjectOutcome(after=counted_instant(event) - sent.at, text=sentences.sentence(event))


def _is_done(event: ev.Event) -> bool:
    fact = event.fact
    if isinstance(fact, ev.ActionTaken):
        return not acts.by_fault(fact)
    if isinstance(fact, ev.MilestoneMarked):
        return not fact.granted
    return isinstance(fact, _DONE)
