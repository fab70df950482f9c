"""A real incident on the same environment: the facilitator is asked; without an answer the drill is aborted.

A severe alert that the scenario does not expect is recorded as RealIncidentSuspected. `gameday continue`
answers all questions so far, `gameday abort` ends the drill. A monitor's own words for severity are read by
`values.alert_severity`; an alert without such a word raises no question.
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

ANSWER_LIMIT: Seconds = 60.0
"""How long the facilitator has to answer."""


@dataclass(kw_only=True, slots=True)
class RealIncidentWatch:
    """Looks for alerts that do not belong to one drill. `record` records a fact."""

    scenario: Scenario
    live_facts: LiveFacts
    record: Callable[[ev.Fact], object]
    _asked: set[str] = field(default_factory=set)

    def look(self, now: Instant) -> str:
        """Ask about each suspected alert once. Give why to abort when no answer came in time."""
        if self.scenario.real_incident is None:
            return ""
        for fired in self.live_facts.each(ev.AlertFired):
            severity = self._unexpected_severity(fired, self.scenario.real_incident)
            if severity is not None and fired.fact.key not in self._asked:
                # Noted before it is in the store, which the next look may not have read yet.
                self._asked.add(fired.fact.key)
                self.record(
                    ev.RealIncidentSuspected(
                        alert=fired.fact.alert, severity=severity, key=fired.fact.key, within=ANSWER_LIMIT
                    )
                )
        return self._unanswered(now)

    def _unexpected_severity(self, fired: Dated[ev.AlertFired], least: Severity) -> Severity | None:
        """Give the severity of an alert that is unexpected and at least so severe, else None."""
        severity = alert_severity(fired.fact.severity)
        # A lower value is more severe.
        if severity is None or severity.value > least.value:
            return None
        expected = any(alerts.matches(expectation, fired) for expectation in self.scenario.expect)
        return None if expected else severity

    def _unanswered(self, now: Instant) -> str:
        for asked in open_questions(self.live_facts):
            if now - asked.at >= asked.fact.within:
                alert = f"{asked.fact.alert} ({asked.fact.severity})"
                return f"{alert}, and nobody confirmed that the drill should continue"
        return ""


def open_questions(live_facts: LiveFacts) -> list[Dated[ev.RealIncidentSuspected]]:
    """Give the questions that are not answered yet."""
    answered = max(
        (answer.event.recorded_at for answer in live_facts.each(ev.ContinueRequested)), default=0.0
    )
    # An answer covers what was asked before it; a later alert asks again.
    return [asked for asked in live_facts.each(ev.RealIncidentSuspected) if asked.at > answered]
