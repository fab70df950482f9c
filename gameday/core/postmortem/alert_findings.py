"""How alerts reached people: wrong clocks, bots that acknowledge, and alerts that were left out."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.core.facts import drill as ev
from gameday.core.judging import alerts, conditions
from gameday.core.postmortem.evidence import Evidence
from gameday.core.postmortem.model import Finding
from gameday.core.values import Instant, format_duration


def collect(evidence: Evidence) -> Iterator[Finding]:
    """Give the findings about the delivery of alerts."""
    began = conditions.began(evidence.history)
    if began is not None:
        yield from _clocks(evidence, began.at)
        yield from _bots(evidence, began.at)
    yield from _left_out(evidence)


def _clocks(evidence: Evidence, fault: Instant) -> Iterator[Finding]:
    for source, lag in sorted(alerts.doubted(evidence.history, fault).items()):
        fired = (each for each in evidence.history.each(ev.AlertFired) if each.event.source == source)
        yield Finding(
            tone="gap",
            title=f"The clock of {source} is doubted: it seems to be slow by up to {format_duration(lag)}",
            detail="Its alerts count when they were received, not when it reports that they fired.",
            evidence=evidence.numbers(each.event.id for each in fired),
            work=f"Synchronize the clock of {source}, or shorten its deliveries",
            owner=evidence.role("facilitator"),
            priority="medium",
        )


def _bots(evidence: Evidence, fault: Instant) -> Iterator[Finding]:
    acknowledged = alerts.acknowledged_by_bots(evidence.history, fault)
    if not acknowledged:
        return
    after = format_duration(acknowledged[0].at - fault)
    yield Finding(
        tone="gap",
        title="An automation acknowledged, which is no acknowledgement by the team",
        detail=f"It did so {after} after the fault; the team's own acknowledgement is counted apart from it.",
        evidence=evidence.numbers(each.event.id for each in acknowledged),
    )


def _left_out(evidence: Evidence) -> Iterator[Finding]:
    truncated = [each for each in evidence.history.each(ev.SignalRejected) if each.fact.left_out]
    if truncated:
        most = max(each.fact.left_out for each in truncated)
        yield Finding(
            tone="gap",
            title=f"Up to {most:,} alerts of a group were left out by their sender",
            detail="What they were is not known: an alert that seems missing may be one of them.",
            evidence=evidence.numbers(each.event.id for each in truncated),
            work="Raise `max_alerts` of the webhook, or group alerts more finely",
            owner=evidence.role("facilitator"),
            priority="medium",
        )
