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
        yield from _doubtful(evidence, began.at)
        yield from _bots(evidence, began.at)
    yield from _undated(evidence)
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


def _doubtful(evidence: Evidence, fault: Instant) -> Iterator[Finding]:
    """Report alerts that may have fired before the fault, each name once."""
    first = {each.fact.alert: each for each in reversed(alerts.doubtful(evidence.history, fault))}
    for name, fired in first.items():
        claim = fired.event.occurred_at
        before = format_duration(fault - claim) if claim is not None else "some time"
        yield Finding(
            tone="gap",
            title=f"Whether the alert {name} fired before the fault is not known",
            detail=f"It reports to have fired {before} before it, and was first received after it: an old "
            "alert that was repeated, or one from a slow clock. It counts neither for nor against anybody.",
            evidence=evidence.numbers([fired.event.id]),
            work=f"Let drills begin while {name} is resolved, and its monitor's clock synchronized",
            owner=evidence.role("facilitator"),
            priority="medium",
        )


def _undated(evidence: Evidence) -> Iterator[Finding]:
    """Report expected alerts of which it is not known when they had to fire."""
    found, met = evidence.result.alerts.unknown, evidence.result.impact
    if found and met.started is None and not met.judged:
        yield Finding(
            tone="gap",
            title=f"Whether {', '.join(found)} came in time is not known",
            detail="Since when users were affected is not known, or whether, so neither is when it was due.",
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
            work="Raise “max_alerts” of the webhook, or group alerts more finely",
            owner=evidence.role("facilitator"),
            priority="medium",
        )
