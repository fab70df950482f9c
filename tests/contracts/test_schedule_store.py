"""What every ScheduleStore promises, asked of each of them."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from gameday.core.plans.schedule import (
    Approval,
    Kind,
    Record,
    Recurrence,
    Schedule,
    ScheduleId,
    SchedulePosition,
    State,
)
from gameday.core.values import instant
from gameday.ports import Claim, ScheduleRow, ScheduleStore
from gameday.storage import open_executor
from gameday.storage.schedules import SqlScheduleStore
from gameday.storage.sqlite import SqliteDatabase
from gameday.testing.scheduler.schedule_store import MemoryScheduleStore

T = instant(1_800_000_000)
TUESDAYS = Recurrence(kind=Kind.RRULE, text="FREQ=WEEKLY", zone="Europe/Berlin", start="2026-03-03T10:00:00")
HERE = SchedulePosition(occurrence=T, wake=T)
NEXT = SchedulePosition(occurrence=instant(T + 100), wake=instant(T + 100))


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store(request, tmp_path):
    made: ScheduleStore
    if request.param == "memory":
        made = MemoryScheduleStore()
    elif request.param == "sqlite":
        made = SqlScheduleStore(SqliteDatabase(tmp_path / "s.db"))
    else:
        made = SqlScheduleStore(open_executor(request.getfixturevalue("server").url()))
    yield made
    made.close()


def schedule(name: str = "a", **values) -> Schedule:
    base = {"scenario": "scenarios/slow.yaml", "environment": "shop", "recurrence": TUESDAYS, "seed": "s"}
    return Schedule(schedule=ScheduleId(name), **{**base, **values})


def row(name: str = "a", position: SchedulePosition = HERE, **values) -> ScheduleRow:
    return ScheduleRow(schedule=schedule(name, **values), position=position)


def claimed(name: str = "a", at: float = T, **values) -> Record:
    return Record(
        **{
            "schedule": ScheduleId(name),
            "occurrence": instant(at),
            "moment": instant(at),
            "environment": "shop",
            "state": State.CLAIMED,
            "decided": T,
            "holder": "one",
            "until": instant(T + 20),
            **values,
        }
    )


def missed(at: float = T, name: str = "a") -> Record:
    return claimed(name, at, state=State.MISSED, reason="late", holder="", until=instant(0))


def test_a_schedule_comes_back_as_it_was(store):
    full = row(
        hours=("Mon-Fri 09:00-17:00",),
        freezes=("freeze.ics",),
        window=60.5,
        participants=("ada",),
        approvals=2,
        by="ada",
    )
    assert store.add(full)
    assert store.row(ScheduleId("a")) == full
    assert store.rows() == [full]


def test_an_id_is_taken_once_and_free_again_after_removal(store):
    assert store.add(row())
    assert not store.add(row(position=NEXT))
    assert store.row(ScheduleId("a")).position == HERE
    assert store.remove(ScheduleId("a"))
    assert not store.remove(ScheduleId("a"))
    assert store.add(row(position=NEXT))


def test_an_unknown_schedule_is_a_lookup_error(store):
    with pytest.raises(LookupError):
        store.row(ScheduleId("a"))
    assert not store.pause(ScheduleId("a"), paused=True)


def test_pausing_keeps_its_position(store):
    store.add(row())
    assert store.pause(ScheduleId("a"), paused=True)
    assert store.row(ScheduleId("a")) == replace(row(), paused=True)


def test_schedules_that_need_a_look_come_earliest_first(store):
    store.add(row("b", NEXT))
    store.add(row("a", HERE))
    store.add(row("never", SchedulePosition()))
    store.add(row("later", SchedulePosition(occurrence=T, wake=instant(T + 101))))
    assert [found.schedule.schedule for found in store.waking(instant(T + 100))] == ["a", "b"]
    assert [found.schedule.schedule for found in store.waking(instant(T + 100), most=1)] == ["a"]
    assert store.next_wake() == T


def test_without_schedules_nothing_wakes(store):
    assert store.next_wake() is None
    assert store.waking(instant(T * 2)) == []


def test_a_schedule_is_moved_on_once_for_the_row_that_was_read(store):
    store.add(row())
    assert store.move(row(), NEXT)
    assert not store.move(row(), HERE)
    assert store.row(ScheduleId("a")).position == NEXT


def test_a_notice_is_given_once(store):
    store.add(row())
    noticed_position = replace(HERE, noticed=True)
    assert store.move(row(), noticed_position)
    assert not store.move(row(), noticed_position)


def test_an_occurrence_is_claimed_once_and_its_schedule_moves_on(store):
    store.add(row())
    assert store.claim(claimed(), row(), NEXT) is Claim.WON
    assert store.claim(claimed(holder="two"), row(), NEXT) is Claim.TAKEN
    assert store.row(ScheduleId("a")).position == NEXT
    assert store.record(ScheduleId("a"), T) == claimed()


def test_another_occurrence_on_the_environment_makes_it_busy_and_changes_nothing(store):
    store.add(row())
    store.add(row("b"))
    store.claim(claimed(), row(), NEXT)
    assert store.claim(claimed("b"), row("b"), NEXT) is Claim.BUSY
    assert store.record(ScheduleId("b"), T) is None
    assert store.row(ScheduleId("b")).position == HERE
    elsewhere = claimed("b", environment="staging")
    assert store.claim(elsewhere, row("b"), NEXT) is Claim.WON


def test_a_claim_that_ran_out_keeps_its_environment_until_it_is_settled(store):
    store.add(row())
    store.add(row("b"))
    store.claim(claimed(until=T), row(), NEXT)
    assert store.claim(claimed("b"), row("b"), NEXT) is Claim.BUSY
    assert store.change(claimed(until=T), replace(claimed(), state=State.ENDED))
    assert store.claim(claimed("b"), row("b"), NEXT) is Claim.WON


def test_of_many_threads_one_wins_a_claim(store):
    store.add(row())
    results: list[Claim] = []
    threads = [
        threading.Thread(target=lambda n=n: results.append(store.claim(claimed(holder=str(n)), row(), NEXT)))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [Claim.TAKEN] * 7 + [Claim.WON]


def test_what_was_missed_is_recorded_once_each(store):
    store.add(row())
    assert store.settle([missed(), missed(T + 50)], row(), NEXT) == 2
    assert store.settle([missed(), missed(T + 60)], row(), NEXT) == 1
    assert [found.occurrence - T for found in store.records()] == [60, 50, 0]
    assert store.row(ScheduleId("a")).position == NEXT


def test_what_was_missed_can_not_be_claimed_afterwards(store):
    store.add(row())
    store.settle([missed()], row(), NEXT)
    assert store.claim(claimed(), row(), NEXT) is Claim.TAKEN
    assert store.record(ScheduleId("a"), T) == missed()


def test_a_record_changes_only_as_it_was_read(store):
    store.add(row())
    store.claim(claimed(), row(), NEXT)
    started = replace(claimed(), state=State.STARTED, started=T, until=instant(T + 60))
    assert store.change(claimed(), started)
    assert not store.change(claimed(), replace(claimed(), holder="two"))
    assert store.record(ScheduleId("a"), T) == started
    ended = replace(started, state=State.ENDED, ended=instant(T + 9), exit_code=0, drill="d")
    assert store.change(started, ended)
    assert store.record(ScheduleId("a"), T) == ended


def test_claims_that_ran_out_are_found_until_they_end(store):
    store.add(row())
    store.claim(claimed(), row(), NEXT)
    assert store.abandoned(T) == []
    assert store.abandoned(instant(T + 20)) == [claimed()]
    store.change(claimed(), replace(claimed(), state=State.MISSED))
    assert store.abandoned(instant(T + 20)) == []


def test_records_are_listed_latest_first_of_one_schedule_or_all(store):
    store.add(row())
    store.settle([missed(), missed(T + 50)], row(), NEXT)
    store.settle([missed(T + 20, "b")], row("b"), NEXT)
    assert [found.occurrence - T for found in store.records(most=2)] == [50, 20]
    assert [found.occurrence - T for found in store.records("a")] == [50, 0]


def test_the_first_approval_of_a_person_counts(store):
    store.approve(ScheduleId("a"), T, Approval(by="ada", at=T))
    store.approve(ScheduleId("a"), T, Approval(by="ada", at=instant(T + 9)))
    store.approve(ScheduleId("a"), T, Approval(by="grace", at=instant(T + 5)))
    assert store.approvals(ScheduleId("a"), T) == [
        Approval(by="ada", at=T),
        Approval(by="grace", at=instant(T + 5)),
    ]
    assert store.approvals(ScheduleId("b"), T) == []
