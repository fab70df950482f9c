"""Former home of the scheduler's fakes, for tests that import them from here.

Each fake is at the path of its port now: `ports/scheduler/starter.py` and `testing/scheduler/starter.py`.
"""

from gameday.testing.announcer import FakeAnnouncer
from gameday.testing.scheduler.calendars import FakeCalendars
from gameday.testing.scheduler.incidents import FakeIncidents
from gameday.testing.scheduler.notices import FakeNotices
from gameday.testing.scheduler.schedule_store import OPEN_STATES as STANDING
from gameday.testing.scheduler.schedule_store import MemoryScheduleStore
from gameday.testing.scheduler.started_drill import FakeStartedDrill as FakeDrill
from gameday.testing.scheduler.starter import FakeStarter

__all__ = [
    "STANDING",
    "FakeAnnouncer",
    "FakeCalendars",
    "FakeDrill",
    "FakeIncidents",
    "FakeNotices",
    "FakeStarter",
    "MemoryScheduleStore",
]
