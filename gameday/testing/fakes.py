"""Every port with its fake. The annotations let mypy check that a fake keeps its port's signatures."""

from __future__ import annotations

from gameday import ports
from gameday.testing.announcer import FakeAnnouncer
from gameday.testing.clock import VirtualClock
from gameday.testing.drill.fault_keeper import FakeFaultKeeper
from gameday.testing.drill.identities import FakeIdentities
from gameday.testing.drill.load_driver import FakeLoadDriver
from gameday.testing.drill.meter import FakeMeter
from gameday.testing.drill.prober import FakeProber
from gameday.testing.drill.rollback_player import FakeRollbackPlayer
from gameday.testing.drill.runner import FakeRunner
from gameday.testing.drill.signals import FakeSignals
from gameday.testing.drill.target import FakeTarget
from gameday.testing.drill.target_lease import FakeTargetLease
from gameday.testing.drill.targets import FakeTargets
from gameday.testing.drill.trail import FakeTrail
from gameday.testing.drill.wakeup import FakeWakeup
from gameday.testing.game_day_drills import FakeGameDayDrills
from gameday.testing.history_store import MemoryHistoryStore
from gameday.testing.ids import FakeIds
from gameday.testing.scheduler.calendars import FakeCalendars
from gameday.testing.scheduler.incidents import FakeIncidents
from gameday.testing.scheduler.notices import FakeNotices
from gameday.testing.scheduler.schedule_store import MemoryScheduleStore
from gameday.testing.scheduler.started_drill import FakeStartedDrill
from gameday.testing.scheduler.starter import FakeStarter


class Fakes:
    """The fake of each port."""

    clock: type[ports.Clock] = VirtualClock
    ids: type[ports.Ids] = FakeIds
    history_store: type[ports.HistoryStore] = MemoryHistoryStore
    announcer: type[ports.Announcer] = FakeAnnouncer
    game_day_drills: type[ports.GameDayDrills] = FakeGameDayDrills
    fault_keeper: type[ports.FaultKeeper] = FakeFaultKeeper
    rollback_player: type[ports.RollbackPlayer] = FakeRollbackPlayer
    load_driver: type[ports.LoadDriver] = FakeLoadDriver
    signals: type[ports.Signals] = FakeSignals
    prober: type[ports.Prober] = FakeProber
    meter: type[ports.Meter] = FakeMeter
    targets: type[ports.Targets] = FakeTargets
    target_lease: type[ports.TargetLease] = FakeTargetLease
    target: type[ports.Target] = FakeTarget
    runner: type[ports.Runner] = FakeRunner
    trail: type[ports.Trail] = FakeTrail
    identities: type[ports.Identities] = FakeIdentities
    wakeup: type[ports.Wakeup] = FakeWakeup
    schedule_store: type[ports.ScheduleStore] = MemoryScheduleStore
    starter: type[ports.Starter] = FakeStarter
    started_drill: type[ports.StartedDrill] = FakeStartedDrill
    incidents: type[ports.Incidents] = FakeIncidents
    calendars: type[ports.Calendars] = FakeCalendars
    notices: type[ports.Notices] = FakeNotices
