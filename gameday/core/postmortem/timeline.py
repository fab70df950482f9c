"""The timeline: every fact that matters to people, in order, each with a number to refer to.

Nothing is judged here. Where two sources give instants that differ by more than the skew, both are shown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gameday.core.facts import drill as ev
from gameday.core.facts.history import SKEW, History, counted_instant
from gameday.core.judging.milestones import Milestone
from gameday.core.judging.result import Result
from gameday.core.postmortem import sentences
from gameday.core.postmortem.model import Entry, MilestoneLine
from gameday.core.values import EventId, Instant, MilestoneName

_OURS = frozenset({"conductor", "keeper", "chaoslib", "load", "standby", "command", "worker"})
_SAME = 0.001
_ALERTS = (ev.AlertFired, ev.AlertAcknowledged, ev.AlertResolved)
MOST_ALERTS = 100
"""How many events of alerts are shown that prove nothing; the others are counted."""
_OBSERVED = {
    MilestoneName.IMPACT_STARTED: "Users started to be affected.",
    MilestoneName.CONTAINED: "The harm to users was contained.",
    MilestoneName.RECOVERED: "Users were healthy again.",
    MilestoneName.VERIFIED: "The recovery was verified.",
}
_SIDES = {MilestoneName.FAULT_INJECTED: "fault", MilestoneName.ALERTED: "signals"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeline:
    """The entries; the number of the entry of each event, and of each milestone that was reached."""

    entries: tuple[Entry, ...]
    references: dict[EventId, int]
    reached: dict[MilestoneName, int]
    t0: Instant | None


def build(history: History, result: Result) -> Timeline:
    """Put facts and observed milestones in one order, and number them from 1."""
    t0 = fault_at(history, result)
    zero = t0 if t0 is not None else _first(history)
    cited = _cited(result)
    shown, left_out = _bounded([e for e in history.events if _matters(e, history, cited)], cited)
    entries = [_entry(e, history, zero, cited) for e in shown]
    if left_out:
        entries.append(_left_out(left_out, zero))
    lines = _with_milestones(entries, result, zero)
    numbered = tuple(replace(line, number=n) for n, line in enumerate(lines, start=1))
    references = {e.evidence: e.number for e in numbered if e.evidence is not None}
    reached = {
        name: entry.number
        for name in MilestoneName
        for entry in numbered
        if sentences.milestone(name) in entry.milestones
    }
    return Timeline(entries=numbered, references=references, reached=reached, t0=t0)


def _bounded(events: list[ev.Event], cited: frozenset[EventId]) -> tuple[list[ev.Event], list[ev.Event]]:
    """Part the events: those that are shown, and the alerts that are too many and prove nothing."""
    uncited = [e for e in events if isinstance(e.fact, _ALERTS) and e.id not in cited]
    left_out = {e.id for e in uncited[MOST_ALERTS:]}
    return [e for e in events if e.id not in left_out], uncited[MOST_ALERTS:]


def _left_out(events: list[ev.Event], zero: Instant) -> Entry:
    at = counted_instant(events[0])
    return Entry(
        number=0,
        at=at,
        offset=round(at - zero, 6),
        side="signals",
        who="gameday",
        text=f"And {len(events):,} more alert events from here on, which the history holds.",
    )


def fault_at(history: History, result: Result) -> Instant | None:
    """Give the instant of the fault, or None where nothing was injected."""
    milestone = result.milestones.by_name.get(MilestoneName.FAULT_INJECTED)
    if milestone is not None and milestone.at is not None:
        return milestone.at
    injected = history.first(ev.FaultInjected)
    return injected.at if injected else None


def milestone_lines(result: Result, timeline: Timeline) -> tuple[MilestoneLine, ...]:
    """List every milestone, reached or not, in the order in which a response reaches them."""
    milestones = (result.milestones.by_name.get(name, Milestone(name=name)) for name in MilestoneName)
    return tuple(
        MilestoneLine(
            name=m.name,
            at=m.at,
            offset=None if m.at is None or timeline.t0 is None else round(m.at - timeline.t0, 6),
            observed=m.observed,
            declared=m.declared,
            basis=m.basis,
            evidence=_proof(m, timeline),
            known=m.known,
        )
        for m in milestones
    )


def _proof(milestone: Milestone, timeline: Timeline) -> tuple[int, ...]:
    own = [timeline.reached[milestone.name]] if milestone.name in timeline.reached else []
    cited = [timeline.references[e] for e in milestone.evidence if e in timeline.references]
    return tuple(sorted({*own, *cited}))


def who(event: ev.Event, history: History) -> str:
    """Name the source: gameday, the team, the facilitator, a scripted responder by name, or the system.

    What was typed under a name that the plan does not know is marked, without the name.
    """
    return f"{_source(event, history)}{sentences.unknown(event, history.plan)}"


def _source(event: ev.Event, history: History) -> str:
    if event.source in _OURS:
        return "gameday"
    if event.source == "responder":
        return f"{history.plan.responder or 'responder'} (script)"
    if event.source == "cli":
        return "facilitator" if _steers(event.fact) else "team"
    return "environment's trail" if event.source == "trail" else event.source


def _steers(fact: ev.Fact) -> bool:
    """Whether only a facilitator can record such a fact; anybody may abort."""
    if isinstance(fact, ev.MilestoneMarked):
        return fact.granted
    return isinstance(fact, ev.InjectAsked | ev.EndRequested | ev.ContinueRequested | ev.ResponseExtended)


def _first(history: History) -> Instant:
    return counted_instant(history.events[0]) if history.events else Instant(0.0)


def _cited(result: Result) -> frozenset[EventId]:
    scored = (e for criterion in result.score.criteria for e in criterion.evidence)
    proven = (e for m in result.milestones.by_name.values() for e in m.evidence)
    return frozenset((*scored, *proven, *result.attribution.evidence))


def _matters(event: ev.Event, history: History, cited: frozenset[EventId]) -> bool:
    if event.id in cited:
        return True
    injected = history.first(ev.FaultInjected)
    if (
        injected
        and isinstance(event.fact, ev.ActivityStarted)
        and event.fact.activity == injected.fact.action
    ):
        return False  # FaultInjected reports the same
    return bool(sentences.sentence(event))


def _entry(event: ev.Event, history: History, zero: Instant, cited: frozenset[EventId]) -> Entry:
    at = counted_instant(event)
    text = _text(event, history)
    return Entry(
        number=0,
        at=at,
        offset=round(at - zero, 6),
        side=sentences.side(event),
        who=who(event, history),
        text=text or (f"{event.kind}, cited as evidence." if event.id in cited else ""),
        quote=sentences.quote(event),
        also=_other_clock(event, at),
        evidence=event.id,
    )


def _text(event: ev.Event, history: History) -> str:
    """Give an event's sentence. A method that only probes injects nothing, whatever the fact is called."""
    if isinstance(event.fact, ev.FaultInjected) and event.fact.action and only_probed(history):
        return f"Probed: {event.fact.action}."
    return sentences.sentence(event)


