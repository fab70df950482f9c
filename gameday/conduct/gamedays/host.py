"""Conducts one game day: drill after drill, each at a facilitator's go, settled in between.

It holds nothing that its death would lose. What comes next is derived from the history at each look
(`core.gamedays.state`), and the facilitators' commands are in it, from whatever terminal. After this process
was killed, the next host resumes where it stopped.

Without people nothing waits: an agenda of automation goes through by itself, and ends where the
environment does not settle.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from gameday import ports
from gameday.conduct import store_reads
from gameday.conduct.background import cancel, run_alongside
from gameday.conduct.gamedays.context import GameDayContext
from gameday.conduct.gamedays.settling import Settler
from gameday.core.errors import Busy, ExitCode, GamedayError, NotReady, StoreUnavailable, worst
from gameday.core.facts import drill as ev
from gameday.core.facts import gameday as gf
from gameday.core.facts import history
from gameday.core.gamedays import state as states
from gameday.core.gamedays.state import GameDayState, Stage, Turn
from gameday.core.plans import spoilers
from gameday.core.plans.gameday import Occasion
from gameday.core.values import DrillId, Instant, Seconds

POLL_INTERVAL: Seconds = 0.2
CLAIM_TIME: Seconds = 10.0
"""How long after its host's death a game day can be taken over."""
RENEW_INTERVAL: Seconds = 3.0
REGISTER_AFTER: Seconds = 2.0
"""How soon registering with a monitor that was not ready is tried again."""
HOST_RIGHT = "host"
"""The right to conduct a game day."""
FINISH_RIGHT = "finish"
"""The right to do what follows its end, once: report, calendar, all-clear."""
FINISH_TIME: Seconds = 86400.0
UNFINISHED = {"unsettled": ExitCode.INCONCLUSIVE, "left": ExitCode.ABORTED}
"""Exit codes of game days without people that did not come through their agenda, by why they ended."""
LEFT = "whoever conducted it left"
DIED = "whoever conducted it died"


