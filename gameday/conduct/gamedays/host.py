"""Conducts one game day: drill after drill, each at a facilitator's go, settled in between.

Comes in: the facilitator's table. Goes out: the game day's history; drills, each with its own.
Does not: hold anything that its death would lose. What comes next is folded from the history at each
look (`core.gamedays.state`); what facilitators say is in it, from whatever terminal. Whoever hosts the
day after this process was killed takes it up where it stood.

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
from gameday.core.errors import Busy, GamedayError, NotReady, StoreUnavailable
from gameday.core.facts import drill as ev
from gameday.core.facts import gameday as gf
from gameday.core.facts import history
from gameday.core.gamedays import state as standings
from gameday.core.gamedays.state import GameDayState, Stage, Turn
from gameday.core.plans.gameday import Occasion
from gameday.core.values import DrillId, Instant, Seconds

TICK: Seconds = 0.2
CLAIM: Seconds = 10.0
"""How long after its host's death a game day can be taken over."""
RENEW: Seconds = 3.0
LISTEN: Seconds = 2.0
"""How soon a monitor that could not be told to send its alerts here is told again."""
HOST = "host"
"""The right to conduct a game day."""
FINISH = "finish"
"""The right to do what follows its end, once: report, calendar, all-clear."""
FINISHING: Seconds = 86400.0
LEFT = "whoever conducted it left"
DIED = "whoever conducted it died"


class Host:
    """Conducts the game day of one table. `on_events` hears every new fact of it, whoever wrote it."""

    def __init__(
        self, context: GameDayContext, *, on_events: Callable[[Sequence[ev.Event]], None] | None = None
    ) -> None:
        self._context = context
        self._on_events = on_events
        self._seq = 0
        self._leaving = False
        self._heard = False
        self._events: list[ev.Event] = []
        self._standing: GameDayState | None = None
        self._settler = Settler(
            context=context, listening=lambda: self._heard, stopping=lambda: self._leaving
        )

    def leave(self) -> None:
        """Stop conducting, and abort the drill that is on; safe to call from a signal handler.

        A game day of people stays open, for whoever takes it up; one without people ends.
        """
        self._leaving = True
        self._context.drills.abort(LEFT)

    async def conduct(self) -> GameDayState:
        """Conduct until the game day has ended, or this host leaves. Raises Busy, StoreUnavailable."""
        await self._claim()
        async with self._alongside():
            await self._take_up()
            while not self._leaving:
                standing = self._look()
                if standing.stage is Stage.ENDED:
                    break
                await self._act(standing)
                await self._context.clock.sleep(TICK)
        if self._leaving and not self._look().planned.attended:
            self._record(gf.GameDayEnded(why="left"))  # nobody would take it up, and it bars its environment
        if self._look().stage is Stage.ENDED:
            self._claim_finish()
        self._let_go()
        return self._look()

    async def _act(self, standing: GameDayState) -> None:
        """Do what is to be done now, if it is ours to do."""
        attended = standing.planned.attended
        match standing.stage:
            case Stage.READY:
                await self._drill(standing)
            case Stage.BREAK:
                self._break(standing)
            case Stage.SETTLING:
                await self._settler.settle(standing)
            case Stage.UNSETTLED if not attended:
                self._record(gf.GameDayEnded(why="unsettled"))
            case Stage.THROUGH if not attended:
                self._record(gf.GameDayEnded(why="through"))
            case _:
                return

    # --- one item ---

    async def _drill(self, standing: GameDayState) -> None:
        """Conduct the drill at hand to its end, whatever becomes of it."""
        turn = standing.turn
        assert turn is not None
        drill = self._context.drills.name(turn.on_agenda)
        self._record(gf.ItemBegun(item=turn.item, attempt=turn.attempt, drill=drill))
        code, why = None, ""
        try:
            async with self._ending(drill):
                code = await self._context.drills.play(turn.on_agenda, drill, occasion(standing))
        except GamedayError as error:
            code, why = error.exit_code, error.message
        self._over(turn, drill, code, why)
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
            await self._context.clock.sleep(TICK)
        self._context.recorder.for_drill(drill).record(ev.EndRequested())

    def _has_ended(self) -> bool:
        """Look while a drill is on, which knows by itself what to do about a store that is away."""
        with contextlib.suppress(StoreUnavailable):
            return self._look().stage is Stage.ENDED
        return False

    def _over(self, turn: Turn, drill: DrillId, code: int | None, why: str) -> None:
        self._record(over(self._context.store, turn, drill, code, why))

    def _break(self, standing: GameDayState) -> None:
        """Begin the break at hand, or end it: when its time is over, or at a go."""
        turn = standing.turn
        assert turn is not None
        if turn.begun is None:
            self._record(gf.ItemBegun(item=turn.item, attempt=turn.attempt))
        elif turn.go or (standing.until is not None and self._context.clock.now() >= standing.until):
            how = "cut-short" if turn.go else "over"
            self._record(gf.ItemEnded(item=turn.item, attempt=turn.attempt, how=how))

    # --- taking up ---

    async def _take_up(self) -> None:
        """Settle what a host who died left: its drill is reverted and closed, then counts as ended."""
        standing = self._look()
        if standing.stage is not Stage.DRILL or standing.turn is None:
            return
        turn = standing.turn
        code = await self._context.drills.recover(DrillId(turn.drill))
        self._over(turn, DrillId(turn.drill), code, DIED)

    # --- what runs beside ---

    @asynccontextmanager
    async def _alongside(self) -> AsyncIterator[None]:
        """Keep the claim, and receive the monitor's alerts, while the game day is conducted."""
        try:
            async with run_alongside([self._keep_claim(), self._listen()]):
                yield
        finally:
            await self._context.signals.stop()

    async def _claim(self) -> None:
        until = Instant(self._context.clock.now() + CLAIM)
        if not self._context.store.claim(self._context.game_day, HOST, self._context.holder, until=until):
            raise Busy(
                f"{self._context.game_day} is conducted from another terminal",
                hint=f"gameday plan next, … reach it; {CLAIM:g} s after its death, start takes it up",
            )

    def _claim_finish(self) -> None:
        """Keep what follows the end for this process: before the day is let go, so that nobody else does."""
        with contextlib.suppress(StoreUnavailable):
            may_finish(self._context.store, self._context.game_day, self._context.holder, self._context.clock)

    def _let_go(self) -> None:
        """Give the right back, for whoever takes the day up or ends it."""
        with contextlib.suppress(StoreUnavailable):
            self._context.store.claim(
                self._context.game_day, HOST, self._context.holder, until=self._context.clock.now()
            )

    async def _keep_claim(self) -> None:
        """Renew the claim; a store that is away for a moment ends no drill."""
        while True:
            await self._context.clock.sleep(RENEW)
            with contextlib.suppress(StoreUnavailable):
                await self._claim()

    async def _listen(self) -> None:
        """Have the monitor send its alerts here as soon as it is there to be told."""
        while not self._heard:
            try:
                await self._context.signals.start(lambda events: self._context.store.append(*events))
                self._heard = True
            except (NotReady, OSError):  # without alerts a game day still goes on: try again, end nothing
                await self._context.clock.sleep(LISTEN)

    def _look(self) -> GameDayState:
        """Tell the new facts to whoever follows, and fold them all."""
        stored = self._context.store.read(self._context.game_day, after=self._seq)
        if stored:
            self._seq = stored[-1].seq
            self._events.extend(row.event for row in stored)
            if self._on_events is not None:
                self._on_events([row.event for row in stored])
        if stored or self._standing is None:
            self._standing = standings.fold(history.from_events(self._events))
        return self._standing

    def _record(self, fact: gf.GameDayFact) -> None:
        self._context.recorder.record(fact)


