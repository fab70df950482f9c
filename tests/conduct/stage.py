"""A stage for the conductor: a desk of fakes on a virtual clock, and a prompter who acts at set times."""

import asyncio
from dataclasses import replace

from gameday.conduct.drill.conductor import Conductor
from gameday.conduct.drill.context import DrillContext
from gameday.conduct.drill.live_facts import LiveFacts
from gameday.conduct.drill.live_milestones import LiveMilestones
from gameday.conduct.recorder import Recorder
from gameday.core.facts import drill as ev
from gameday.core.plans.scenario import Criterion, Load, Phases, Scenario, ScorecardRules, Slo
from gameday.core.values import DrillId, FaultId, Mode, Party, Severity
from gameday.testing.clock import VirtualClock
from gameday.testing.drill.fault_keeper import FakeFaultKeeper
from gameday.testing.drill.load_driver import FakeLoadDriver
from gameday.testing.drill.prober import FakeProber
from gameday.testing.drill.rollback_player import FakeRollbackPlayer
from gameday.testing.drill.runner import FakeRunner
from gameday.testing.drill.signals import FakeSignals
from gameday.testing.drill.target import FakeTarget
from gameday.testing.drill.trail import FakeTrail
from gameday.testing.fact_writer import FactWriter, read_history
from gameday.testing.history_store import MemoryHistoryStore
from gameday.testing.ids import FakeIds
from gameday.testing.world import World
from tests.conduct.machine import FakeMachine

DRILL = DrillId("20270115-080000-test-0000")
FAULT = FaultId("main")

SCENARIO = Scenario(
    scenario="test",
    title="Test",
    environment="stage",
    severity=(Severity.P2,),
    experiment="experiments/test.json",
    load=Load(locustfile="load.py", users=10),
    slos=(Slo(slo="all", objective=0.99, window=2.0, min_requests=10),),
    phases=Phases(baseline=5.0, onset=20.0, response=120.0, verify=5.0),
)

RULES = ScorecardRules(
    scorecard="test",
    version=1,
    criteria=(
        Criterion(criterion="detect", phase="detect", weight=1, measure="detect", target="1x", limit="3x"),
    ),
)


class Stage:
    """One drill of fakes. Change the fakes before `play`; `at` schedules what people do.

    more  other fields of the desk
    """

    def __init__(self, scenario=SCENARIO, script=None, **more):
        self.clock = VirtualClock()
        self.began = self.clock.now()
        self.world = World()
        self.store = MemoryHistoryStore(self.clock)
        self.ids = FakeIds()
        self.people = FactWriter(store=self.store, clock=self.clock, ids=self.ids, drill=DRILL)
        keeper_writer = replace(self.people, source="keeper")
        self.keeper = FakeFaultKeeper(world=self.world, write=keeper_writer.write)
        self.users = FakeLoadDriver(world=self.world, clock=self.clock)
        self.probes = FakeProber()
        self.place = FakeTarget()
        self.rollback_player = FakeRollbackPlayer(clock=self.clock, world=self.world)
        self.machine = FakeMachine()
        self.machine.host = "stage"
        self.trail = FakeTrail(clock=self.clock)
        self.heard = []
        self.live_facts = LiveFacts(self.store, DRILL)
        context = DrillContext(
            drill=DRILL,
            planned=ev.DrillPlanned(
                scenario=scenario, scorecard=RULES, mode=Mode.EVALUATE, environment="stage", comparable="c"
            ),
            script=script,
            experiment=scenario.experiment,
            fault_request=ev.FaultRequested(fault=FAULT, experiment="{}", path="e.json", cwd="/")
            if scenario.experiment
            else None,
            holder="stage",
            conductor=ev.ProcessStarted(role="conductor", pid=1, started_ticks=0, boot="b", host="stage"),
            store=self.store,
            clock=self.clock,
            recorder=Recorder(store=self.store, clock=self.clock, ids=self.ids, drill=DRILL),
            live_facts=self.live_facts,
            live_milestones=LiveMilestones(scenario=scenario, live_facts=self.live_facts),
            keeper=self.keeper,
            rollback_player=self.rollback_player,
            prober=self.probes,
            load=self.users if scenario.load else None,
            signals=FakeSignals(),
            trail=self.trail,
            target=self.place,
            runner=FakeRunner(world=self.world),
            machine=self.machine,
            **{"base_url": "http://127.0.0.1:1", **more},
        )
        self.use(context)
        self._cues = []

    def use(self, context):
        """Conduct by another desk."""
        self.context = context
        self.conductor = Conductor(context, on_events=self.heard.extend)

    def at(self, seconds, act):
        """Call `act(stage)` so many seconds after the start."""
        self._cues.append((seconds, act))
        return self

    def say(self, seconds, *facts):
        """Have people say facts so many seconds after the start."""
        return self.at(seconds, lambda stage: [stage.people.write(fact) for fact in facts])

    def play(self):
        """Conduct the drill, and give its history. What `conduct` raises is kept in `self.error`."""
        self.error = None
        self.clock.run(self.perform())
        return read_history(self.store, DRILL)

    async def perform(self):
        cues = [asyncio.ensure_future(self._cue(seconds, act)) for seconds, act in self._cues]
        try:
            await self.conductor.conduct()
        except Exception as error:  # noqa: BLE001  # whatever it is, the test looks at it
            self.error = error
        for cue in cues:
            cue.cancel()
        await asyncio.gather(*cues, return_exceptions=True)

    async def _cue(self, seconds, act):
        await self.clock.sleep(seconds)
        act(self)

    def seconds(self, history, kind):
        """Give the seconds from the start at which a fact of a kind first occurred."""
        return round(history.first(kind).at - self.began, 2)


AUTOMATION = replace(SCENARIO, responders=Party.AUTOMATION)
MENDED = 30.0


def mend(stage):
    stage.world.mended = True


def how(history):
    return history.last(ev.DrillClosed).fact.how
