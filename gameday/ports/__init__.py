"""What `conduct` needs from the outside world: one Protocol a file. `gameday.testing` has a fake for each."""

from gameday.core.facts.drill_row import DrillRow
from gameday.ports.announcer import Announcer, Message
from gameday.ports.clock import Clock
from gameday.ports.drill.fault_keeper import FaultKeeper
from gameday.ports.drill.identities import Identities
from gameday.ports.drill.load_driver import LoadDriver
from gameday.ports.drill.meter import Meter, MeterContext, Reading
from gameday.ports.drill.prober import Prober
from gameday.ports.drill.rollback_player import RecordFact, RollbackOutcome, RollbackPlayer
from gameday.ports.drill.runner import CommandOutcome, Runner
from gameday.ports.drill.signals import Signals
from gameday.ports.drill.target import Target
from gameday.ports.drill.target_lease import TargetLease
from gameday.ports.drill.targets import ActionTarget, Targets
from gameday.ports.drill.trail import Trail
from gameday.ports.drill.wakeup import Wakeup
from gameday.ports.game_day_drills import GameDayDrills
from gameday.ports.history_store import HistoryStore, Lease, Stored
from gameday.ports.ids import Ids
from gameday.ports.scheduler.calendars import Calendars
from gameday.ports.scheduler.incidents import Incidents
from gameday.ports.scheduler.notices import Notice, Notices
from gameday.ports.scheduler.schedule_store import Claim, ScheduleRow, ScheduleStore
from gameday.ports.scheduler.started_drill import StartedDrill
from gameday.ports.scheduler.starter import Starter

__all__ = [
    "ActionTarget",
    "Announcer",
    "Calendars",
    "Claim",
    "Clock",
    "CommandOutcome",
    "DrillRow",
    "FaultKeeper",
    "GameDayDrills",
    "HistoryStore",
    "Identities",
    "Ids",
    "Incidents",
    "Lease",
    "LoadDriver",
    "Message",
    "Meter",
    "MeterContext",
    "Notice",
    "Notices",
    "Prober",
    "Reading",
    "RecordFact",
    "RollbackOutcome",
    "RollbackPlayer",
    "Runner",
    "ScheduleRow",
    "ScheduleStore",
    "Signals",
    "StartedDrill",
    "Starter",
    "Stored",
    "Target",
    "TargetLease",
    "Targets",
    "Trail",
    "Wakeup",
]
