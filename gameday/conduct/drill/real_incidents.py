"""A real incident on the same environment: noticed, asked about, and given way to.

Comes in: the alerts of the running drill. Goes out: RealIncidentSuspected for each grave one that the
scenario does not expect, and, where nobody answered in time, the reason to abort.
Does not: abort. `gameday continue` answers all that was asked so far, `gameday abort` ends the drill.

A monitor's own words for how grave an alert is are read by `values.alert_severity`; an alert without
such a word asks nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from gameday.conduct.drill.live_facts import LiveFacts
from gameday.core.facts import drill as ev
from gameday.core.facts.history import Dated
from gameday.core.judging import alerts
from gameday.core.plans.scenario import Scenario
from gameday.core.values import Instant, Seconds, Severity, alert_severity

PATIENCE: Seconds = 60.0
"""Seconds within which the facilitator has to answer."""


@dataclass(kw_only=True, slots=True)
class RealIncidentWatch:
    """Looks for alerts that do not belong to one drill. `record` writes a fact down."""

    scenario: Scenario
    live_facts: LiveFacts
    record: Callable[[ev.Fact], object]
    _asked: set[str] = field(default_factory=set)

    def look(self, now: Instant) -> str:
        """Ask about each new suspect once; give the one that nobody answered for in time, else nothing."""
        if self.scenario.real_incident is None:
            return ""
        for fired in self.live_facts.each(ev.AlertFired):
            severity = self._grave(fired, self.scenario.real_incident)
            if severity is not None and fired.fact.key not in self._asked:
                self._asked.add(fired.fact.key)
                self.record(
                    ev.RealIncidentSuspected(
                        alert=fired.fact.alert, severity=severity, key=fired.fact.key, within=PATIENCE
                    )
                )
        return self._unanswered(now)

    def _grave(self, fired: Dated[ev.AlertFired], least: Severity) -> Severity | None:
        """Give the severity of an alert that is not expected and at least so grave, else None."""
        severity = alert_severity(fired.fact.severity)
        if severity is None or severity.value > least.value:
            return None
        expected = any(alerts.matches(one, fired) for one in self.scenario.expect)
        return None if expected else severity

    def _unanswered(self, now: Instant) -> str:
        for asked in open_questions(self.live_facts):
            if now - asked.at >= asked.fact.within:
                return f"{asked.fact.alert} ({asked.fact.severity}), and nobody said that the drill goes on"
        return ""


def open_questions(live_facts: LiveFacts) -> list[Dated[ev.RealIncidentSuspected]]:
    """Give what was asked and not answered yet."""
    answered = max((said.event.recorded_at for said in live_facts.each(ev.ContinueRequested)), default=0.0)
    return [asked for asked in live_facts.each(ev.RealIncidentSuspected) if asked.at > answered]
