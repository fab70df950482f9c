"""Counts how often each series of alerts has fired, so that firing again is an event of its own.

A delivery is named by its series, start and status, so that a repetition is one event. But a monitor may
report the start of before when an alert fires again: Alertmanager does where it took an alert for resolved
only because nothing came from Prometheus for a while. What comes within `core.judging.alerts.DELIVERY` of the
end may be late from the other one of two Alertmanagers, and is a repetition.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gameday.core.facts import drill as ev
from gameday.core.judging.alerts import DELIVERY
from gameday.core.values import Instant
from gameday.signals.parsed_payload import Alert


@dataclass(kw_only=True, slots=True)
class _Series:
    """The present episode of a series; number counts from 1.

    ended, received  its end by its source, and by our clock; None while it fires
    before           the end of the episode before, by its source
    """

    number: int = 1
    ended: Instant | None = None
    received: Instant | None = None
    before: Instant | None = None


class Episodes:
    """The series of one drill, by system and key, as far as this process has received them."""

    def __init__(self) -> None:
        self._series: dict[tuple[str, str], _Series] = {}

    def named(self, system: str, alert: Alert, now: Instant) -> Alert:
        """Give an alert whose delivery names its episode, too, from the second one on."""
        series = self._series.setdefault((system, alert.fact.key), _Series())
        if isinstance(alert.fact, ev.AlertFired):
            self._fired(series, now)
        elif isinstance(alert.fact, ev.AlertResolved) and not self._resolved(series, alert, now):
            return alert
        if series.number == 1:
            return alert
        return replace(alert, delivery=f"{alert.delivery}#{series.number}")

    def _fired(self, series: _Series, now: Instant) -> None:
        if series.received is not None and now > series.received + DELIVERY:
            series.number += 1
            series.before, series.ended, series.received = series.ended, None, None

    def _resolved(self, series: _Series, alert: Alert, now: Instant) -> bool:
        """Note an end; False: it is that of an earlier episode, repeated."""
        if series.before is not None and alert.at is not None and alert.at <= series.before:
            return False
        if series.received is None:
            series.ended, series.received = alert.at, now
        return True
