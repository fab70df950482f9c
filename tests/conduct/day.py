"""A game day of fakes on a virtual clock: drills that take their time, an environment that settles or not."""

import asyncio
import itertools
from dataclasses import replace

from gameday.conduct.gamedays.context import GameDayContext
from gameday.conduct.gamedays.host import Host
from gameday.conduct.recorder import Recorder
from gameday.core.facts import drill as ev
from gameday.core.facts import gameday as gf
from gameday.core.facts import history
from gameday.core.gamedays import state
from gameday.core.plans.gameday import GameDayPlan, Item, Participant
from gameday.core.plans.scenario import Expectation, Scenario, ScorecardRules
from gameday.core.plans.schedule import Kind, Recurrence
from gameday.core.values import DrillId, EventId, Mode
from gameday.ports import CommandOutcome
from gameday.testing import rehearsal
from gameday.testing.clock import VirtualClock
from gameday.testing.store import MemoryStore

DAY = DrillId("gameday-1")
SCENARIOS = {
    f"scenarios/{name}.yaml": Scenario(
        scenario=name,
        title=f"{name} breaks",
        environment="stage",
        experiment=f"experiments/{name}.json",
        expect=(Expectation(alert=f"{name}Down"),),
    )
    for name in ("one", "two")
}
PEOPLE = (
    Participant(name="ada", roles=("facilitator",)),
    Participant(name="rita", roles=("incident commander",)),
)
PLAN = GameDayPlan(
    gameday="day",
    title="A day",
    environment="stage",
    when=Recurrence(kind=Kind.RRULE, text="FREQ=DAILY;COUNT=1", zone="UTC", start="2027-01-15T08:00:00"),
    once=True,
    agenda=(
        Item(scenario="scenarios/one.yaml"),
        Item(title="Break", lasts=600.0),
        Item(scenario="scenarios/two.yaml"),
    ),
    participants=PEOPLE,
    settle_within=120.0,
)
END = gf.GameDayEnded(why="facilitator")


class Ids:
    def __init__(self, prefix="e"):
        self._prefix, self._numbers = prefix, itertools.count()

    def drill(self, scenario):
        return DrillId(f"drill-{scenario}")

    def event(self):
        return EventId(f"{self._prefix}{next(self._numbers):06d}")


class Drills:
    """Plays drills that last a minute; an alert fires in each, and resolves where `resolves` says so."""

    def __init__(self, day):
        self.day = day
        self.played = []
        self.recovered = []
        self.resolves = True
        self.lasts = 60.0
        self.ends_by_itself = False
        self.error = None
        self._aborted = False

    def name(self, item):
        return DrillId(f"drill-{len(self.played) + 1}-{self.day.hosts}")

    def abort(self, reason):
        self._aborted = True

    async def play(self, item, drill, occasion):
        self.played.append((drill, item.scenario, occasion))
        if self.error is not None:
            raise self.error
        self.began(item, drill)
        end = self.day.clock.now() + self.lasts
        while self.day.clock.now() < end and not self._aborted and not self._ended(drill):
            await self.day.clock.sleep(0.5)
        if self.resolves:
            self.write(drill, ev.AlertResolved(key=drill, alert=_alert(item)))
        how = "aborted" if self._aborted else "completed"
        self.write(drill, ev.DrillClosed(how=how, reverted=True))
        return 3 if self._aborted else 0

    def began(self, item, drill):
        scenario = SCENARIOS[item.scenario]
        rules = ScorecardRules(scorecard="s", version=1, criteria=())
        self.write(
            drill,
            ev.DrillPlanned(
                scenario=scenario, scorecard=rules, mode=Mode.EVALUATE, environment="stage", comparable="c"
            ),
        )
        self.write(drill, ev.AlertFired(key=drill, alert=_alert(item)))

    def _ended(self, drill):
        if self.ends_by_itself:
            return False
        return any(isinstance(row.event.fact, ev.EndRequested) for row in self.day.store.read(drill))

    async def recover(self, drill):
        self.recovered.append(drill)
        try:
            self.day.store.read(drill)
        except LookupError:
            return None
        self.write(drill, ev.AlertResolved(key=drill, alert="oneDown"))
        self.write(drill, ev.DrillClosed(how="aborted", reverted=True))
        return 3

    def write(self, drill, fact):
        self.day.recorder.for_drill(drill).record(fact)


