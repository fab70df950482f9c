"""Which alerts the fault caused, and whether they were the ones that should have fired.

An alert is *pre-existing* when it was received before the fault, or when its trusted source reports
that it fired before the fault by more than SKEW. It detects nothing, nor does acknowledging it.
A claim that is before the fault by less than SKEW, received after it, counts at its receipt.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gameday.core.facts import drill as ev
from gameday.core.facts.history import SKEW, Dated, History
from gameday.core.judging import series
from gameday.core.plans.scenario import Expectation
from gameday.core.values import Instant


@dataclass(frozen=True, kw_only=True, slots=True)
class Alerts:
    """Detection coverage. `preexisting`: firing before the fault, so they detect nothing."""

    expected: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    preexisting: tuple[str, ...] = ()


def fresh(history: History, fault: Instant) -> tuple[Dated[ev.AlertFired], ...]:
    """Give the alerts that fired after the fault, in order, each at the instant that counts."""
    old = _old_keys(history, fault)
    fired = (_possible(alert, fault) for alert in history.each(ev.AlertFired) if alert.fact.key not in old)
    return tuple(sorted(fired, key=lambda alert: (alert.at, alert.event.id)))


def acknowledged(
    history: History, fault: Instant
) -> Iterator[Dated[ev.AlertAcknowledged] | Dated[ev.IncidentAcknowledged]]:
    """Give the acknowledgements since the fault that are not of pre-existing alerts alone."""
    old = _old_keys(history, fault)
    new = {name for alert in fresh(history, fault) for name in (alert.fact.key, alert.fact.alert)}
    stale = {alert.fact.alert for alert in history.each(ev.AlertFired) if alert.fact.key in old} | old
    for in_system in history.each(ev.AlertAcknowledged):
        if in_system.fact.key not in old and in_system.at >= fault:
            yield in_system
    for by_hand in history.each(ev.IncidentAcknowledged):
        if by_hand.at >= fault and (by_hand.fact.alert in new or by_hand.fact.alert not in stale):
            yield by_hand


def matches(expected: Expectation, fired: Dated[ev.AlertFired]) -> bool:
    """Whether an alert is what was expected; empty fields of the expectation match all."""
    fact = fired.fact
    return (
        expected.alert in ("", fact.alert)
        and expected.source in ("", fired.event.source)
        and (not expected.name or bool(series.matcher(expected.name).fullmatch(fact.alert)))
        and expected.labels.items() <= fact.labels.items()
        and expected.monitor in ("", fact.key, fact.labels.get("monitor"))
    )


def label(expected: Expectation) -> str:
    """Give an expectation's name as people read it."""
    labels = ", ".join(f"{key}={value}" for key, value in sorted(expected.labels.items()))
    return expected.alert or expected.name or expected.monitor or labels or expected.source or "any alert"


def coverage(history: History, fault: Instant | None, start: Instant | None) -> Alerts:
    """Compare what fired with what should have: `within` counts from `start`, the start of impact."""
    expectations = history.plan.scenario.expect
    names = tuple(label(expected) for expected in expectations)
    if fault is None or start is None:
        return Alerts(expected=names)
    fired = fresh(history, fault)
    missing, late = [], []
    for expected in expectations:
        matching = [alert for alert in fired if matches(expected, alert)]
        if not matching:
            missing.append(label(expected))
        elif matching[0].at > start + expected.within:
            late.append(label(expected))
    surprising = [alert for alert in fired if not any(matches(each, alert) for each in expectations)]
    old = _old_keys(history, fault)
    return Alerts(
        expected=names,
        missing=tuple(missing),
        late=tuple(late),
        unexpected=tuple(dict.fromkeys(alert.fact.alert for alert in surprising)),
        preexisting=tuple(
            dict.fromkeys(alert.fact.alert for alert in history.each(ev.AlertFired) if alert.fact.key in old)
        ),
    )


def _old_keys(history: History, fault: Instant) -> set[str]:
    return {alert.fact.key for alert in history.each(ev.AlertFired) if _is_old(alert.event, fault)}


def _is_old(event: ev.Event, fault: Instant) -> bool:
    claim = event.occurred_at if event.trusted else None
    # SKEW in favour of the alert: a clock that is a little behind must not make a new alert an old one.
    return event.recorded_at < fault or (claim is not None and claim < fault - SKEW)


def _possible(fired: Dated[ev.AlertFired], fault: Instant) -> Dated[ev.AlertFired]:
    if fired.at >= fault:
        return fired
    # A claim before the fault is impossible for an alert that the fault caused: the receipt counts.
    return Dated(at=fired.event.recorded_at, event=fired.event, fact=fired.fact)
