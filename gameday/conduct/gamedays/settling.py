"""Settles an environment between two drills: expected alerts resolved, reset, steady state met.

Each step is recorded as SettlingChecked; then Settled, or SettlingFailed at the first step that is not
settled in time. Unknown is not settled. After a failure a facilitator extends the time or waives it.
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

POLL_INTERVAL: Seconds = 1.0
RESET_LIMIT: Seconds = 600.0

Outcome = tuple[bool | None, str]
"""Whether a step is settled (None: unknown), and why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settler:
    """Settles the environment after each drill of one game day.

    listening  whether the monitor's alerts are received here
    stopping   whether the host is about to leave
    """

    context: GameDayContext
    listening: Callable[[], bool]
    stopping: Callable[[], bool] = lambda: False

    async def settle(self, state: GameDayState) -> None:
        """Take the steps after a drill, and record the outcome."""
        turn = state.settling
        assert turn is not None
        drill = store_reads.read(self.context.store, DrillId(turn.drill))
        down = "the drill took its target down again; the next one starts afresh"
        # A target that is gone can be neither reset nor asked.
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
        """Report whether meanwhile somebody waived it or ended the game day, or the host leaves."""
        if self.stopping():
            return True
        now = self.context.look()
        return now.stage is not Stage.SETTLING or now.settling is None or now.settling.key != turn.key

    async def _in_time(self, turn: Turn, look: Callable[[], Awaitable[Outcome]]) -> Outcome:
        """Look again and again until it is settled or the time is up; at least once."""
        while True:
            outcome = await look()
            now = self.context.look()
            over = now.until is None or self.context.clock.now() >= now.until
            # After the look, so that a late one still counts.
            if outcome[0] or over or self._overtaken(turn):
                return outcome
            await self.context.clock.sleep(POLL_INTERVAL)

    # --- the steps ---

    async def _alerts(self, drill: History, turn: Turn) -> Outcome:
        fired = [alert for alert in drill.each(ev.AlertFired) if _expected(drill, alert)]
        if not fired:
            return True, "no expected alert had fired"

        async def look() -> Outcome:
            return await self._resolved(drill, fired)

        return await self._in_time(turn, look)

    async def _resolved(self, drill: History, fired: Sequence[Dated[ev.AlertFired]]) -> Outcome:
        """Ask the alert source where there is one; else use the alerts received since the drill began."""
        names = dict.fromkeys(alert.fact.alert for alert in fired)
        if self.context.incidents is not None:
            try:
                ongoing = await self.context.incidents.ongoing(drill.plan.environment)
            except NotReady as error:
                return None, error.message
            return _outcome([name for name in names if name in ongoing], names)
        firing = _firing((*drill.events, *self.context.history().events), names)
        if firing and not self.listening():
            return (
                None,
                f"{', '.join(firing)} fired in the drill, and no alert source knows whether it still does",
            )
        return _outcome(firing, names)

    async def _reset(self, _drill: History, _turn: Turn) -> Outcome:
        if not self.context.reset:
            return True, "the environment has no reset"
        command = " ".join(self.context.reset)
        ran = await self.context.runner.run(self.context.reset, timeout=RESET_LIMIT, actor="gameday reset")
        if ran.exit_code == 0:
            return True, f"`{command}` ran"
        output = ran.output.strip()[-300:]
        return False, f"`{command}` ended with {ran.exit_code}{f': {output}' if output else ''}"

    async def _steady(self, drill: History, turn: Turn) -> Outcome:
        experiment = drill.plan.scenario.experiment
        if not experiment:
            return True, "the scenario has no experiment"

        async def look() -> Outcome:
            checked = await self.context.prober.check_steady_state(experiment)
            return checked.met, checked.detail

        return await self._in_time(turn, look)


def _expected(drill: History, fired: Dated[ev.AlertFired]) -> bool:
    return any(alerts.matches(expectation, fired) for expectation in drill.plan.scenario.expect)


def _outcome(firing: Sequence[str], names: Iterable[str]) -> Outcome:
    if firing:
        return False, f"{', '.join(firing)} still fires"
    return True, f"{', '.join(names)} resolved"


def _firing(events: Iterable[ev.Event], names: Iterable[str]) -> list[str]:
    """Name the alerts that fire, by the last event of each."""
    wanted, states = set(names), {}
    # By the instant that counts: two histories are joined here, and receipts may be out of order.
    for event in sorted(events, key=lambda each: (counted_instant(each), each.id)):
        match event.fact:
            case ev.AlertFired(key=key, alert=alert) if alert in wanted:
                states[key] = alert
            case ev.AlertResolved(key=key):
                states.pop(key, None)
            case _:
                pass
    return list(dict.fromkeys(states.values()))