def only_probed(history: History) -> bool:
    """Report whether the activities of the experiments' methods were probes, all of them."""
    kinds = {each.fact.kind for each in history.each(ev.ActivityStarted) if each.fact.stage == "method"}
    return kinds == {"probe"}


def _other_clock(event: ev.Event, at: Instant) -> tuple[tuple[str, Instant], ...]:
    claim = event.occurred_at
    if claim is None or abs(event.recorded_at - claim) <= SKEW:
        return ()
    return (("received", event.recorded_at),) if at != event.recorded_at else (("source reports", claim),)


def _with_milestones(entries: list[Entry], result: Result, zero: Instant) -> list[Entry]:
    lines = list(entries)
    for name in MilestoneName:
        milestone = result.milestones.by_name.get(name)
        if milestone is None or milestone.at is None:
            continue
        index = _index(lines, milestone)
        if index is None:
            lines.append(_own_line(milestone, milestone.at, zero))
        else:
            lines[index] = replace(
                lines[index],
                milestones=(*lines[index].milestones, sentences.milestone(name)),
                also=(*lines[index].also, *_other_instant(milestone)),
            )
    order = list(MilestoneName)
    # At one instant facts come before what was derived from them.
    return sorted(lines, key=lambda e: (e.at, e.evidence is None, _rank(e, order)))


def _rank(entry: Entry, order: list[MilestoneName]) -> int:
    words = [sentences.milestone(name) for name in order]
    return min((words.index(word) for word in entry.milestones), default=0)


def _index(lines: list[Entry], milestone: Milestone) -> int | None:
    for index, line in enumerate(lines):
        if (
            line.evidence in milestone.evidence
            and milestone.at is not None
            and abs(line.at - milestone.at) < _SAME
        ):
            return index
    return None


def _own_line(milestone: Milestone, at: Instant, zero: Instant) -> Entry:
    word = sentences.milestone(milestone.name)
    implied = " (implied by recovery)" if milestone.basis == "implied" else ""
    text = _OBSERVED.get(milestone.name, f"Milestone reached: {word}.")
    return Entry(
        number=0,
        at=at,
        offset=round(at - zero, 6),
        side=_SIDES.get(milestone.name, "users"),
        who="gameday",
        text=text.removesuffix(".") + implied + ".",
        milestones=(word,),
        also=_other_instant(milestone),
    )


def _other_instant(milestone: Milestone) -> tuple[tuple[str, Instant], ...]:
    declared, observed = milestone.declared, milestone.observed
    if declared is None or observed is None or abs(declared - observed) <= SKEW:
        return ()
    return (("observed", observed),) if milestone.at == declared else (("declared", declared),)
