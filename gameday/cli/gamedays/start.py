"""`gameday plan start`: conducts a game day in the facilitator's terminal, on a live screen.

The exit code is the game day's (`conduct.gamedays.host.exit_code`) once it has ended; 2 for mistakes, 5 where
it could not open, 3 when this terminal left. `conduct.gamedays.host` knows how a game day goes; here it gets
its drills, and a terminal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from contextlib import closing as closing_
from dataclasses import dataclass, field, replace
from pathlib import Path

from gameday import ports, wiring
from gameday.announce import messages
from gameday.cli import revert
from gameday.cli.drill import run as running
from gameday.cli.gamedays import check, find, finish
from gameday.cli.shared import guard, import_checks, notify, output, times
from gameday.cli.shared.field_errors import option_names
from gameday.conduct.drill import report
from gameday.conduct.drill.conductor import Conductor
from gameday.conduct.drill.context import DrillContext
from gameday.conduct.drill.options import DrillOptions
from gameday.conduct.gamedays import announcing, opening
from gameday.conduct.gamedays.host import Host
from gameday.conduct.recorder import Recorder
from gameday.core.errors import ExitCode, GamedayError, NotReady, StoreUnavailable
from gameday.core.facts import drill as ev
from gameday.core.facts.gameday import GameDayPlanned
from gameday.core.gamedays import state as states
from gameday.core.gamedays.state import Stage
from gameday.core.plans.gameday import PREFIX, GameDayPlan, Item, Occasion
from gameday.core.values import DrillId, Instant
from gameday.render import live
from gameday.settings import Workspace
from gameday.settings.gameday import GameDayFiles, game_day_files
from gameday.system import clock, processes
from gameday.system.clock import SystemClock
from gameday.system.ids import SystemIds

SIGNALS = (ev.AlertFired, ev.AlertAcknowledged, ev.AlertResolved, ev.SignalRejected)


@dataclass(frozen=True, kw_only=True, slots=True)
class StartOptions:
    """What the user asked for."""

    plan: Path
    anytime: bool = False
    who: str = ""
    yes: bool = False
    json: bool = False
    drill: DrillOptions = field(default_factory=DrillOptions)


def main(options: StartOptions) -> int:
    """Open a game day or resume it, conduct it, and write its report."""
    guard.conducts()
    space = wiring.workspace(options.plan)
    files = game_day_files(space, options.plan)
    who = find.must_facilitate(files.plan, options.who)
    store = wiring.workspace_store(space)
    game_day = opening.to_resume(store.game_days(), files.plan)
    if game_day is not None:
        output.talk(f"{game_day} is open: it resumes where it stopped")
        _revert_abandoned(space, store, files.plan.environment)
    else:
        game_day = _open(space, files, store, options, who)
    plan = states.fold(find.read_history(store, game_day)).plan
    drills = Player(space=space, store=store, options=options, plan=plan)
    with guard.at_stake(lambda: revert.is_exposed(store)):
        stage = _conduct(space, plan, game_day, store, drills)
    guard.conducts()
    if stage is not Stage.ENDED:
        output.talk(f"{game_day} stays open")
        output.hint(f"gameday plan start {options.plan} resumes it, gameday plan end ends it")
        return ExitCode.ABORTED
    code = finish.finish(space, store, game_day, by=who)
    if options.json:
        output.data_json({"game_day": game_day, "exit_code": code})
    return code


def _open(
    space: Workspace, files: GameDayFiles, store: ports.HistoryStore, options: StartOptions, who: str
) -> DrillId:
    """Open a new game day, once its date, its approvals and its prerequisites allow it."""
    plan = files.plan
    for warning in files.warnings:
        output.talk(*warning.lines)
    wanted = replace(check.wanted(space, files, who, anytime=options.anytime), game_days=store.game_days)
    with option_names(**check.OPTIONS):
        opening.must_pass(opening.answers(wanted, opening.STORED))
    if not options.yes:
        _ask(space, plan)
    _revert_abandoned(space, store, plan.environment)
    answers = list(opening.answers(wanted, opening.CHECKED))
    for answer in answers:
        if answer.checked is not None:
            output.talk(f"{'NO' if answer.error else 'ok':4}{answer.text}")
    opening.must_pass(answers)
    ids = SystemIds()
    game_day = DrillId(f"{PREFIX}{ids.drill(plan.gameday)}")
    recorder = Recorder(store=store, clock=SystemClock(), ids=ids, drill=game_day, source="host", by=who)
    planned = GameDayPlanned(
        plan=plan,
        scenarios=dict(files.scenarios),
        attended=files.attended,
        opened=who,
        occurrence=None if options.anytime else wanted.at,
        hashes=dict(files.hashes),
        host=processes.hostname(),
    )
    checked = [answer.checked for answer in answers if answer.checked is not None]
    with closing_(wiring.schedules(space.store_url)) as schedules:
        opening.record(recorder, schedules, planned, wanted.at, checked)
    output.talk(f"{game_day} is open: {plan.title}, on {plan.environment}")
    _announce(space, plan, Instant(wanted.at + files.lasts))
    return game_day


def _revert_abandoned(space: Workspace, store: ports.HistoryStore, environment: str) -> None:
    """Revert what drills left, whosever they are. Raises NotReady where a fault may still be in force."""
    if revert.recover(space, store, environment=environment) == ExitCode.FAULT_IN_FORCE:
        raise NotReady("an earlier drill's fault may still be in force", hint="see the steps above")


def _ask(space: Workspace, plan: GameDayPlan) -> None:
    """Outside loopback, show where the game day will be, and ask for the environment's name, once."""
    environment = space.settings.environment(plan.environment)
    running.confirm(environment.base_url, plan.environment, {})


