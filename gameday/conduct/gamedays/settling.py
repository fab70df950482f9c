"""Settles an environment between two drills: expected alerts resolved, reset, steady state met.

Comes in: the table, the turn behind which it settles. Goes out: SettlingChecked for each step, then
Settled, or SettlingFailed at the first that does not come right in time; unknown is not settled.
Does not: go on by itself: that is for a facilitator, who extends the time or waives, on record.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from gameday.conduct import store_reads
from gameday.conduct.gamedays.context import GameDayContext
from gameday.core.errors import NotReady
from gameday.core.facts import drill as ev
from gameday.core.facts import gameday as gf
from gameday.core.facts.history import Dated, History, counted_instant
from gameday.core.gamedays.state import GameDayState, Stage, Turn
from gameday.core.judging import alerts
from gameday.core.values import DrillId, Seconds

LOOK: Seconds = 1.0
RESET_LIMIT: Seconds = 600.0

Found = tuple[bool | None, str]
"""Whether a step is settled (None: nobody can tell), and why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settler:
    """Settles behind the drills of one game day.

    listening  the monitor's alerts come here; stopping: the host is about to leave
    """

    context: GameDayContext
    listening: Callable[[], bool]
    stopping: Callable[[], bool] = lambda: False

    async def settle(self, standing: GameDayState) -> None:
        """Take the steps behind a drill, and record what came of it."""
        turn = standing.settling
        assert turn is not None
        drill = store_reads.read(self.context.store, DrillId(turn.drill))
        down = "the drill took its target down again; the next one starts afresh"
        gone = down if drill.first(ev.EnvironmentTakenDown) else ""
        for name, step in (("alerts", self._alerts), ("reset", self._reset), ("steady-state", self._steady)):
            passed, detail = (True, gone) if gone else await step(drill, turn)
            if self._overtaken(turn):
                return
            self._record(turn, name, passed, detail)
            if not passed:
                return
        self.context.recorder.record(gf.Settled(item=turn.item, attempt=turn.attempt))

    def _record(self, turn: Turn, step: str, passed: bool | None, detail: str) -> None:
        item, attempt, recorder = turn.item, turn.attempt, self.context.recorder
        recorder.record(
            gf.SettlingChecked(item=item, attempt=attempt, step=step, passed=passed, detail=detail)
        )
        if not passed:
            number = turn.failures + 1
            recorder.record(
                gf.SettlingFailed(item=item, attempt=attempt, number=number, step=step, detail=detail)
            )

    def _overtaken(self, turn: Turn) -> bool:
        """Tell whether somebody waived, or ended the day, or the host leaves, meanwhile."""
        if self.stopping():
            return True
        now = self.context.look()
        return now.stage is not Stage.SETTLING or now.settling is None or now.settling.key != turn.key

    async def _in_time(self, turn: Turn, look: Callable[[], Awaitable[Found]]) -> Found:
        """Look again and again until it is settled, or the time is up; once at least."""
        while True:
            found = await look()
            now = self.context.look()
            over = now.until is None or self.context.clock.now() >= now.until
            if found[0] or over or self._overtaken(turn):
                return found
            await self.context.clock.sleep(LOOK)

    # --- the steps ---

    async def _alerts(self, drill: History, turn: Turn) -> Found:
        fired = [one for one in drill.each(ev.AlertFired) if _expected(drill, one)]
        if not fired:
            return True, "no expected alert had fired"

        async def look() -> Found:
            return await self._resolved(drill, fired)

        return await self._in_time(turn, look)

    async def _resolved(self, drill: History, fired: Sequence[Dated[ev.AlertFired]]) -> Found:
        """Ask the alert source where there is one; else take what was heard since the drill began."""
        names = dict.fromkeys(one.fact.alert for one in fired)
        if self.context.incidents is not None:
            try:
                ongoing = await self.context.incidents.ongoing(drill.plan.environment)
            except NotReady as silent:
                return None, silent.message
            return _told([name for name in names if name in ongoing], names)
        firing = _firing((*drill.events, *self.context.history().events), names)
        if firing and not self.listening():
            return (
                None,
                f"{', '.join(firing)} fired in the drill, and nobody can be asked whether it still does",
            )
        return _told(firing, names)

    async def _reset(self, _drill: History, _turn: Turn) -> Found:
        if not self.context.reset:
            return True, "the environment has no reset"
        command = " ".join(self.context.reset)
        ran = await self.context.runner.run(self.context.reset, timeout=RESET_LIMIT, actor="gameday reset")
        if ran.exit_code == 0:
            return True, f"`{command}` ran"
        said = ran.output.strip()[-300:]
        return False, f"`{command}` ended with {ran.exit_code}{f': {said}' if said else ''}"

    async def _steady(self, drill: History, turn: Turn) -> Found:
        experiment = drill.plan.scenario.experiment
        if not experiment:
            return True, "the scenario has no experiment"

        async def look() -> Found:
            checked = await self.context.prober.check_steady_state(experiment)
            return checked.met, checked.detail

        return await self._in_time(turn, look)


def _expected(drill: History, fired: Dated[ev.AlertFired]) -> bool:
    return any(alerts.matches(one, fired) for one in drill.plan.scenario.expect)


def _told(firing: Sequence[str], names: Iterable[str]) -> Found:
    if firing:
        return False, f"{', '.join(firing)} still fires"
    return True, f"{', '.join(names)} resolved"


def _firing(events: Iterable[ev.Event], names: Iterable[str]) -> list[str]:
    """Name the alerts that fire by what was heard: the last word on each alert stands."""
    wanted, states = set(names), {}
    for event in sorted(events, key=lambda each: (counted_instant(each), each.id)):
        match event.fact:
            case ev.AlertFired(key=key, alert=alert) if alert in wanted:
                states[key] = alert
            case ev.AlertResolved(key=key):
                states.pop(key, None)
            case _:
                pass
    return list(dict.fromkeys(states.values()))
