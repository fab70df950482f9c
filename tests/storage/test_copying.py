"""Copies of a whole store, from each kind into each: complete, once, and never over something else."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gameday.core.errors import HistoryCorrupt, NotReady, UsageError
from gameday.core.facts import drill as ev
from gameday.core.facts.load import Chunk
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
from gameday.core.values import DrillId, EventId, instant
from gameday.ports import ScheduleRow
from gameday.storage import copying, open_executor, open_plain
from gameday.storage.schedules import SqlScheduleStore

T = instant(1_800_000_000.0)


def url_of(kind: str, request, tmp_path, name: str) -> str:
    if kind == "postgresql":
        return request.getfixturevalue("server").url()
    return f"sqlite:///{tmp_path / name}.db"


@pytest.fixture(params=[("sqlite", "postgresql"), ("postgresql", "sqlite"), ("sqlite", "sqlite")])
def urls(request, tmp_path):
    one, other = request.param
    return url_of(one, request, tmp_path, "one"), url_of(other, request, tmp_path, "other")


def note(number: int, drill: str = "d") -> ev.Event:
    fact = ev.NoteWritten(text=f"ä {number}")
    return ev.Event(
        id=EventId(f"{drill}-{number}"), drill=DrillId(drill), recorded_at=T, source="cli", fact=fact
    )


def closed(drill: str = "d") -> ev.Event:
    fact = ev.DrillClosed(how="completed", reverted=True)
    return ev.Event(id=EventId(f"{drill}-end"), drill=DrillId(drill), recorded_at=T, source="x", fact=fact)


def fill(url: str, drill: str = "d", notes: int = 520) -> None:
    store = open_plain(url)
    store.append(*(note(number, drill) for number in range(notes)), closed(drill))
    store.append_load(
        DrillId(drill),
        [Chunk(type="GET", name="/", start=int(T), at=(3,), bin=(40,), count=(7,))],
        instant(T + 10),
    )
    store.close()


def add_schedule(url: str, name: str = "s", state: State = State.MISSED) -> None:
    store = SqlScheduleStore(open_executor(url))
    rule = Recurrence(kind=Kind.RRULE, text="FREQ=DAILY", zone="UTC", start="2026-03-01T10:00:00")
    one = Schedule(
        schedule=ScheduleId(name), scenario="a.yaml", environment="shop", recurrence=rule, seed="x"
    )
    row = ScheduleRow(schedule=one, position=SchedulePosition(occurrence=T, wake=instant(T + 0.5)))
    record = Record(
        schedule=one.schedule,
        occurrence=T,
        moment=T,
        environment="shop",
        state=state,
        decided=T,
        reason="late",
    )
    store.add(row)
    store.settle([record], row, SchedulePosition(occurrence=instant(T + 9), wake=instant(T + 9)))
    store.approve(one.schedule, T, Approval(by="ada", at=T))
    store.close()


def copied(urls: tuple[str, str]) -> copying.Copied:
    source, target = open_executor(urls[0]), open_executor(urls[1])
    try:
        return copying.copy(source, target)
    finally:
        source.close()
        target.close()


def held(url: str) -> dict[str, object]:
    store, schedules = open_plain(url), SqlScheduleStore(open_executor(url))
    try:
        return {
            "drills": store.drills(),
            "events": [store.read(row.drill) for row in store.drills()],
            "load": [store.read_load(row.drill) for row in store.drills()],
            "wrong": [store.verify(row.drill) for row in store.drills()],
            "schedules": schedules.rows(),
            "records": schedules.records(),
            "approvals": schedules.approvals(ScheduleId("s"), T),
        }
    finally:
        store.close()
        schedules.close()


def test_everything_arrives_and_its_chains_hold(urls):
    fill(urls[0])
    fill(urls[0], "e", notes=3)
    add_schedule(urls[0])
    result = copied(urls)
    assert (result.drills, result.events, result.load, result.schedules) == (2, 525, 2, 1)
    assert result.new == 525 + 2 + 3
    assert held(urls[1]) == held(urls[0])
    assert held(urls[1])["wrong"] == [[], []]


def test_a_second_copy_adds_nothing_and_a_later_one_what_is_new(urls):
    fill(urls[0])
    copied(urls)
    assert copied(urls).new == 0
    store = open_plain(urls[0])
    store.append(note(5000))
    store.close()
    assert copied(urls).new == 1
    assert held(urls[1]) == held(urls[0])


def test_a_copy_that_was_cut_off_is_completed(urls):
    fill(urls[0])
    target = open_executor(urls[1])
    source = open_executor(urls[0])
    with pytest.raises(RuntimeError):
        copying.copy(source, _Dying(target, after=1))
    assert 0 < target.rows("SELECT COUNT(*) FROM events")[0][0] < 521
    source.close()
    target.close()
    copied(urls)
    assert held(urls[1]) == held(urls[0])


class _Dying:
    """A database whose process dies after so many transactions."""

    def __init__(self, inner, after: int) -> None:
        self._inner, self._left = inner, after
        self.read, self.rows = inner.read, inner.rows

    def write(self, within=None):
        if self._left == 0:
            raise RuntimeError("killed")
        self._left -= 1
        return self._inner.write(within)


def test_another_history_of_the_same_drill_is_refused_and_left_alone(urls):
    fill(urls[0], notes=3)
    store = open_plain(urls[1])
    store.append(note(99), closed())
    store.close()
    before = held(urls[1])
    with pytest.raises(HistoryCorrupt, match="another history of drill d"):
        copied(urls)
    assert held(urls[1]) == before


def test_a_target_with_a_drill_or_a_schedule_of_its_own_is_refused(urls):
    fill(urls[1], "mine", notes=1)
    with pytest.raises(UsageError, match="drill mine"):
        copied(urls)
    fill(urls[0], "mine", notes=1)
    add_schedule(urls[1], "mine")
    with pytest.raises(UsageError, match="other schedules"):
        copied(urls)


def test_a_source_that_was_changed_is_refused_before_the_target_ends(urls):
    fill(urls[0], notes=3)
    source = open_executor(urls[0])
    with source.write() as tx:
        tx.execute("UPDATE events SET line = replace(line, '1', '2') WHERE seq = 2", {})
    source.close()
    with pytest.raises(HistoryCorrupt, match="event 2 of drill d was changed"):
        copied(urls)


def test_a_store_that_is_in_use_is_not_copied(urls):
    store = open_plain(urls[0])
    store.append(note(1))
    store.close()
    with pytest.raises(NotReady, match="drill d is live"):
        copied(urls)
    fill(urls[0])
    add_schedule(urls[0], state=State.STARTED)
    with pytest.raises(NotReady, match="is claimed or started"):
        copied(urls)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 50)), max_size=40), st.integers(0, 6))
def test_wherever_a_copy_is_cut_off_the_next_one_completes_it(tmp_path_factory, lines, after):
    folder = tmp_path_factory.mktemp("copies")
    urls = (f"sqlite:///{folder / 'a.db'}", f"sqlite:///{folder / 'b.db'}")
    store = open_plain(urls[0])
    store.append(*(note(number, f"d{drill}") for drill, number in lines))
    store.append(*(closed(f"d{drill}") for drill in {drill for drill, _ in lines}))
    source, target = open_executor(urls[0]), open_executor(urls[1])
    with contextlib.suppress(RuntimeError):
        copying.copy(source, _Dying(target, after))
    copying.copy(source, target)
    assert held(urls[1]) == held(urls[0])
