"""A real incident on the same environment: the facilitator is asked; without an answer the drill is aborted.

A severe alert that the scenario does not expect is recorded as RealIncidentSuspected. `gameday continue`
answers all questions so far, `gameday abort` ends the drill. In a storm of alerts a few questions stand for
all: the most severe names, and how many more there are. A monitor's own words for severity are read by
`values.alert_severity`; an alert without such a word raises no question.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from gameday.conduct.drill.live_facts import LiveFacts
from gameday.core.facts import drill as ev
from gameday.core.facts.history import Dated, counted_instant
from gameday.core.judging import alerts
from gameday.core.plans.scenario import Scenario
from gameday.core.values import Instant, Seconds, Severity, alert_severity

ANSWER_LIMIT: Seconds = 60.0
"""How long the facilitator has to answer."""
MOST_OPEN = 5
"""How many questions are open at once; further alerts wait until these are answered."""


@dataclass(kw_only=True, slots=True)
class RealIncidentWatch:
    """Looks for alerts that do not belong to one drill. `record` records a fact."""

    scenario: Scenario
    live_facts: LiveFacts
    record: Callable[[ev.Fact], object]
    _asked: set[str] = field(default_factory=set)
    _suspected: dict[str, tuple[str, ev.AlertFired]] = field(default_factory=dict)
    """By an alert's name, with its severity: what is still to be asked about."""
    _read: int = 0

    def look(self, now: Instant) -> str:
        """Ask about each suspected alert once. Give why to abort when no answer came in time."""
        if self.scenario.real_incident is None:
            return ""
        events = self.live_facts.events[self._read :]
        self._read += len(events)
        for event in events:
            self._suspect(event, self.scenario.real_incident)
        self._ask()
        return self._unanswered(now)

    def _suspect(self, event: ev.Event, least: Severity) -> None:
        if isinstance(event.fact, ev.AlertResolved):
            self._asked.discard(event.fact.key)  # firing again, it is asked about again
        if not isinstance(event.fact, ev.AlertFired) or event.fact.key in self._asked:
            return
        fired = Dated(at=counted_instant(event), event=event, fact=event.fact)
        severity = self._unexpected_severity(fired, least)
        if severity is None:
            return
        # Noted before it is in the store, which the next look may not have read yet.
        self._asked.add(fired.fact.key)
        known = self._suspected.get(fired.fact.alert)
        if known is None or severity.value < known[0]:
            self._suspected[fired.fact.alert] = (severity.value, fired.fact)

    def _ask(self) -> None:
        """Ask about the most severe alerts that are suspected; the last question is about the others, too."""
        room = MOST_OPEN - len(open_questions(self.live_facts))
        if not self._suspected or room <= 0:
            return
        ranked = sorted(self._suspected.values(), key=lambda each: each[0])
        self._suspected.clear()
        for index, (severity, fact) in enumerate(ranked[:room], start=1):
            more = len(ranked) - index if index == room else 0
            self.record(
                ev.RealIncidentSuspected(
                    alert=fact.alert,
                    severity=Severity(severity),
                    key=fact.key,
                    within=ANSWER_LIMIT,
                    more=more,
                )
            )

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
                more = f" and {asked.fact.more:,} more" if asked.fact.more else ""
                alert = f"{asked.fact.alert} ({asked.fact.severity}){more}"
                return f"{alert}, and nobody confirmed that the drill should continue"
        return ""


def open_questions(live_facts: LiveFacts) -> list[Dated[ev.RealIncidentSuspected]]:
    """Give the questions that are not answered yet."""
    answered = max(
        (answer.event.recorded_at for answer in live_facts.each(ev.ContinueRequested)), default=0.0
    )
    # An answer covers what was asked before it; a later alert asks again.
    return [asked for asked in live_facts.each(ev.RealIncidentSuspected) if asked.at > answered]