def _alert(item):
    return f"{SCENARIOS[item.scenario].scenario}Down"


class Resetter:
    def __init__(self):
        self.ran = []
        self.exit_code = 0

    async def run(self, argv, *, timeout, actor):  # noqa: ASYNC109  # the port's
        self.ran.append(tuple(argv))
        return CommandOutcome(exit_code=self.exit_code, output="it said so")


class Day:
    """One game day. Change the fakes before `play`; `say` has somebody write facts at set seconds."""

    def __init__(self, plan=PLAN, *, attended=True, **more):
        self.clock = VirtualClock()
        self.began = self.clock.now()
        self.store = MemoryStore(self.clock)
        self.ids = Ids()
        self.recorder = Recorder(store=self.store, clock=self.clock, ids=self.ids, drill=DAY)
        self.hosts = 0
        self.drills = Drills(self)
        self.signals = rehearsal.Receiver()
        self.probes = rehearsal.Probes()
        self.resetter = Resetter()
        self.more = {"reset": ("reset",), **more}
        self._cues = []
        self.heard = []
        self.recorder.record(gf.GameDayPlanned(plan=plan, scenarios=SCENARIOS, attended=attended))

    def host(self):
        self.hosts += 1
        context = GameDayContext(
            game_day=DAY,
            holder=f"host-{self.hosts}",
            store=self.store,
            clock=self.clock,
            recorder=self.recorder,
            drills=self.drills,
            signals=self.signals,
            incidents=self.more.get("incidents"),
            prober=self.probes,
            runner=self.resetter,
            reset=self.more["reset"],
        )
        return Host(context, on_events=self.heard.extend)

    def at(self, seconds, act):
        self._cues.append((seconds, act))
        return self

    def say(self, seconds, *facts):
        return self.at(seconds, lambda day: [day.recorder.record(fact) for fact in facts])

    def play(self, until=None):
        """Host the day to its end, or kill its host after `until` seconds; give how it stands."""
        self.error = None
        self.clock.run(self._perform(until))
        return self.standing()

    async def _perform(self, until):
        now = self.clock.now() - self.began
        open_, self._cues = self._cues, []
        cues = [asyncio.ensure_future(self._due(at, act, now)) for at, act in open_]
        self.current = self.host()
        hosting = asyncio.ensure_future(self.current.conduct())
        if until is not None:
            killer = asyncio.ensure_future(self._cue(until - now, lambda _: hosting.cancel()))
            cues.append(killer)
        try:
            await hosting
        except asyncio.CancelledError:
            pass
        except Exception as error:  # noqa: BLE001  # the test looks at it
            self.error = error
        for cue in cues:
            cue.cancel()
        await asyncio.gather(*cues, return_exceptions=True)

    async def _due(self, at, act, now):
        """Act at a second of the day; what a killed host leaves unsaid is said to the next."""
        try:
            await self._cue(at - now, act)
        except asyncio.CancelledError:
            self._cues.append((at, act))
            raise

    async def _cue(self, seconds, act):
        await self.clock.sleep(max(0.0, seconds))
        act(self)

    def history(self):
        return history.from_events(row.event for row in self.store.read(DAY))

    def standing(self):
        return state.fold(self.history())

    def facts(self, kind):
        return [one.fact for one in self.history().each(kind)]


def go(item, attempt=1):
    return gf.GoGiven(item=item, attempt=attempt)


def unattended(**changes):
    return replace(PLAN, participants=(), **changes)
