"""Detection coverage: what became of each expected alert, and which others fired.

`core.judging.alerts` decided what was missing or late; this makes a line of each.
"""

from __future__ import annotations

from dataclasses import replace

from gameday.core.facts import drill as ev
from gameday.core.facts.history import Dated, History
from gameday.core.judging import alerts
from gameday.core.judging.result import Result
from gameday.core.postmortem.model import Coverage
from gameday.core.values import EventId, Instant


def expected_alerts(history: History, result: Result, references: dict[EventId, int]) -> tuple[Coverage, ...]:
    """Report what became of each expected alert, and which others fired."""
    injected = history.first(ev.FaultInjected)
    fault = injected.at if injected else None
    start = result.impact.started.at if result.impact.started else fault
    fresh = alerts.fresh(history, fault) if fault is not None else ()
    unclear = alerts.doubtful(history, fault) if fault is not None else ()
    first = {alert.fact.alert: alert for alert in reversed(fresh)}
    oldest = {alert.fact.alert: alert for alert in reversed(tuple(history.each(ev.AlertFired)))}
    lines = []
    for expected in history.plan.scenario.expect:
        fired = next((alert for alert in (*fresh, *unclear) if alerts.matches(expected, alert)), None)
        state = _expected_state(alerts.label(expected), result, fired=fired is not None)
        line = Coverage(alert=alerts.label(expected), state=state, within=expected.within)
        lines.append(_fired(line, fired, start, references))
    for name in dict.fromkeys(alert.fact.alert for alert in unclear if not _expected(history, alert)):
        line = Coverage(alert=name, state="not known")
        lines.append(
            _fired(line, next(each for each in unclear if each.fact.alert == name), start, references)
        )
    for name in result.alerts.unexpected:
        line = Coverage(alert=name, state="unexpected")
        lines.append(_fired(line, first.get(name), start, references))
    for name in result.alerts.preexisting:
        line = Coverage(alert=name, state="firing before")
        lines.append(_fired(line, oldest.get(name), None, references))
    return tuple(lines)


def _expected(history: History, alert: Dated[ev.AlertFired]) -> bool:
    return any(alerts.matches(each, alert) for each in history.plan.scenario.expect)


def _fired(
    line: Coverage,
    fired: Dated[ev.AlertFired] | None,
    start: Instant | None,
    references: dict[EventId, int],
) -> Coverage:
    if fired is None:
        return line
    number = references.get(fired.event.id)
    return replace(
        line,
        after=round(fired.at - start, 6) if start is not None else None,
        delivered=round(fired.event.recorded_at - start, 6) if start is not None else None,
        evidence=() if number is None else (number,),
    )


def _expected_state(name: str, result: Result, *, fired: bool) -> str:
    if name in result.alerts.missing:
        return "missing"
    if name in result.alerts.unknown:
        return "not known"
    if name in result.alerts.not_due:
        return "not due"
    if name in result.alerts.late:
        return "delivered late" if name in result.alerts.delivered_late else "late"
    return "in time" if fired else "not due"
