from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core.facts import drill as ev
from gameday.core.facts import history
from gameday.testing.histories import Game, at, second

CLOSED = Game().fault(at=10).ack(at=20).close(at=50)


def test_a_trusted_claim_counts_and_an_impossible_one_does_not():
    (event,) = Game().ack(at=20, known=25).events
    assert second(history.counted_instant(event)) == 20
    assert second(history.counted_instant(replace(event, trusted=False))) == 25
    assert second(history.counted_instant(replace(event, occurred_at=at(99)))) == 25


def test_a_claim_from_a_clock_slightly_ahead_counts_at_its_receipt():
    (event,) = Game().ack(at=26, known=25).events
    assert second(history.counted_instant(event)) == 25


def test_a_history_without_a_plan_says_so():
    with pytest.raises(LookupError, match="DrillPlanned"):
        _ = history.from_events(()).plan


@given(st.permutations(CLOSED.history().events), st.lists(st.integers(0, 6), max_size=8))
def test_order_of_delivery_and_duplicates_change_nothing(events, again):
    repeated = [*events, *(events[index % len(events)] for index in again)]
    assert history.from_events(repeated).events == CLOSED.history().events


def test_of_two_deliveries_of_one_event_the_first_receipt_stands_in_either_order():
    (event,) = Game().ack(at=20).events
    later = replace(event, recorded_at=at(30), occurred_at=at(15))
    told = history.from_events((later, event))
    assert told == history.from_events((event, later))
    assert told.events == (event,)


def test_an_open_drill_is_revision_0_a_closed_one_1_and_later_facts_count_up():
    assert Game().fault(at=10).history().revision == 0
    assert CLOSED.history().revision == 1
    assert CLOSED.answer("fix", "index added", at=60).note("late", at=70).history().revision == 3


def test_what_became_known_after_closing_is_not_settled():
    late = CLOSED.ack(at=12, known=60)
    assert late.history().settled() == CLOSED.history()
    assert next(late.history().each(ev.IncidentAcknowledged)).at == at(12)


def test_the_whole_history_is_settled_while_the_drill_is_open():
    opened = Game().fault(at=10).history()
    assert opened.settled() is opened
