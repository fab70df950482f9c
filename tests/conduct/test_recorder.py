"""What is recorded: when it occurred, under whose name, and in which history."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.conduct.recorder import Recorder
from gameday.core.errors import StoreUnavailable
from gameday.core.facts import drill as ev
from gameday.core.values import DrillId, instant
from gameday.testing.clock import VirtualClock
from gameday.testing.history_store import MemoryHistoryStore
from gameday.testing.ids import FakeIds

DRILL, OTHER = DrillId("d"), DrillId("other")
NOTE = ev.NoteWritten(text="begun")


@pytest.fixture
def recorder():
    clock = VirtualClock()
    return Recorder(store=MemoryHistoryStore(clock), clock=clock, ids=FakeIds(), drill=DRILL)


def stored(recorder, drill=DRILL):
    return [row.event for row in recorder.store.read(drill)]


def test_a_fact_occurs_now_unless_its_instant_is_given(recorder):
    now = recorder.clock.now()
    recorder.record(NOTE)
    recorder.clock.advance(10)
    recorder.record(NOTE, at=instant(now + 4))
    assert [(event.occurred_at - now, event.recorded_at - now) for event in stored(recorder)] == [
        (0, 0),
        (4, 10),
    ]


def test_what_is_given_back_is_what_is_stored(recorder):
    given_back = recorder.record(NOTE)
    assert stored(recorder) == [given_back]
    assert (given_back.drill, given_back.source, given_back.by) == (DRILL, "conductor", "")


@given(st.lists(st.sampled_from(["conductor", "responder", "trail"]), max_size=20))
def test_whoever_records_no_two_events_have_one_id_and_each_keeps_its_source(sources):
    clock = VirtualClock()
    recorder = Recorder(store=MemoryHistoryStore(clock), clock=clock, ids=FakeIds(), drill=DRILL)
    recorder.record(NOTE)
    for source in sources:
        recorder.as_source(source, by=f"{source}-1").record(NOTE)
    events = stored(recorder)
    assert len({event.id for event in events}) == len(events)
    assert [(event.source, event.by) for event in events[1:]] == [(name, f"{name}-1") for name in sources]


def test_a_recorder_for_another_history_leaves_the_first_alone_and_keeps_its_source(recorder):
    recorder.record(NOTE)
    recorder.as_source("host", by="ada").for_drill(OTHER).record(NOTE)
    assert len(stored(recorder)) == 1
    (event,) = stored(recorder, OTHER)
    assert (event.drill, event.source, event.by) == (OTHER, "host", "ada")


def test_a_store_that_is_away_is_not_passed_over(recorder):
    recorder.store.fail_with("is away")
    with pytest.raises(StoreUnavailable):
        recorder.record(NOTE)
