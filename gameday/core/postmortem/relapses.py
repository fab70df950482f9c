"""Users who were hurt again: after a recovery that stands, or so that the one that was seen does not.

Comes in: what findings are drawn from. Goes out: findings. Does not: move a milestone;
`core.judging.conditions` decides what a relapse moves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gameday.core.facts import drill as ev
from gameday.core.judging import series
from gameday.core.judging.impact import Stretch
from gameday.core.postmortem.evidence import Evidence
from gameday.core.postmortem.model import Finding
from gameday.core.values import Instant, MilestoneName, format_duration


def find(seen: Evidence) -> Iterator[Finding]:
    """Tell of trouble after the recovery, and of a recovery that was seen live and did not stand."""
    found = seen.result.milestones.by_name.get(MilestoneName.RECOVERED)
    recovered = found.at if found else None
    ended = seen.history.last(ev.ResponseEnded)
    stretches = [one for slo in seen.result.impact.slos for one in slo.stretches]
    again = [one for one in stretches if recovered is not None and one.start.at > recovered]
    if recovered is not None and again:
        yield _again(seen, recovered, again)
    elif ended is not None and ended.fact.why == "recovered" and _not_held(seen, ended.at):
        yield _did_not_stand(seen)


def _again(seen: Evidence, recovered: Instant, again: Sequence[Stretch]) -> Finding:
    start = min(one.start.at for one in again)
    ends = [one.end.at for one in again if one.end is not None]
    until = f"for {format_duration(max(ends) - start)}" if len(ends) == len(again) else "to the last sample"
    return Finding(
        tone="gap",
        title="Users were hurt again after the recovery",
        detail=f"{format_duration(start - recovered)} after it, {until}. The recovery stands: it had held "
        "for as long as the scenario asks when the team was let go.",
        work="Find what hurt users after the recovery, and whether the remedy holds",
        owner=seen.role("responder"),
        priority="medium",
    )


def _not_held(seen: Evidence, released: Instant) -> bool:
    """Tell whether users turn out not to have been well for long enough when the response ended."""
    wanted = [one for one in seen.history.plan.scenario.milestones.recovered.conditions if one.slo]
    return any(
        stretch.start.at < released and (stretch.end is None or stretch.end.at + condition.lasting > released)
        for condition in wanted
        for slo in seen.result.impact.slos
        if series.matcher(condition.slo).fullmatch(slo.slo)
        for stretch in slo.stretches
    )


def _did_not_stand(seen: Evidence) -> Finding:
    return Finding(
        tone="gap",
        title="The recovery that ended the response did not stand",
        detail="Users looked well for as long as the scenario asks. Requests that were still open then "
        "turned out bad, and they count from their start.",
        work="Give every SLO a latency threshold, so that a request that hangs is seen at once",
        owner=seen.role("facilitator"),
        priority="medium",
    )
