"""Relapses: users were affected again after a recovery, or an observed recovery did not hold.

`core.judging.conditions` decides what a relapse moves; this only reports it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gameday.core.facts import drill as ev
from gameday.core.judging import series
from gameday.core.judging.impact import Stretch
from gameday.core.postmortem.evidence import Evidence
from gameday.core.postmortem.model import Finding
from gameday.core.values import Instant, MilestoneName, format_duration


def find(evidence: Evidence) -> Iterator[Finding]:
    """Report trouble after the recovery, and a recovery that was observed live and did not hold."""
    milestone = evidence.result.milestones.by_name.get(MilestoneName.RECOVERED)
    recovered = milestone.at if milestone else None
    ended = evidence.history.last(ev.ResponseEnded)
    stretches = [stretch for slo in evidence.result.impact.slos for stretch in slo.stretches]
    again = [stretch for stretch in stretches if recovered is not None and stretch.start.at > recovered]
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
        if series.matcher(condition.slo).fullmatch(slo.slo)
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
