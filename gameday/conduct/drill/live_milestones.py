"""Whether users are affected now, and which milestones hold now, while the drill runs.

It gives no instants: it lags by up to an SLO's window, and its answers never become part of the result.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from gameday.conduct.drill.live_facts import LiveFacts
from gameday.core.facts import drill as ev
from gameday.core.facts.history import Dated, History
from gameday.core.judging import alerts, conditions, impact
from gameday.core.plans import wildcards
from gameday.core.plans.scenario import Condition, Rule, Scenario, Slo
from gameday.core.values import Instant, MilestoneName, Seconds

_BY_SIGN: dict[str, str] = {MilestoneName.ACKNOWLEDGED: "acknowledged", MilestoneName.TRIAGED: "declared"}


@dataclass(slots=True)
class LiveMilestones:
    """Judges the milestone rules of one scenario now; service levels are kept until the next look."""

    scenario: Scenario
    live_facts: LiveFacts
    affected: bool = False
    """Users were affected at some time since the fault."""
    levels: tuple[impact.ServiceLevel, ...] = ()
    reach: Seconds = 60.0
    """How far back `bad_for` and `held_for` reach, in addition to an SLO's window."""
    _levels_of: dict[tuple[Slo, ...], tuple[impact.ServiceLevel, ...]] = field(default_factory=dict)

    def look(self, now: Instant) -> None:
        """Take a fresh look at the service."""
        # Several rules and guardrails ask for the same SLOs within one look: each is counted once.
        self._levels_of.clear()
        self.levels = self.service(self._slos(), now)
        # It never turns back: who was affected once stays affected, and recovery needs it.
        if self.live_facts.has(ev.FaultInjected) and not self.affected:
            self.affected = self._breached_since_fault(now)

    def _slos(self) -> tuple[Slo, ...]:
        return tuple(slo for slo in self.scenario.slos if slo.source == "load")

    def _breached_since_fault(self, now: Instant) -> bool:
        injected = self.live_facts.first(ev.FaultInjected)
        longest = max((slo.window for slo in self._slos()), default=0.0)
        # Nothing before the fault: what was bad then is no impact.
        since = max(injected.at if injected else 0.0, now - longest)
        return impact.breached(self._slos(), self.live_facts.load(since=Instant(since)), now)

    def service(self, slos: tuple[Slo, ...], now: Instant) -> tuple[impact.ServiceLevel, ...]:
        """Give the service levels of SLOs at the last look."""
        if slos not in self._levels_of:
            longest = max((slo.window for slo in slos), default=0.0) + self.reach
            load = self.live_facts.load(since=Instant(now - longest))  # not all: a look has 250 ms
            self._levels_of[slos] = impact.service(slos, load, now)
        return self._levels_of[slos]

    def reached(self, milestone: str, now: Instant) -> bool:
        """Report whether a milestone counts as reached now."""
        rules = self.scenario.milestones
        match milestone:
            case MilestoneName.DETECTED:
                return self._holds(rules.detected, "detected", now)
            case MilestoneName.CONTAINED:
                contained = self._holds(rules.contained, "contained", now)
                # As in `core.judging.milestones`: a grant or the recovery implies containment.
                return self.affected and (contained or self._granted() or self.recovered(now))
            case MilestoneName.RECOVERED:
                return self.recovered(now)
            case _:
                return self._proved(milestone)

    def _proved(self, milestone: str) -> bool:
        """Report whether a milestone that one fact proves was reached."""
        match milestone:
            case MilestoneName.FAULT_INJECTED:
                return self.live_facts.has(ev.FaultInjected)
            case MilestoneName.IMPACT_STARTED:
                return self.affected
            case MilestoneName.ALERTED:
                return self._alerted()
            case MilestoneName.COMMANDER_ASSIGNED:
                return any(sign.fact.commander for sign in self._signs("declared", milestone))
            case _:
                return milestone in _BY_SIGN and bool(self._signs(_BY_SIGN[milestone], milestone))

    def recovered(self, now: Instant) -> bool:
        """Report whether users were affected and the service is healthy again, by the scenario's own rule."""
        return self.affected and self._holds(self.scenario.milestones.recovered, "recovered", now)

    def _holds(self, rule: Rule, milestone: str, now: Instant) -> bool:
        verdicts = [self._condition(condition, milestone, now) for condition in rule.conditions]
        return all(verdicts) if rule.all else any(verdicts)

    def _condition(self, condition: Condition, milestone: str, now: Instant) -> bool:
        if condition.sign:
            return bool(self._signs(condition.sign, milestone))
        if condition.slo:
            return self._slo_holds(condition, now)
        if condition.probe:
            answers = [
                p.fact for p in self.live_facts.each(ev.ProbeJudged) if p.fact.probe == condition.probe
            ]
            # `is True`: None is an answer that could not be judged.
            return bool(answers) and answers[-1].ok is True
        return self._alert_state(condition.alert) == condition.state

    def _counted(self) -> tuple[History, Instant] | None:
        """Give the history and from when it counts, for the judge's own rules; None before that."""
        history = self.live_facts.history()
        began = conditions.began(history)
        return None if began is None else (history, began.at)

    def _signs(self, sign: str, milestone: str) -> list[Dated[Any]]:
        counted = self._counted()
        if counted is None:
            return []
        history, since = counted
        return list(conditions.signs(history, sign, milestone, since))

    def _granted(self) -> bool:
        counted = self._counted()
        return counted is not None and any(conditions.grants(*counted))

    def _alerted(self) -> bool:
        counted = self._counted()
        return counted is not None and bool(alerts.fresh(*counted))

    def _slo_holds(self, condition: Condition, now: Instant) -> bool:
        chosen = [slo for slo in self._slos() if wildcards.matcher(condition.slo).fullmatch(slo.slo)]
        if condition.at_least is not None:
            chosen = [replace(slo, objective=condition.at_least) for slo in chosen]
        levels = self.service(tuple(chosen), now)
        # `bool(levels)`: all() of no SLO would hold at once.
        return bool(levels) and all(lv.judged and lv.held_for >= condition.lasting for lv in levels)

    def _alert_state(self, alert: str) -> str:
        counted = self._counted()
        states = [] if counted is None else conditions.alert_states(*counted, alert)
        return states[-1][1] if states else ""
