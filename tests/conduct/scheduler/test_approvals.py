"""Who may approve an occurrence, and until when; one person counts once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.conduct.scheduler import approvals
from gameday.core.errors import UsageError
from gameday.core.plans import schedule as schedules
from gameday.core.plans.schedule import Schedule, ScheduleId, SchedulePosition
from gameday.core.values import instant
from gameday.ports import ScheduleRow
from gameday.testing.scheduler.schedule_store import MemoryScheduleStore
from tests.conduct.scheduler.house import HOUR, HOURLY, T

BEFORE = instant(T - 1800)


def stored(occurrence=T, **changes):
    values = {"approvals": 2, "approve_before": 600.0, "by": "Ada", **changes}
    schedule = Schedule(
        schedule=ScheduleId("a"), scenario="s.yaml", environment="shop", recurrence=HOURLY, seed="s", **values
    )
    row = ScheduleRow(schedule=schedule, position=SchedulePosition(occurrence=occurrence))
    store = MemoryScheduleStore()
    store.add(row)
    return store, row


def test_without_a_time_the_next_occurrence_is_approved_and_the_rest_is_named():
    status = approvals.approve(*stored(), "", by="bo", now=BEFORE)
    assert status == approvals.ApprovalStatus(occurrence=T, given=1, needed=2, limit=T - 600, repeated=False)


def test_a_later_occurrence_is_approved_by_its_own_time():
    store, row = stored()
    assert (
        approvals.approve(store, row, "2027-01-15T11:00:00Z", by="bo", now=BEFORE).occurrence == T + 2 * HOUR
    )
    assert store.approvals(row.schedule.schedule, T) == []


@pytest.mark.parametrize(
    ("changes", "occurrence", "by", "late", "message"),
    [
        ({}, "", "bo", 1201, "too late: 2027-01-15T09:00:00Z had to be approved by 2027-01-15T08:50:00Z"),
        ({"approvals": 0, "approve_before": 0.0}, "", "bo", 0, "a requires no approval"),
        ({}, "", " ada", 0, "added a: other people approve it"),
        ({"occurrence": None}, "", "bo", 0, "no occurrence of a is left"),
        ({}, "2027-01-15T09:30:00Z", "bo", 0, "2027-01-15T09:30:00Z is not an occurrence of a"),
        ({}, "tomorrow", "bo", 0, "tomorrow"),
    ],
    ids=["late", "needless", "own", "over", "in between", "no time"],
)
def test_what_can_not_be_approved_is_refused_and_not_recorded(changes, occurrence, by, late, message):
    store, row = stored(**changes)
    with pytest.raises(UsageError) as error:
        approvals.approve(store, row, occurrence, by=by, now=instant(BEFORE + late))
    assert message in error.value.message
    assert store.approvals(row.schedule.schedule, T) == []


def test_at_the_deadline_itself_it_is_not_too_late():
    assert approvals.approve(*stored(), "", by="bo", now=instant(T - 600)).given == 1


@given(st.lists(st.sampled_from(["bo", "Bo", " BO ", "cy", "di"]), max_size=10))
def test_however_often_and_under_whatever_spelling_a_person_counts_once(names):
    store, row = stored()
    people = set()
    for name in names:
        status = approvals.approve(store, row, "", by=name, now=BEFORE)
        person = schedules.known_as(name)
        assert status.repeated is (person in people)
        people.add(person)
        assert status.given == len(people)


def test_whoever_added_it_is_asked_who_they_are():
    with pytest.raises(UsageError) as error:
        approvals.approve(*stored(), "", by="ada", now=BEFORE)
    assert error.value.hint == "name yourself with `by`"
