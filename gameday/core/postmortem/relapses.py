"""How users fared over time: relapses, an onset of its own, flapping, and who is still affected at the end.

`core.judging.conditions` decides what a relapse moves; this only reports it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gameday.core.facts import drill as ev
from gameday.core.judging import alerts, conditions
from gameday.core.judging.impact import Stretch
from gameday.core.plans import wildcards
from gameday.core.postmortem.evidence import Evidence
from gameday.core.postmortem.model import Finding
from gameday.core.values import Instant, MilestoneName, Seconds, format_duration

FLAPPING = 3
"""From so many times on, going up and down is called flapping."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """A time in which some users were affected without a pause. end None: up to the last sample."""

    start: Instant
    end: Instant | None
    slos: frozenset[str]


def find(evidence: Evidence) -> Iterator[Finding]:
    """Report what befell users after they were healthy again, and who was not."""
    spans = periods(evidence)
    yield from _course(evidence, spans)
    yield from _recovery(evidence)
    yield from _second_fault(evidence, spans)
    yield from _still_affected(evidence)
    yield from _alerts(evidence)


def periods(evidence: Evidence) -> tuple[Period, ...]:
    """Give the times in which users were affected, those of several SLOs that overlap as one."""
    every = sorted(
        ((stretch, slo.slo) for slo in evidence.result.impact.slos for stretch in slo.stretches),
        key=lambda each: each[0].start.at,
    )
    merged: list[Period] = []
    for stretch, slo in every:
        end = stretch.end.at if stretch.end is not None else None
        last = merged[-1] if merged else None
        if last is not None and (last.end is None or stretch.start.at <= last.end):
            later = None if end is None or last.end is None else max(end, last.end)
            merged[-1] = Period(start=last.start, end=later, slos=last.slos | {slo})
        else:
            merged.append(Period(start=stretch.start.at, end=end, slos=frozenset({slo})))
    return tuple(merged)


# --- up and down ---


def _course(evidence: Evidence, spans: Sequence[Period]) -> Iterator[Finding]:
    """Report periods before the recovery; what comes after it is reported as such."""
    again = [span for span in spans[1:] if _second(evidence, span.start) is None]
    recovered = evidence.result.milestones.at(MilestoneName.RECOVERED)
    if not again or (recovered is not None and again[0].start > recovered):
        return
    first = spans[0]
    gap = format_duration(again[0].start - first.end) if first.end is not None else ""
    if len(again) + 1 >= FLAPPING:
        yield Finding(
            tone="gap",
            title=f"The service went up and down: users were affected {len(again) + 1} times",
            detail=f"They were healthy for {gap} before the second time. The recovery counts from the last.",
            work="Find out what makes the service go up and down, and hold it healthy before the all-clear",
            owner=evidence.role("responder"),
            priority="medium",
        )
    elif again[0].slos.isdisjoint(first.slos):
        yield Finding(
            tone="gap",
            title=f"Other users were affected later, with an onset of its own: {_names(again[0])}",
            detail=f"This began {gap} after those of {_names(first)} were healthy again. It may be a second "
            "fault, or the price of the fix; the impact counts both.",
            work=f"Find out what affected {_names(again[0])}",
            owner=evidence.role("responder"),
            priority="medium",
        )
    else:
        yield Finding(
            tone="gap",
            title="Users were affected again before the recovery held",
            detail=f"They had been healthy for {gap}. The recovery counts from the end of the relapse.",
            work="Find out why the first fix did not hold",
            owner=evidence.role("responder"),
            priority="medium",
        )


def _names(span: Period) -> str:
    return ", ".join(sorted(span.slos))


def _alerts(evidence: Evidence) -> Iterator[Finding]:
    """Report alerts of which one series fired several times, all in one finding."""
    began = conditions.began(evidence.history)
    if began is None:
        return
    every = [each for each in alerts.episodes(evidence.history, began.at) if not each.old]
    counted = Counter((each.fired.fact.alert, each.fired.fact.key) for each in every)
    flapping: dict[str, int] = {}
    for (name, _), times in counted.items():
        if times >= FLAPPING:
            flapping[name] = max(times, flapping.get(name, 0))
    if flapping:
        named = [f"{name} {times} times" for name, times in list(flapping.items())[:SHOWN]]
        more = f", and {len(flapping) - SHOWN} more" if len(flapping) > SHOWN else ""
        yield Finding(
            tone="noise",
            title="An alert kept firing and resolving"
            if len(flapping) == 1
            else "Alerts kept firing and resolving",
            detail=f"Fired: {', '.join(named)}{more}.",
            evidence=evidence.numbers(e.fired.event.id for e in every if e.fired.fact.alert in flapping),
            work="Let alerts hold for longer before they fire and resolve",
            owner=evidence.role("responder"),
            priority="low",
        )


SHOWN = 10
"""How many alerts are named."""


# --- a second fault ---


def _second(evidence: Evidence, start: Instant) -> ev.FaultInjected | None:
    """Give a further fault of the drill that was injected shortly before users were affected again."""
    within: Seconds = evidence.history.plan.scenario.phases.onset
    later = list(evidence.history.each(ev.FaultInjected))[1:]
    due = [each for each in later if each.at <= start + conditions.LAG and start <= each.at + within]
    return due[-1].fact if due else None


def _second_fault(evidence: Evidence, spans: Sequence[Period]) -> Iterator[Finding]:
    """Report what each further fault of the drill did to users, apart from the first."""
    for injected in list(evidence.history.each(ev.FaultInjected))[1:]:
        fault, numbers = injected.fact.fault, evidence.numbers([injected.event.id])
        own = next((span for span in spans if _second(evidence, span.start) == injected.fact), None)
        during = any(s.start <= injected.at and (s.end is None or s.end > injected.at) for s in spans)
        if own is not None:
            until = "to the last sample" if own.end is None else f"for {format_duration(own.end - own.start)}"
            after = format_duration(max(0.0, own.start - injected.at))
            title = f"A second fault, {fault}, affected users {after} later"
            detail = f"Users of {_names(own)} were affected {until}. It is no relapse of the first."
        elif during:
            title = f"A second fault, {fault}, was injected while users were still affected"
            detail = "From then on the effects of the two can't be told apart."
        elif not evidence.result.impact.judged:
            title = f"Whether a second fault, {fault}, affected users is not known"
            detail = "Not every SLO could be judged."
        else:
            title = f"A second fault, {fault}, affected no user"
            detail = "No SLO shows an effect on users after it."
        yield Finding(tone="gap", title=title, detail=detail, evidence=numbers)


# --- the end ---


def _still_affected(evidence: Evidence) -> Iterator[Finding]:
    names = [
        slo.slo
        for slo in evidence.result.impact.slos
        if any(stretch.end is None for stretch in slo.stretches)
    ]
    if not names:
        return
    healthy = [s.slo for s in evidence.result.impact.slos if s.judged and s.slo not in names]
    others = f" Not or no longer affected: {', '.join(healthy)}." if healthy else ""
    lost = evidence.history.first(ev.LoadLost)
    when = "when the load was lost" if lost is not None else "at the last sample"
    known = " Whether they recovered later is not known." if lost is not None else ""
    yield Finding(
        tone="gap",
        title=f"Users of {', '.join(names)} were still affected {when}",
        detail=f"Their requests were below the objective until then.{known}{others}",
        evidence=evidence.numbers([lost.event.id] if lost is not None else []),
        work="" if lost is not None else f"See whether {', '.join(names)} is healthy by now",
        owner=evidence.role("responder"),
        priority="" if lost is not None else "high",
    )


# --- after the recovery ---


def _recovery(evidence: Evidence) -> Iterator[Finding]:
    """Report trouble after the recovery, and a recovery that was observed live and did not hold."""
    milestone = evidence.result.milestones.by_name.get(MilestoneName.RECOVERED)
    recovered = milestone.at if milestone else None
    ended = evidence.history.last(ev.ResponseEnded)
    stretches = [stretch for slo in evidence.result.impact.slos for stretch in slo.stretches]
    again = [
        stretch
        for stretch in stretches
        if recovered is not None
        and stretch.start.at > recovered
        and _second(evidence, stretch.start.at) is None
    ]
    if recovered is not None and again:
        yield _again(evidence, recovered, again)
    elif ended is not None and ended.fact.why == "recovered" and _not_held(evidence, ended.at):
        yield _did_not_hold(evidence)


def _again(evidence: Evidence, recovered: Instant, again: Sequence[Stretch]) -> Finding:
    start = min(stretch.start.at for stretch in again)
    ends = [stretch.end.at for stretch in again if stretch.end is not None]
    until = (
        f"for {format_duration(max(ends) - start)}" if len(ends) == len(again) else "until the last sample"
    )
    return Finding(
        tone="gap",
        title="Users were affected again after the recovery",
        detail=f"This began {format_duration(start - recovered)} after the recovery, and lasted {until}. The "
        "recovery still counts: when the response ended, it had held for as long as the scenario requires.",
        work="Find out what affected users after the recovery, and whether the fix holds",
        owner=evidence.role("responder"),
        priority="medium",
    )


def _not_held(evidence: Evidence, released: Instant) -> bool:
    """Whether users turn out not to have been healthy for long enough when the response ended."""
    wanted = [each for each in evidence.history.plan.scenario.milestones.recovered.conditions if each.slo]
    return any(
        stretch.start.at < released and (stretch.end is None or stretch.end.at + condition.lasting > released)
        for condition in wanted
        for slo in evidence.result.impact.slos
        if wildcards.matcher(condition.slo).fullmatch(slo.slo)
        for stretch in slo.stretches
    )


def _did_not_hold(evidence: Evidence) -> Finding:
    return Finding(
        tone="gap",
        title="The recovery that ended the response did not hold",
        detail="Users looked healthy for as long as the scenario requires. Requests that were still open "
        "then turned out bad, and they count from their start.",
        work="Give every SLO a latency threshold, so that a request that hangs counts as bad at once",
        owner=evidence.role("facilitator"),
        priority="medium",
    )