def _announce(space: Workspace, plan: GameDayPlan, until: Instant) -> None:
    """Notify participants of what is announced, in the channels that the plan names."""
    announced = announcing.opened(plan)
    if announced is None:
        output.talk("nothing is announced to participants")
        return
    message = messages.opened(
        plan.environment, until, plan.when.zone, title=announced.title, text=announced.text
    )
    notify.send(space, announced.channels, message)


def _conduct(
    space: Workspace, plan: GameDayPlan, game_day: DrillId, store: ports.HistoryStore, drills: Player
) -> Stage:
    context = wiring.game_day_context(space, plan, game_day, store, drills)
    began = clock.now()

    async def conduct() -> Stage:
        host = Host(context, on_events=drills.print_game_day)
        guard.on_signals(asyncio.get_running_loop(), running.SIGNALS, lambda _number: host.leave())
        drills.look = context.look
        with drills.open(began):
            state = await host.conduct()
        close = getattr(context.prober, "close", None)
        if close is not None:
            await close()
        return state.stage

    rules = space.settings.environment(plan.environment).rules
    # For the environment's `reset` between two drills; each drill has its own.
    with wiring.verified_clients(wiring.cloud_clients(rules, game_day)):
        stage = asyncio.run(conduct())
    wiring.forget_clients(game_day)
    return stage


@dataclass(kw_only=True, slots=True)
class Player:
    """`ports.GameDayDrills` in this process: each is a drill like any other, on this terminal's screen."""

    space: Workspace
    store: ports.HistoryStore
    options: StartOptions
    plan: GameDayPlan
    look: Callable[[], states.GameDayState] | None = None
    began: Instant = field(default=Instant(0.0))
    _context: DrillContext | None = None
    _conductor: Conductor | None = None
    _drawing: bool = False

    def name(self, item: Item) -> DrillId:  # noqa: ARG002  # the port's
        """Make an id that reveals nothing of the scenario: responders read it."""
        return SystemIds().drill("game-day")

    async def play(self, item: Item, drill: DrillId, occasion: Occasion) -> int:
        """Conduct one drill to its end, and write its reports."""
        context = await asyncio.to_thread(self._prepare, item, drill, occasion)
        self._context, self._conductor = context, Conductor(context, on_events=self.print)
        try:
            await self._conductor.conduct()
        # Without its store a game day can't go on; any other failure ends only this drill.
        except StoreUnavailable:
            raise
        except GamedayError as error:
            output.talk(f"{drill}: {error.message}")
        finally:
            self._context = self._conductor = None
        return await asyncio.to_thread(self._report, drill)

    def _prepare(self, item: Item, drill: DrillId, occasion: Occasion) -> DrillContext:
        options = replace(
            self.options.drill,
            environment=self.plan.environment,
            responder=self.space.root / item.responder if item.responder else None,
            mode=item.mode,
        )
        prepared = wiring.prepare(self.space, self.space.root / item.scenario, options)
        import_checks.must_import(self.space, prepared)
        return wiring.drill_context(
            self.space,
            replace(prepared, planned=replace(prepared.planned, occasion=occasion)),
            self.store,
            named=drill,
        )

    def _report(self, drill: DrillId) -> int:
        judged = report.judge(self.store, drill)
        folder = revert.write_reports(self.space, self.store, drill)
        if not judged.result.reverted:
            revert.print_steps(drill, report.still_exposed(judged), judged.history)
        if folder is not None:
            output.talk(f"postmortem: {folder / 'postmortem.html'}")
        return report.exit_code(judged)

    async def recover(self, drill: DrillId) -> int | None:
        """Revert and close what a conductor that died left."""
        return await asyncio.to_thread(revert.recovered, self.space, self.store, drill)

    def abort(self, reason: str) -> None:
        """Abort the drill in progress."""
        if self._conductor is not None:
            self._conductor.abort("interrupted", reason)

    # --- the screen ---

    def open(self, began: Instant) -> AbstractContextManager[object]:
        """Give the context in which the screen is shown; without a terminal, lines are written instead."""
        from gameday.cli.gamedays import screen  # noqa: PLC0415  # Rich is loaded only to draw

        self.began = began
        drawn = screen.open_(self.view)
        self._drawing = drawn is not None
        return nullcontext() if drawn is None else drawn

    def view(self) -> tuple[states.GameDayState | None, live.LiveView | None]:
        """Give what the screen shows now: the game day, and the drill in progress."""
        state = self.look() if self.look is not None else None
        context = self._context
        history = context.live_facts.history() if context else None
        drill = (
            live.view(history, context.live_milestones.levels, clock.now())
            if context and history and history.events
            else None
        )
        return state, drill

    def print_game_day(self, events: Sequence[ev.Event]) -> None:
        """Print the game day's own facts; alerts are in the drill's lines already."""
        self.print([event for event in events if not isinstance(event.fact, SIGNALS)])

    def print(self, events: Sequence[ev.Event]) -> None:
        """Print a line for each new fact that people care about, unless the screen shows it."""
        if self._drawing:
            return
        for event in events:
            sentence = live.sentence(event)
            if sentence:
                output.talk(f"{times.since(event.recorded_at, self.began):>12}  {sentence}")
