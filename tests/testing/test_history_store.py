"""What the history store in memory has beyond its contract: it can be made to fail, and its tampering shows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gameday.core.errors import StoreUnavailable
from gameday.core.facts import drill as ev
from gameday.core.values import DrillId, EventId, instant
from gameday.testing.history_store import MemoryHistoryStore

NOTE = ev.Event(
    id=EventId("a"), drill=DrillId("d1"), recorded_at=instant(0), source="cli", fact=ev.NoteWritten(text="a")
)


def test_it_fails_from_fail_with_on_until_it_is_lifted():
    store = MemoryHistoryStore()
    store.append(NOTE)
    store.fail_with("is full")
    for ask in (store.drills, store.live, lambda: store.append(NOTE), lambda: store.read(DrillId("d1"))):
        with pytest.raises(StoreUnavailable, match="is full"):
            ask()
    store.fail_with("")
    assert len(store.read(DrillId("d1"))) == 1


def test_a_history_that_was_tampered_with_does_not_verify():
    store = MemoryHistoryStore()
    store.append(NOTE, replace(NOTE, id=EventId("b")))
    stored = store._drills[DrillId("d1")].events
    stored[0] = replace(stored[0], event=replace(NOTE, by="somebody"))
    assert store.verify(DrillId("d1")) == ["event 1 does not follow from the one before it"]