class Host:
    """Conducts one game day. `on_events` receives every new event of it, whoever recorded it."""

    def __init__(
        self, context: GameDayContext, *, on_events: Callable[[Sequence[ev.Event]], None] | None = None
    ) -> None:
        self._context = context
        self._on_events = on_events
        self._seq = 0
        self._leaving = False
        self._listening = False
        self._events: list[ev.Event] = []
        self._state: GameDayState | None = None
        self._settler = Settler(
            context=context, listening=lambda: self._listening, stopping=lambda: self._leaving
        )

    def leave(self) -> None:
        """Stop conducting, and abort the running drill; safe to call from a signal handler.

        A game day with people stays open, for the next host; one without people ends.
        """
        self._leaving = True
        self._context.drills.abort(LEFT)

    async def conduct(self) -> GameDayState:
        """Conduct until the game day has ended, or this host leaves. Raises Busy, StoreUnavailable."""
        await self._claim()
        async with self._alongside():
            await self._resume()
            while not self._leaving:
                state = self._look()
                if state.stage is Stage.ENDED:
                    break
                await self._act(state)
                await self._context.clock.sleep(POLL_INTERVAL)
        if self._leaving and not self._look().planned.attended:
            # Nobody would resume it, and while it is open no other drill may start on its environment.
            self._record(gf.GameDayEnded(why="left"))
        if self._look().stage is Stage.ENDED:
            self._claim_finish()
        self._release()
        return self._look()

    async def _act(self, state: GameDayState) -> None:
        """Do what is due now, if no facilitator has to."""
        attended = state.planned.attended
        match state.stage:
            case Stage.READY:
                await self._drill(state)
            case Stage.BREAK:
                self._break(state)
            case Stage.SETTLING:
                await self._settler.settle(state)
            case Stage.UNSETTLED if not attended:
                self._record(gf.GameDayEnded(why="unsettled"))
            case Stage.THROUGH if not attended:
                self._record(gf.GameDayEnded(why="through"))
            case _:
                return

    # --- one item ---

    async def _drill(self, state: GameDayState) -> None:
        """Conduct the current drill to its end, whatever becomes of it."""
        turn = state.turn
        assert turn is not None
        drill = self._context.drills.name(turn.on_agenda)
        # Before the drill: whoever resumes after our death finds its id here, and reverts it. And only where
        # nothing was recorded since the look: a facilitator may have skipped the turn, paused or ended.
        begun = gf.ItemBegun(item=turn.item, attempt=turn.attempt, drill=drill)
        if not self._context.recorder.record_after(self._seq, begun):
            return
        code, why = None, ""
        try:
            async with self._ending(drill):
                code = await self._context.drills.play(turn.on_agenda, drill, occasion_of(state))
        except GamedayError as error:
            code, why = error.exit_code, error.message
        self._record(item_ended(self._context.store, turn, drill, code, why))
        # Paused, so that a facilitator decides when it continues.
        if self._leaving:
            self._record(gf.GameDayPaused(why=LEFT))

    @asynccontextmanager
    async def _ending(self, drill: DrillId) -> AsyncIterator[None]:
        """End the drill's response when the game day is ended meanwhile."""
        task = asyncio.ensure_future(self._end_with_game_day(drill))
        try:
            yield
        finally:
            await cancel([task])

    async def _end_with_game_day(self, drill: DrillId) -> None:
        while not self._has_ended():
            await self._context.clock.sleep(POLL_INTERVAL)
        self._context.recorder.for_drill(drill).record(ev.EndRequested())

    def _has_ended(self) -> bool:
        """Look while a drill runs. The drill itself deals with a store that is away."""
        with contextlib.suppress(StoreUnavailable):
            return self._look().stage is Stage.ENDED
        return False

    def _break(self, state: GameDayState) -> None:
        """Begin the current break, or end it: when its time is over, or at a go."""
        turn = state.turn
        assert turn is not None
        if turn.begun is None:
            self._record(gf.ItemBegun(item=turn.item, attempt=turn.attempt))
        elif turn.go or (state.until is not None and self._context.clock.now() >= state.until):
            how = "cut-short" if turn.go else "over"
            self._record(gf.ItemEnded(item=turn.item, attempt=turn.attempt, how=how))

    # --- resuming ---

    async def _resume(self) -> None:
        """Settle what a host that died left: its drill is reverted and closed, and counts as ended."""
        state = self._look()
        if state.stage is not Stage.DRILL or state.turn is None:
            return
        turn = state.turn
        code = await self._context.drills.recover(DrillId(turn.drill))
        self._record(item_ended(self._context.store, turn, DrillId(turn.drill), code, DIED))

    # --- what runs alongside ---

    @asynccontextmanager
    async def _alongside(self) -> AsyncIterator[None]:
        """Keep the claim, and receive the monitor's alerts, while the game day is conducted."""
        try:
            async with run_alongside([self._keep_claim(), self._listen()]):
                yield
        finally:
            await self._context.signals.stop()

    async def _claim(self) -> None:
        until = Instant(self._context.clock.now() + CLAIM_TIME)
        if not self._context.store.claim(
            self._context.game_day, HOST_RIGHT, self._context.holder, until=until
        ):
            raise Busy(
                f"{self._context.game_day} is conducted from another terminal",
                hint=f"gameday plan next, … reach it; {CLAIM_TIME:g} s after it died, start resumes it",
            )

    def _claim_finish(self) -> None:
        """Claim what follows the end, before the game day is released: so nobody else does it, too."""
        with contextlib.suppress(StoreUnavailable):
            may_finish(self._context.store, self._context.game_day, self._context.holder, self._context.clock)

    def _release(self) -> None:
        """Give the right back, for the next host or whoever ends the game day."""
        with contextlib.suppress(StoreUnavailable):
            self._context.store.claim(
                self._context.game_day, HOST_RIGHT, self._context.holder, until=self._context.clock.now()
            )

    async def _keep_claim(self) -> None:
        """Renew the claim. A store that is away for a short time ends no drill; another host's claim does."""
        while True:
            await self._context.clock.sleep(RENEW_INTERVAL)
            with contextlib.suppress(StoreUnavailable):
                await self._claim()

    async def _listen(self) -> None:
        """Register with the monitor as soon as it is ready, so that it sends its alerts here."""
        while not self._listening:
            try:
                await self._context.signals.start(lambda events: self._context.store.append(*events))
                self._listening = True
            except (NotReady, OSError):  # without alerts a game day still goes on: try again, end nothing
                await self._context.clock.sleep(REGISTER_AFTER)

    def _look(self) -> GameDayState:
        """Read the new events, pass them on, and give the current state."""
        stored = self._context.store.read(self._context.game_day, after=self._seq)
        if stored:
            self._seq = stored[-1].seq
            self._events.extend(row.event for row in stored)
            if self._on_events is not None:
                self._on_events([row.event for row in stored])
        # Folded only after something new: a look comes five times a second.
        if stored or self._state is None:
            self._state = states.fold(history.from_events(self._events))
        return self._state

    def _record(self, fact: gf.GameDayFact) -> None:
        self._context.recorder.record(fact)


