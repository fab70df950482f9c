"""Who may approve an occurrence, until when, and how often each person counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gameday.conduct.scheduler import approvals
from gameday.core.errors import UsageError
from gameday.core.plans import schedule as schedules
from gameday.core.plans.schedule import Kind, Recurrence, Schedule, ScheduleId
from gameday.core.values import format_instant, instant
from gameday.ports import ScheduleRow
from gameday.testing.scheduler.schedule_store import MemoryScheduleStore

T = instant(1_800_003_600.0)  # 2027-01-15T09:00:00Z
SCHEDULE = Schedule(
    schedule=ScheduleId("slow"), scenario="scenarios/slow.yaml", environment="stage", seed="s",
    recurrence=Recurrence(kind=Kind.RRULE, text="FREQ=DAILY", zone="UTC", start="2027-01-15T09:00:00"),
    approvals=2, approve_before=3600.0, by="ada",
)  # fmt: skip
IN_TIME = instant(T - 3600)


class Approving:
    def __init__(self, **changes):
        schedule = replace(SCHEDULE, **changes)
        self.row = ScheduleRow(schedule=schedule, position=schedules.position(schedule, T))
        self.store = MemoryScheduleStore()
        self.store.add(self.row)

    def by(self, name, occurrence="", now=IN_TIME):
        return approvals.approve(self.store, self.row, occurrence, by=name, now=now)


def test_other_people_approve_each_counted_once():
    approving = Approving()
    status = approving.by("bob")
    assert (status.occurrence, status.given, status.needed, status.limit) == (T, 1, 2, IN_TIME)
    assert [status.repeated, approving.by("BOB ").repeated] == [False, True]
    assert [approving.by(name).given for name in ("cleo", "dan")] == [2, 3]


@pytest.mark.parametrize("name", ["ada", " ADA"])
def test_whoever_added_a_schedule_does_not_approve_it(name):
    with pytest.raises(UsageError, match="added slow: other people approve it") as refused:
        Approving().by(name)
    assert refused.value.hint == "`by` says who you are"


def test_after_the_deadline_nobody_approves():
    with pytest.raises(UsageError) as refused:
        Approving().by("bob", now=instant(IN_TIME + 1))
    assert (
        refused.value.message == "too late: 2027-01-15T09:00:00Z had to be approved by 2027-01-15T08:00:00Z"
    )


def test_another_occurrence_is_approved_by_its_instant():
    following = instant(T + 86_400)
    assert Approving().by("bob", format_instant(following)).occurrence == following


@pytest.mark.parametrize(
    ("occurrence", "message"),
    [("2027-01-15T09:30:00Z", "is not an occurrence of slow"), ("tomorrow", "tomorrow")],
)
def test_only_an_occurrence_is_approved(occurrence, message):
    with pytest.raises(UsageError, match=message):
        Approving().by("bob", occurrence)


def test_what_requires_no_approval_and_what_is_over_take_none():
    with pytest.raises(UsageError, match="slow requires no approval"):
        Approving(approvals=0).by("bob")
    over = Approving()
    over.row = replace(over.row, position=schedules.position(SCHEDULE, None))
    with pytest.raises(UsageError, match="no occurrence of slow is left"):
        over.by("bob")
