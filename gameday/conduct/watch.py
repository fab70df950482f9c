"""The live look at a drill: are users hurt now, which milestones hold now.

Comes in: the board. Goes out: service levels and whether a rule holds at this moment.
Does not: give instants. It lags by up to a window, and what it says is never judged.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from gameday.conduct.board import Board
from gameday.core import events as ev
from gameday.core import impact, series
from gameday.core.scenario import Condition, Rule, Scenario, Slo
from gameday.core.values import Instant, MilestoneName, Seconds

_SIGNS: dict[str, tuple[type, ...]] = {
    "acknowledged": (ev.IncidentAcknowledged, ev.AlertAcknowledged),
    "declared": (ev.IncidentDeclared,),
}
_BY_FACT: dict[str, tuple[type, ...]] = {
    MilestoneName.FAULT_INJECTED: (ev.FaultInjected,),
    MilestoneName.ALERTED: (ev.AlertFired,),
    MilestoneName.ACKNOWLEDGED: _SIGNS["acknowledged"],
    MilestoneName.TRIAGED: (ev.IncidentDeclared,),
}


@dataclass(slots=True)
class Watch:
    """Judges the rules of one scenario at the present moment; the service is looked at once a look."""

    scenario: Scenario
    board: Board
    hurt: bool = False
    """Users were hurt at some moment since the fault."""
    levels: tuple[impact.ServiceLevel, ...] = ()
    reach: Seconds = 60.0
    _seen: dict[tuple[Slo, ...], tuple[impact.ServiceLevel, ...]] = field(default_factory=dict)

    def look(self, now: Instant) -> None:
        """Take a fresh look at the service."""
        self._seen.clear()
        self.levels = self.service(self._slos(), now)
        if self.board.has(ev.FaultInjected) and not self.hurt:
            self.hurt = any(level.judged and level.bad_for > 0 for level in self._since_fault(now))

    def _slos(self) -> tuple[Slo, ...]:
        return tuple(slo for slo in self.scenario.slos if slo.source == "load")

    def _since_fault(self, now: Instant) -> tuple[impact.ServiceLevel, ...]:
        injected = self.board.first(ev.FaultInjected)
        longest = max((slo.window for slo in self._slos()), default=0.0)
        since = max(injected.at if injected else 0.0, now - longest)
        return impact.service(self._slos(), self.board.load(since=Instant(since)), now)

    def service(self, slos: tuple[Slo, ...], now: Instant) -> tuple[impact.ServiceLevel, ...]:
        """Give the service levels of SLOs at the last look, over the slice of load that they need."""
        if slos not in self._seen:
            longest = max((slo.window for slo in slos), default=0.0) + self.reach
            slice_ = self.board.load(since=Instant(now - longest))
            self._seen[slos] = impact.service(slos, slice_, now)
        return self._seen[slos]

    def reached(self, milestone: str, now: Instant) -> bool:
        """Tell whether a milestone counts as reached at this moment."""
        if milestone in _BY_FACT:
            return any(self.board.has(kind) for kind in _BY_FACT[milestone])
        rules = self.scenario.milestones
        match milestone:
            case MilestoneName.IMPACT_STARTED:
                return self.hurt
            case MilestoneName.COMMANDER_ASSIGNED:
                return any(d.fact.commander for d in self.board.each(ev.IncidentDeclared))
            case MilestoneName.DETECTED:
                return self._holds(rules.detected, "detected", now)
            case MilestoneName.CONTAINED:
                contained = self._holds(rules.contained, "contained", now)
                return self.hurt and (contained or self.recovered(now))
            case _:
                return milestone == MilestoneName.RECOVERED and self.recovered(now)

    def recovered(self, now: Instant) -> bool:
        """Tell whether users were hurt and are well again, by the scenario's own rule."""
        return self.hurt and self._holds(self.scenario.milestones.recovered, "recovered", now)

    def _holds(self, rule: Rule, milestone: str, now: Instant) -> bool:
        verdicts = [self._condition(condition, milestone, now) for condition in rule.conditions]
        return all(verdicts) if rule.all else any(verdicts)

    def _condition(self, condition: Condition, milestone: str, now: Instant) -> bool:
        if condition.sign == "marked":
            return any(mark.fact.milestone == milestone for mark in self.board.each(ev.MilestoneMarked))
        if condition.sign:
            return any(self.board.has(kind) for kind in _SIGNS[condition.sign])
        if condition.slo:
            return self._slo_holds(condition, now)
        if condition.probe:
            asked = [p.fact for p in self.board.each(ev.ProbeJudged) if p.fact.probe == condition.probe]
            return bool(asked) and asked[-1].ok is True
        return self._alert_state(condition.alert) == condition.state

    def _slo_holds(self, condition: Condition, now: Instant) -> bool:
        chosen = [slo for slo in self._slos() if series.matcher(condition.slo).fullmatch(slo.slo)]
        if condition.at_least is not None:
            chosen = [replace(slo, objective=condition.at_least) for slo in chosen]
        levels = self.service(tuple(chosen), now)
        return bool(levels) and all(lv.judged and lv.held_for >= condition.lasting for lv in levels)

    def _alert_state(self, alert: str) -> str:
        state = ""
        for event in self.board.events:
            match event.fact:
                case ev.AlertFired(alert=name) if name == alert:
                    state = "firing"
                case ev.AlertResolved(alert=name) if name == alert:
                    state = "resolved"
                case _:
                    pass
        return state
