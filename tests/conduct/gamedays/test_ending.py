"""What follows where a game day's host is gone."""

from __future__ import annotations

import pytest

from gameday.conduct import store_reads
from gameday.conduct.gamedays import ending, host
from gameday.conduct.recorder import Recorder
from gameday.core.facts import gameday as gf
from gameday.core.gamedays import state as states
from gameday.core.values import DrillId, Instant
from gameday.testing.clock import VirtualClock
from gameday.testing.history_store import MemoryHistoryStore
from gameday.testing.ids import FakeIds
from tests.conduct.day import DAY, PLAN, SCENARIOS


@pytest.fixture
def clock():
    return VirtualClock()


@pytest.fixture
def recorder(clock):
    return Recorder(store=MemoryHistoryStore(clock), clock=clock, ids=FakeIds(), drill=DAY, source="host")


def opened(recorder, *, attended=False):
    recorder.record(gf.GameDayPlanned(plan=PLAN, scenarios=SCENARIOS, attended=attended))
    return recorder.store.game_days()[0]


def ended(recorder):
    return [e.event.fact for e in recorder.store.read(DAY) if isinstance(e.event.fact, gf.ItemEnded)]


@pytest.mark.parametrize("attended", [False, True])
def test_only_one_without_people_is_ended_once_its_host_had_time_to_claim_it(recorder, clock, attended):
    row = opened(recorder, attended=attended)
    assert not ending.is_to_be_ended(recorder.store, row, clock)
    clock.advance(host.CLAIM_TIME)
    assert ending.is_to_be_ended(recorder.store, row, clock) is not attended


def test_one_that_is_conducted_or_has_ended_is_left_alone(recorder, clock):
    row = opened(recorder)
    clock.advance(host.CLAIM_TIME)
    until = Instant(clock.now() + 60)
    recorder.store.claim(DAY, host.HOST_RIGHT, "a terminal", until=until)
    assert not ending.is_to_be_ended(recorder.store, row, clock)
    clock.advance(60)
    assert ending.is_to_be_ended(recorder.store, row, clock)
    assert not ending.is_to_be_ended(recorder.store, row._replace(closed=clock.now()), clock)


def test_the_drill_that_a_host_left_is_recovered_and_its_turn_ends(recorder):
    opened(recorder)
    recorder.record(gf.ItemBegun(item=0, attempt=1, drill="d1"))
    recovered = []

    def recover(drill):
        recovered.append(drill)
        return 3

    ending.close_drill(recorder, states.fold(store_reads.read(recorder.store, DAY)), recover)
    assert recovered == [DrillId("d1")]
    (fact,) = ended(recorder)
    assert (fact.item, fact.how, fact.exit_code, fact.why) == (0, states.LOST, 3, host.DIED)
    ending.close_drill(recorder, states.fold(store_reads.read(recorder.store, DAY)), recover)
    assert len(ended(recorder)) == 1
