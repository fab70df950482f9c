"""What a person undid is closed with their words, and by nobody else."""

from dataclasses import replace

import pytest

from gameday.core.errors import UsageError
from gameday.core.facts import drill as ev
from tests.conduct.revert.test_damaged_histories import WHOLE, Damaged, events_of


def test_an_empty_text_closes_nothing():
    damaged = Damaged(events_of(WHOLE))
    with pytest.raises(UsageError, match="needs a text"):
        damaged.close_by_hand(damaged.look()[0], text=" \n")
    assert damaged.store.live()


def test_by_hand_is_refused_while_something_looks_after_the_drill():
    damaged = Damaged(events_of(WHOLE))
    (open_drill,) = damaged.look()
    with pytest.raises(UsageError, match="looked after by its own processes on here"):
        damaged.close_by_hand(replace(open_drill, left=False))


def test_the_words_and_the_person_are_kept():
    damaged = Damaged(events_of(WHOLE))
    damaged.close_by_hand(damaged.look()[0], text=" switched it off ")
    ended = [row.event for row in damaged.store.read("d") if isinstance(row.event.fact, ev.FaultReverted)]
    assert {(event.fact.how, event.fact.by, event.fact.text, event.by) for event in ended} == {
        ("by-hand", "ada", "switched it off", "ada")
    }
    assert damaged.rollback_player.played == []