def is_conducted(store: ports.HistoryStore, game_day: DrillId, clock: ports.Clock) -> bool:
    """Report whether a living host conducts a game day, by a claim that expires at once."""
    # Winning it shows that it was free, and gives it up by the same call.
    return not store.claim(game_day, HOST_RIGHT, "nobody", until=clock.now())


def may_finish(store: ports.HistoryStore, game_day: DrillId, holder: str, clock: ports.Clock) -> bool:
    """Win the right to do what follows the end of a game day."""
    return store.claim(game_day, FINISH_RIGHT, holder, until=Instant(clock.now() + FINISH_TIME))


async def is_abandoned(store: ports.HistoryStore, game_day: DrillId, clock: ports.Clock) -> bool:
    """Wait until the host of a finished game day has released it, or died; False: it is still at work."""
    # Longer than a claim lives, so that a dead host's has run out by then.
    until = clock.now() + CLAIM_TIME + 2 * POLL_INTERVAL
    while is_conducted(store, game_day, clock):
        if clock.now() > until:
            return False  # a dead host's claim has run out by now: this one was renewed
        await clock.sleep(POLL_INTERVAL)
    return True


async def win_finish(store: ports.HistoryStore, game_day: DrillId, holder: str, clock: ports.Clock) -> bool:
    """Win the right to do what follows the end once its host is gone; False: its host or another does it."""
    return await is_abandoned(store, game_day, clock) and may_finish(store, game_day, holder, clock)


def exit_code(ended: GameDayState) -> ExitCode:
    """Give the exit code of a game day that has ended: the worst of its drills'.

    With people, a drill below its pass mark is what the game day was held to learn: only a fault that may
    still be in force counts. Without people, a game day that did not come through its agenda is no pass.
    """
    codes = [turn.exit_code for turn in ended.drills if turn.exit_code is not None]
    if ended.planned.attended:
        return ExitCode.FAULT_IN_FORCE if ExitCode.FAULT_IN_FORCE in codes else ExitCode.PASSED
    return worst(codes or [ExitCode.PASSED]) or UNFINISHED.get(ended.why, ExitCode.PASSED)


def occasion_of(state: GameDayState) -> Occasion:
    """Give the game day that a drill belongs to, and who may see into the drill."""
    plan = state.plan
    return Occasion(
        game_day=state.game_day,
        hidden=spoilers.hides(plan.announcement, attended=state.planned.attended),
        insiders=plan.insiders,
        facilitators=plan.facilitators,
        participants=tuple(each.name for each in plan.participants),
    )


def item_ended(
    store: ports.HistoryStore, turn: Turn, drill: DrillId, code: int | None, why: str
) -> gf.ItemEnded:
    """Give the fact that a turn's drill has ended, by the drill's own history."""
    how, refused = _how(store, drill)
    return gf.ItemEnded(item=turn.item, attempt=turn.attempt, how=how, exit_code=code, why=why or refused)


def _how(store: ports.HistoryStore, drill: DrillId) -> tuple[str, str]:
    """Give how a drill ended by its own history, and why it did not begin; `lost` without a history."""
    try:
        drill_history = store_reads.read(store, drill)
    except LookupError:
        # The host died between ItemBegun and the drill's first fact.
        return states.LOST, ""
    closed = drill_history.last(ev.DrillClosed)
    return closed.fact.how if closed else "failed", drill_history.refused
