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
    lines = []
    for expected in history.plan.scenario.expect:
        fired = next((alert for alert in fresh if alerts.matches(expected, alert)), None)
        state = _expected_state(alerts.label(expected), result, fired=fired is not None)
        line = Coverage(alert=alerts.label(expected), state=state, within=expected.within)
        lines.append(_fired(line, fired, start, references))
    for name in result.alerts.unexpected:
        fired = next((alert for alert in fresh if alert.fact.alert == name), None)
        lines.append(_fired(Coverage(alert=name, state="unexpected"), fired, start, references))
    for name in result.alerts.preexisting:
        old = next((alert for alert in history.each(ev.AlertFired) if alert.fact.alert == name), None)
        lines.append(_fired(Coverage(alert=name, state="firing before"), old, None, references))
    return tuple(lines)


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
        evidence=() if number is None else (number,),
    )


def _expected_state(name: str, result: Result, *, fired: bool) -> str:
    if name in result.alerts.missing:
        return "missing"
    if name in result.alerts.late:
        return "late"
    return "in time" if fired else "not due"
