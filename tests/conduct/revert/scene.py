"""A store with one drill, whose faults are reverted on the virtual clock."""

from gameday.conduct import store_reads
from gameday.conduct.revert import revert
from gameday.core import exposure
from gameday.core.facts import drill as ev
from gameday.ports import RollbackOutcome
from gameday.system.processes import Identity
from gameday.testing.clock import VirtualClock
from gameday.testing.drill.rollback_player import FakeRollbackPlayer
from gameday.testing.history_store import MemoryHistoryStore
from tests.conduct.machine import FakeMachine

FAILED = RollbackOutcome(undone=False, error="no", steps=("by hand",))
DONE = RollbackOutcome(undone=True, how="rolled-back")


class Scene:
    """A store with one drill whose fault is requested and injected."""

    def __init__(self, *answers, seconds=0.5, faults=("f1",)):
        self.clock = VirtualClock()
        self.store = MemoryHistoryStore(self.clock)
        self.rollback_player = FakeRollbackPlayer(
            clock=self.clock, outcomes=list(answers or (DONE,)), seconds=seconds
        )
        self.count = 0
        self.took = 0.0
        for fault in faults:
            self.write(ev.FaultRequested(fault=fault, experiment="{}", path="x.json", cwd="/"))
            self.write(ev.FaultInjected(fault=fault, action="a"))

    def write(self, fact):
        self.count += 1
        now = self.clock.now()
        self.store.append(ev.Event(id=f"e{self.count}", drill="d", recorded_at=now, source="t", fact=fact))

    def process(self, role, pid, host="here"):
        self.write(ev.ProcessStarted(role=role, pid=pid, started_ticks=pid, boot="b", host=host))
        return Identity(pid=pid, started_ticks=pid, boot="b")

    def settle(self, machine=None, **more):
        async def main():
            begin = self.clock.now()
            settled = await self.settling(machine, **more)
            self.took = self.clock.now() - begin  # before the loop ends: its end may take time of its own
            return settled

        return self.clock.run(main())

    def settling(self, machine=None, **more):
        machine = machine or FakeMachine()
        return revert.settle(
            self.store, "d", rollback_player=self.rollback_player, clock=self.clock, machine=machine, **more
        )

    def facts(self, kind):
        return [s.event.fact for s in self.store.read("d") if isinstance(s.event.fact, kind)]

    def exposed(self):
        return exposure.open_faults(store_reads.read(self.store, "d"))
