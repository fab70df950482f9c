"""A game day that people begin is in the schedules, so that no daemon begins it as well."""

from dataclasses import replace

import pytest

from gameday.conduct.gamedays import occurrence
from gameday.core.errors import Busy
from gameday.core.plans import schedule as schedules
from gameday.core.plans.schedule import Kind, Record, Recurrence, Schedule, ScheduleId, State
from gameday.core.values import DrillId, instant
from gameday.ports import ScheduleRow
from gameday.testing.schedules import MemoryScheduleStore

T = instant(1_800_003_600.0)  # 2027-01-15T09:00:00Z
DAY = DrillId("gameday-1")
WEEKLY = Recurrence(kind=Kind.RRULE, text="FREQ=WEEKLY", zone="UTC", start="2027-01-15T09:00:00")
PLANNED = Schedule(
    schedule=ScheduleId("day"), scenario="scenarios/day.gameday.yaml", environment="shop", recurrence=WEEKLY,
    seed="s", game_day=True, attended=True,
)  # fmt: skip


@pytest.fixture
def store():
    made = MemoryScheduleStore()
    made.add(ScheduleRow(schedule=PLANNED, position=schedules.position(PLANNED, T)))
    return made


def begin(store, at=T, now=T, path=PLANNED.scenario):
    occurrence.begin(store, path, at, DAY, holder="desk", now=instant(now))


def test_it_is_recorded_from_its_beginning_to_its_end_and_the_schedule_moves_on(store):
    begin(store, now=T - 600)
    record = store.record(PLANNED.schedule, T)
    assert (record.state, record.started, record.drill) == (State.STARTED, T - 600, DAY)
    assert store.row(PLANNED.schedule).position.occurrence == T + 7 * 86_400
    occurrence.end(store, DAY, 0, instant(T + 3600))
    record = store.record(PLANNED.schedule, T)
    assert (record.state, record.exit_code, record.ended) == (State.ENDED, 0, T + 3600)


def test_one_that_was_missed_and_is_held_all_the_same_counts_as_held(store):
    missed = Record(
        schedule=PLANNED.schedule, occurrence=T, moment=T, environment="shop", state=State.MISSED, decided=T
    )
    following = schedules.position(PLANNED, instant(T + 7 * 86_400))
    store.settle([missed], store.row(PLANNED.schedule), following)
    begin(store, now=T + 7200)
    assert store.record(PLANNED.schedule, T).state is State.STARTED
    assert store.row(PLANNED.schedule).position == following


def test_one_that_a_daemon_started_stays_the_daemons(store):
    begun = Record(
        schedule=PLANNED.schedule, occurrence=T, moment=T, environment="shop", state=State.STARTED, decided=T,
        holder="daemon", until=instant(T + 60), started=T,
    )  # fmt: skip
    store.claim(begun, store.row(PLANNED.schedule), schedules.position(PLANNED, None))
    begin(store)
    occurrence.end(store, DAY, 0, T)
    assert store.record(PLANNED.schedule, T) == begun


def test_another_day_another_plan_and_one_outside_the_calendar_leave_it_alone(store):
    begin(store, at=instant(T + 7 * 86_400))
    begin(store, path="scenarios/other.gameday.yaml")
    assert store.records() == []
    assert store.row(PLANNED.schedule).position.occurrence == T


def test_it_does_not_begin_beside_a_scheduled_drill(store):
    other = replace(PLANNED, schedule=ScheduleId("drill"), scenario="scenarios/slow.yaml", game_day=False)
    store.add(ScheduleRow(schedule=other, position=schedules.position(other, T)))
    under_way = Record(
        schedule=other.schedule, occurrence=T, moment=T, environment="shop", state=State.CLAIMED, decided=T,
        holder="daemon", until=instant(T + 60),
    )  # fmt: skip
    store.claim(under_way, store.row(other.schedule), schedules.position(other, None))
    with pytest.raises(Busy, match="about to start"):
        begin(store)
    assert store.record(PLANNED.schedule, T) is None
