"""Guardrails: conditions that end a drill because going on would do harm that nobody planned.

Comes in: the scenario's guardrails, and what the conductor knows of itself. Goes out: the first one
that trips, with what tripped it. They are judged from the injection to the end of the revert, by
themselves: nobody has to look. One that can't be evaluated trips after GRACE: no news is bad news.
Does not: abort, or write anything down.

Each kind is a `Check`: asked at every look, it says what tripped it, or nothing. What takes time to
ask (probes, Prometheus, CloudWatch) is asked beside the looks, so that a source that hangs is seen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from gameday import ports
from gameday.conduct.drill.live_milestones import LiveMilestones
from gameday.core.facts import drill as ev
from gameday.core.plans.scenario import Guardrail, Query, Scenario, Slo
from gameday.core.values import Instant, Seconds, format_duration
from gameday.ports import Reading

LOOK: Seconds = 0.25
"""How often every rail is judged."""
GRACE: Seconds = 15.0
"""For so long a guardrail may fail to be evaluated."""
LATE: Seconds = 2.0
"""A look that comes later than this is late."""
LATE_FOR: Seconds = 5.0
"""When looks have been late for so long, nobody guards the drill."""
SILENCE: Seconds = 180.0
"""A monitor whose heartbeat was heard only once may be silent for so long."""
BEATS = 3
"""Once its rhythm is known: this many of its longest gaps, and at least SHORTEST."""
SHORTEST: Seconds = 10.0
START_ROOM: Seconds = 15.0
"""What starting the load and the experiment may take beyond the plan."""


class Check(Protocol):
    """One condition. `judge` gives what tripped it, and is empty while it holds."""

    @property
    def name(self) -> str:
        """Name it as people read it."""
        ...

    def judge(self, now: Instant) -> str:
        """Judge it at this moment."""
        ...


@dataclass(kw_only=True, slots=True)
class SloCheck:
    """An SLO of the users is below a share for a time; or nobody asks for it any more."""

    guardrail: Guardrail
    slo: Slo
    live_milestones: LiveMilestones
    _bad_since: Instant | None = None
    _silent_since: Instant | None = None

    @property
    def name(self) -> str:
        """Name it as people read it."""
        return self.guardrail.name

    def judge(self, now: Instant) -> str:
        """Judge the SLO's last windows."""
        for level in self.live_milestones.service((replace(self.slo, objective=self.guardrail.below),), now):
            if level.bad_for > 0:
                self._bad_since = min(self._bad_since or now, Instant(now - level.bad_for))
            elif level.judged:
                self._bad_since = None
            if self._bad_since is not None and now - self._bad_since >= self.guardrail.lasting:
                return f"{level.good:.0%} good" if level.good is not None else "no answers"
            return self._silent(now, anybody=level.requests > 0 or level.judged)
        return ""

    def _silent(self, now: Instant, *, anybody: bool) -> str:
        self._silent_since = None if anybody else self._silent_since or now
        patience = max(GRACE, self.guardrail.lasting)
        if self._silent_since is None or now - self._silent_since < patience:
            return ""
        return f"could not be evaluated for {patience:g} s: no request matched"


@dataclass(kw_only=True, slots=True)
class PolledCheck:
    """Something outside is asked again and again; it trips when it has been breached for a while."""

    guardrail: Guardrail
    ask: Callable[[], Awaitable[Reading]]
    clock: ports.Clock
    lasting: Seconds = 0.0
    _known_at: Instant = field(default=Instant(0.0))
    _bad_since: Instant | None = None
    _detail: str = "no answer yet"

    @property
    def name(self) -> str:
        """Name it as people read it."""
        return self.guardrail.name

    async def ask_on(self) -> None:
        """Ask until cancelled. What the answers come to is judged by `judge`."""
        self._known_at = self.clock.now()
        while True:
            self._take(await self.ask())
            await self.clock.sleep(self.guardrail.every)

    def _take(self, reading: Reading) -> None:
        now, self._detail = self.clock.now(), reading.detail
        if reading.breached is None:
            return
        self._known_at = now
        self._bad_since = (self._bad_since or now) if reading.breached else None

    def judge(self, now: Instant) -> str:
        """Judge the answers so far."""
        if self._bad_since is not None and now - self._bad_since >= self.lasting:
            return self._detail or "breached"
        patience = GRACE + self.guardrail.every
        if self._known_at and now - self._known_at >= patience:
            return f"could not be evaluated for {patience:g} s: {self._detail}"
        return ""


