import json

from gameday.core.plans.schedule import DEFAULT_GRACE, Kind, Recurrence, Schedule, ScheduleId
from gameday.formats.stored import schedules

WEEKLY = Schedule(
    schedule=ScheduleId("s1"),
    scenario="scenarios/slow.yaml",
    environment="shop",
    recurrence=Recurrence(kind=Kind.CRON, text="0 10 * * TUE", zone="UTC", start="2026-01-01T00:00:00"),
    seed="1",
    channels=("chat",),
    notice=3600.0,
)


def test_a_schedule_is_one_line_and_is_read_back() -> None:
    text = schedules.encode(WEEKLY)
    assert "\n" not in text
    assert schedules.decode(text) == WEEKLY


def test_what_an_older_version_did_not_write_has_its_default() -> None:
    stored = json.loads(schedules.encode(WEEKLY))
    del stored["channels"], stored["grace"]
    read = schedules.decode(json.dumps(stored | {"notice": 3600}))
    assert (read.channels, read.notice, read.grace) == ((), 3600.0, DEFAULT_GRACE)