def conduct_game_day(store: ports.HistoryStore, game_day: DrillId, clock: ports.Clock) -> bool:
    """Tell whether a host that lives conducts a game day, which will see by itself that it has ended."""
    nobody, now = "nobody", clock.now()
    return not store.claim(game_day, HOST, nobody, until=now)


def may_finish(store: ports.HistoryStore, game_day: DrillId, holder: str, clock: ports.Clock) -> bool:
    """Win the right to do what follows a game day's end."""
    return store.claim(game_day, FINISH, holder, until=Instant(clock.now() + FINISHING))


async def is_abandoned(store: ports.HistoryStore, game_day: DrillId, clock: ports.Clock) -> bool:
    """Wait until the host of a day that has ended lets it go, or has died; False: it is at it yet."""
    until = clock.now() + CLAIM + 2 * TICK
    while conduct_game_day(store, game_day, clock):
        if clock.now() > until:
            return False  # it has renewed its claim
        await clock.sleep(TICK)
    return True


def occasion(standing: GameDayState) -> Occasion:
    """Tell a drill which game day it belongs to, and who may see into it."""
    plan = standing.plan
    return Occasion(
        game_day=standing.game_day,
        hidden=standing.planned.attended and plan.announcement != "full",
        insiders=plan.insiders,
        facilitators=plan.facilitators,
    )


def over(store: ports.HistoryStore, turn: Turn, drill: DrillId, code: int | None, why: str) -> gf.ItemEnded:
    """Say that a turn's drill is over, by the drill's own history."""
    how, refused = _how(store, drill)
    return gf.ItemEnded(item=turn.item, attempt=turn.attempt, how=how, exit_code=code, why=why or refused)


def _how(store: ports.HistoryStore, drill: DrillId) -> tuple[str, str]:
    """Say how a drill ended by its own history, and what kept it from beginning; `lost` without one."""
    try:
        told = store_reads.read(store, drill)
    except LookupError:
        return standings.LOST, ""
    closed = told.last(ev.DrillClosed)
    return closed.fact.how if closed else "failed", told.refused