@dataclass(kw_only=True, slots=True)
class TimeBox:
    """The whole drill takes longer than its plan can."""

    limit: Callable[[], Instant | None]
    name: str = "time box"

    def judge(self, now: Instant) -> str:
        """Compare with the end of the plan."""
        limit = self.limit()
        if limit is None or now < limit:
            return ""
        return f"the drill should have ended {format_duration(now - limit)} ago"


@dataclass(kw_only=True, slots=True)
class Monitors:
    """An alert source that has a heartbeat falls silent. One without says nothing by silence."""

    heartbeats: Callable[[], Mapping[str, Instant]]
    name: str = "monitor"
    _heard: dict[str, Instant] = field(default_factory=dict)
    _gaps: dict[str, Seconds] = field(default_factory=dict)

    def judge(self, now: Instant) -> str:
        """Note new heartbeats, learn their rhythm, and name a source that has fallen out of it."""
        for system, at in self.heartbeats().items():
            before = self._heard.get(system, at)
            if at > before:
                self._gaps[system] = max(self._gaps.get(system, 0.0), at - before)
            self._heard[system] = at
            allowed = max(SHORTEST, BEATS * self._gaps[system]) if system in self._gaps else SILENCE
            if now - at > allowed:
                return f"{system} has been silent for {format_duration(now - at)}"
        return ""


@dataclass(kw_only=True, slots=True)
class Lag:
    """Our own looks come too late: a machine that is overloaded or slept, or a clock that jumped."""

    name: str = "own lag"
    _due: Instant | None = None
    _late_since: Instant | None = None

    def judge(self, now: Instant) -> str:
        """Compare this look with the instant at which it was due."""
        due, self._due = self._due, Instant(now + LOOK)
        if due is None or now - due <= LATE:
            self._late_since = None
            return ""
        self._late_since = self._late_since or due
        if now - self._late_since < LATE_FOR:
            return ""
        return f"looks have come more than {LATE:g} s late for {format_duration(now - self._late_since)}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Guard:
    """Judges all rails of one drill. `first` gives the first that trips."""

    checks: Sequence[Check]
    clock: ports.Clock

    async def first(self, wanted: Callable[[], bool]) -> ev.GuardrailTripped | None:
        """Judge until one trips; give it, or None as soon as it is no longer `wanted`."""
        asking = [
            asyncio.ensure_future(check.ask_on()) for check in self.checks if isinstance(check, PolledCheck)
        ]
        try:
            while wanted():
                tripped = self.judge(self.clock.now())
                if tripped is not None:
                    return tripped
                await self.clock.sleep(LOOK)
            return None
        finally:
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)

    def judge(self, now: Instant) -> ev.GuardrailTripped | None:
        """Judge every rail once; give the first that trips."""
        for check in self.checks:
            detail = check.judge(now)
            if detail:
                return ev.GuardrailTripped(guardrail=check.name, detail=detail)
        return None


def build_checks(
    scenario: Scenario,
    *,
    live_milestones: LiveMilestones,
    clock: ports.Clock,
    prober: ports.Prober,
    meters: Mapping[str, ports.Meter],
) -> list[Check]:
    """Make the rails of a scenario's own guardrails. meters: by `prometheus` and `cloudwatch`."""

    def made(guardrail: Guardrail) -> Check:
        if guardrail.probe:
            return PolledCheck(guardrail=guardrail, ask=lambda: _probed(prober, guardrail.probe), clock=clock)
        slo = next((one for one in scenario.slos if one.slo == guardrail.slo), None)
        if slo is not None and slo.source == "load":
            return SloCheck(guardrail=guardrail, slo=slo, live_milestones=live_milestones)
        asked = guardrail if slo is None else replace(guardrail, prometheus=_ratio(slo, guardrail.below))
        meter = meters.get("cloudwatch" if guardrail.alarm else "prometheus")
        lasting = 0.0 if guardrail.alarm else guardrail.lasting
        return PolledCheck(
            guardrail=guardrail, ask=lambda: _metered(meter, asked), clock=clock, lasting=lasting
        )

    return [made(guardrail) for guardrail in scenario.guardrails]


async def _probed(prober: ports.Prober, probe: str) -> Reading:
    asked = await prober.ask(probe)
    return Reading(breached=None if asked.ok is None else not asked.ok, detail=asked.detail)


async def _metered(meter: ports.Meter | None, guardrail: Guardrail) -> Reading:
    if meter is None:
        return Reading(breached=None, detail="nothing here can read it")
    return await meter.read(guardrail)


def _ratio(slo: Slo, below: float) -> Query:
    """Write an SLO that Prometheus counts as one query."""
    return Query(query=f"({slo.good}) / ({slo.total})", below=below)
