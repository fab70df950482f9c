"""The live view of a drill, for the terminal and `gameday status`: what to show, not how to draw it.

It is made of the history so far, the present service levels and the present instant. Nothing is judged: what
it shows is never scored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gameday.core import exposure, responder_commands
from gameday.core.facts import drill as ev
from gameday.core.facts.history import History
from gameday.core.judging import conditions
from gameday.core.judging.impact import ServiceLevel
from gameday.core.postmortem import sentences
from gameday.core.values import Instant, MilestoneName, Party, Phase, Seconds, format_duration
from gameday.render import words
from gameday.render.table import clean

LATEST = 12
"""Events to show."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Clock:
    """A time. state: waiting | running | stopped | over (past its objective) | unreached (at the end)."""

    name: str
    seconds: Seconds | None
    objective: Seconds | None
    state: str

    @property
    def text(self) -> str:
        """Write it as `41.2 s of 2 min 00 s`."""
        if self.seconds is None:
            return "waiting"
        limit = f" of {format_duration(self.objective)}" if self.objective is not None else ""
        return format_duration(self.seconds) + limit


@dataclass(frozen=True, kw_only=True, slots=True)
class Level:
    """What users experience now. state: good | bad | unknown."""

    slo: str
    state: str
    good: float | None
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertLine:
    """An alert. state: firing | acknowledged | resolved; since: seconds since it last changed."""

    alert: str
    state: str
    since: Seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class GuardrailLine:
    """A guardrail. tripped: what tripped it, else empty."""

    guardrail: str
    tripped: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What the facilitator has to answer. left: seconds until the drill is aborted without an answer."""

    text: str
    left: Seconds

    @property
    def answers(self) -> str:
        """How to answer."""
        return f"gameday continue, or gameday abort; the drill is aborted in {format_duration(self.left)}"


@dataclass(frozen=True, kw_only=True, slots=True)
class EventLine:
    """One of the latest events: its time of day in UTC, time since the fault or the start, words."""

    at: Instant
    clock: str
    offset: str
    side: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LiveView:
    """Everything that the live screen shows. phase None: nothing has begun.

    planned  how long the phase will take, or may take at most; None: as long as it needs
    since    what the clocks run from
    next     which commands the team can use now, and what ends the response; empty: none
    """

    drill: str
    scenario: str
    title: str
    environment: str
    responder: str
    phase: Phase | None
    elapsed: Seconds
    in_phase: Seconds
    planned: Seconds | None
    fault: str
    clocks: tuple[Clock, ...]
    affected: bool
    levels: tuple[Level, ...]
    alerts: tuple[AlertLine, ...]
    guardrails: tuple[GuardrailLine, ...]
    latest: tuple[EventLine, ...]
    since: str = "the fault"
    next: str = ""
    question: Question | None = None


def sentence(event: ev.Event) -> str:
    """Describe what happened in one line without control characters; empty where only machines need it."""
    text, quote = sentences.sentence(event), sentences.quote(event)
    return clean(f"{text} “{quote}”" if text and quote else text)


def _line(event: ev.Event, history: History) -> str:
    """Describe an event, marked where it was typed under a name that the plan does not know."""
    text = sentence(event)
    return text and f"{text}{sentences.unknown(event, history.plan)}"


def view(history: History, levels: Sequence[ServiceLevel], now: Instant, latest: int = LATEST) -> LiveView:
    """Give the view of an instant. Raises LookupError for a history without a plan."""
    planned = history.plan
    phase = history.last(ev.PhaseEntered)
    began = history.first(ev.DrillPlanned)
    start = began.at if began else now
    shown = tuple(_level(level) for level in levels)
    return LiveView(
        drill=history.events[0].drill,
        scenario=planned.scenario.scenario,
        title=clean(planned.scenario.title),
        environment=planned.environment,
        responder=clean(planned.responder),
        phase=phase.fact.phase if phase else None,
        elapsed=max(0.0, now - start),
        in_phase=max(0.0, now - phase.at) if phase else 0.0,
        planned=_planned(history, phase.fact.phase) if phase else None,
        fault=_fault(history),
        clocks=_clocks(history, levels, now),
        affected=any(level.state == "bad" for level in shown),
        levels=shown,
        alerts=_alerts(history, now),
        guardrails=_guardrails(history),
        latest=_latest(history, start, latest),
        since="the fault" if planned.scenario.experiment else "the first inject",
        next=_next(history, levels, now),
        question=_question(history, now),
    )


def _planned(history: History, phase: Phase) -> Seconds | None:
    phases = history.plan.scenario.phases
    return {Phase.BASELINE: phases.baseline, Phase.RESPOND: phases.response, Phase.VERIFY: phases.verify}.get(
        phase
    )


def _next(history: History, levels: Sequence[ServiceLevel], now: Instant) -> str:
    """Give what a team that is not a script can type while it responds."""
    phase = history.last(ev.PhaseEntered)
    planned = history.plan
    team = planned.scenario.responders is Party.TEAM and not planned.responder
    if not team or phase is None or phase.fact.phase is not Phase.RESPOND:
        return ""
    marked = any(mark.fact.milestone == MilestoneName.RECOVERED for mark in history.each(ev.MilestoneMarked))
    affected = history.first(ev.FaultInjected) is not None and _healthy_since(levels, now) is None
    if marked and affected:
        return "marked as recovered; the response ends when users are healthy again"
    if not affected and not marked and history.first(ev.IncidentDeclared):
        return "users are healthy: `gameday recovered` ends the response, once you are sure"
    typed = (name for name, command in responder_commands.ALL.items() if command.on_screen)
    return f"in another terminal: gameday {', '.join(typed)}"


def from_outside(history: History, now: Instant, latest: int = LATEST) -> LiveView:
    """Give the view of those who respond in a game day: alerts, what they were sent, what they recorded.

    It does not reveal what is injected, or when: it has no clocks, no users, no scenario name.
    """
    lines = [(event, _line(event, history)) for event in history.events if _reaches_responders(event)]
    return LiveView(
        drill=history.events[0].drill,
        scenario="hidden",
        title="Game day",
        environment=history.plan.environment,
        responder="",
        phase=None,
        elapsed=0.0,
        in_phase=0.0,
        planned=None,
        fault="what is injected, and when, is hidden; facilitators and observers use --as NAME",
        clocks=(),
        affected=False,
        levels=(),
        alerts=_alerts(history, now),
        guardrails=(),
        latest=tuple(
            EventLine(
                at=event.recorded_at,
                clock=words.clock(event.recorded_at),
                offset="",
                side=sentences.side(event),
                text=text,
            )
            for event, text in lines[-latest:]
        ),
        question=None,
    )


_REACH = (
    ev.AlertFired,
    ev.AlertAcknowledged,
    ev.AlertResolved,
    ev.IncidentAcknowledged,
    ev.IncidentDeclared,
    ev.StepDone,
    ev.NoteWritten,
    ev.UpdateSent,
    ev.HintTaken,
    ev.EndRequested,
    ev.AbortRequested,
)


def _reaches_responders(event: ev.Event) -> bool:
    match event.fact:
        case ev.InjectSent(kind=kind):
            return kind in ("message", "hint")
        case ev.MilestoneMarked(granted=granted):
            return not granted
        case ev.ActionTaken(actor=actor):
            return not actor.startswith("fault")
        case fact:
            return isinstance(fact, _REACH)


_ANSWERS = (ev.ContinueRequested, ev.AbortRequested, ev.FaultReverted, ev.DrillClosed)


def _question(history: History, now: Instant) -> Question | None:
    """Give the open question that is due first."""
    # By receipt, as `conduct.drill.real_incidents` counts: an answer covers what was asked before it.
    answered = max((fact.event.recorded_at for kind in _ANSWERS for fact in history.each(kind)), default=0.0)
    for asked in history.each(ev.RealIncidentSuspected):
        if asked.at > answered:
            alert, more = f"{clean(asked.fact.alert)} ({asked.fact.severity})", asked.fact.more
            also = f" or one of {more:,} more alerts" if more else ""
            text = f"Is {alert}{also} a real incident?"
            return Question(text=text, left=max(0.0, asked.at + asked.fact.within - now))
    return None


def _fault(history: History) -> str:
    """Give the state of the fault, from not injected to reverted; none in a tabletop."""
    state = "not injected" if history.plan.scenario.experiment else "none: a tabletop"
    for event in history.events:
        match event.fact:
            case ev.FaultInjected():
                state = "in force"
            case ev.RevertRequested() | ev.RevertAttempted():
                state = "reverting"
            case ev.FaultReverted(how=exposure.NOTHING_TO_UNDO):
                state = "not undone: no rollbacks"
            case ev.FaultReverted():
                state = "reverted"
            case ev.RevertFailed(final=True):
                state = "may still be in force"
            case _:
                pass
    return state


def _clocks(history: History, levels: Sequence[ServiceLevel], now: Instant) -> tuple[Clock, ...]:
    """Give the three clocks. Live, they run from the fault: the onset of impact is settled afterwards."""
    zero = _zero(history)
    objectives = history.plan.scenario.objectives
    ended = history.first(ev.ResponseEnded)
    stops = {
        "detect": _first(history, MilestoneName.DETECTED, "acknowledged", "declared", "marked"),
        "contain": _first(history, MilestoneName.CONTAINED, "marked", granted=True),
        "recover": _recovered(history, levels, now),
    }
    # The clocks stop with the response: our rollback afterwards is not the team's time.
    over = ended.at if ended else now
    return tuple(
        _clock(name, zero, stop, over, limit, running=ended is None)
        for (name, stop), limit in zip(
            stops.items(), (objectives.detect, objectives.contain, objectives.recover), strict=True
        )
    )


def _recovered(history: History, levels: Sequence[ServiceLevel], now: Instant) -> Instant | None:
    """Give since when users are healthy again, once somebody marks it or it ended the response.

    A mark while users are still affected recovers nothing, nor does our own rollback.
    """
    ended = history.first(ev.ResponseEnded)
    marked = _first(history, MilestoneName.RECOVERED, "marked", granted=True)
    if ended is not None and ended.fact.why != "recovered":
        return None
    if ended is None and (marked is None or not levels):
        return marked
    healthy = _healthy_since(levels, now)
    return healthy if ended is None or (healthy is not None and healthy < ended.at) else ended.at


def _zero(history: History) -> Instant | None:
    """Give the instant from which times count: the fault's; in a tabletop, the first inject's."""
    began = conditions.began(history)
    return began.at if began else None


def _clock(
    name: str,
    start: Instant | None,
    stop: Instant | None,
    now: Instant,
    objective: Seconds,
    *,
    running: bool,
) -> Clock:
    if start is None:
        return Clock(name=words.TIMES[name], seconds=None, objective=objective, state="waiting")
    seconds = max(0.0, (now if stop is None else stop) - start)
    ongoing = "running" if running else "unreached"
    state = "over" if seconds > objective else "stopped" if stop is not None else ongoing
    return Clock(name=words.TIMES[name], seconds=seconds, objective=objective, state=state)


def _first(history: History, milestone: MilestoneName, *signs: str, granted: bool = False) -> Instant | None:
    """Give when one of these signs, or a grant where it counts, first proved a milestone."""
    zero = _zero(history)
    if zero is None:
        return None
    proofs = [fact for sign in signs for fact in conditions.signs(history, sign, milestone, zero)]
    first = conditions.earliest((*proofs, *(conditions.grants(history, zero) if granted else ())))
    return first.at if first else None


def _healthy_since(levels: Sequence[ServiceLevel], now: Instant) -> Instant | None:
    held = [level.held_for for level in levels if level.judged]
    # The SLO that became good last decides; 0.0 is one that is not good yet.
    return Instant(now - min(held)) if held and all(held) else None


def _level(level: ServiceLevel) -> Level:
    if not level.judged or level.good is None:
        return Level(slo=level.slo, state="unknown", good=None, text="too few requests to judge")
    state = "bad" if level.bad_for > 0 else "good"
    lasting = level.bad_for if state == "bad" else level.held_for
    text = f"{words.share(level.good)} good, {state} for {format_duration(lasting)}"
    return Level(slo=level.slo, state=state, good=level.good, text=text)


def _alerts(history: History, now: Instant) -> tuple[AlertLine, ...]:
    states: dict[str, AlertLine] = {}
    for event in history.events:
        # By receipt: that is since when people could see it.
        since = max(0.0, now - event.recorded_at)
        match event.fact:
            case ev.AlertFired(key=key, alert=alert):
                states[key] = AlertLine(alert=clean(alert), state="firing", since=since)
            case ev.AlertAcknowledged(key=key, alert=alert):
                states[key] = AlertLine(alert=clean(alert), state="acknowledged", since=since)
            case ev.AlertResolved(key=key, alert=alert):
                states[key] = AlertLine(alert=clean(alert), state="resolved", since=since)
            case _:
                pass
    return tuple(states.values())


def _guardrails(history: History) -> tuple[GuardrailLine, ...]:
    tripped = {
        trip.fact.guardrail: trip.fact.detail or "tripped" for trip in history.each(ev.GuardrailTripped)
    }
    planned = [guardrail.name for guardrail in history.plan.scenario.guardrails]
    return tuple(
        GuardrailLine(guardrail=name, tripped=clean(tripped.get(name, "")))
        # The scenario's own, and those that every drill has, once they trip.
        for name in dict.fromkeys((*planned, *tripped))
    )


def _latest(history: History, start: Instant, number: int) -> tuple[EventLine, ...]:
    zero = _zero(history)
    zero = start if zero is None else zero
    lines = [(event, text) for event in history.events if (text := _line(event, history))]
    return tuple(
        EventLine(
            at=event.recorded_at,
            clock=words.clock(event.recorded_at),
            offset=words.offset(event.recorded_at - zero),
            side=sentences.side(event),
            text=text,
        )
        for event, text in (lines[-number:] if number else [])
    )
