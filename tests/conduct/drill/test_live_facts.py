from gameday.conduct.drill.live_facts import LiveFacts
from gameday.core.facts import drill as ev
from gameday.core.facts.load import Chunk, LoadHistory
from gameday.core.values import EventId, Instant
from gameday.testing.clock import VirtualClock
from gameday.testing.histories import DRILL
from gameday.testing.store import MemoryStore


def report(bucket):
    return Chunk(type="GET", name="/", start=1_800_000_000, at=(bucket,), bin=(90,), count=(2,))


def a_board():
    clock = VirtualClock()
    store = MemoryStore(clock)
    fact = ev.NoteWritten(text="begun")
    store.append(
        ev.Event(id=EventId("e1"), drill=DRILL, recorded_at=clock.now(), source="conductor", fact=fact)
    )
    return LiveFacts(store, DRILL), store


def test_the_reports_of_a_second_are_stored_as_one_line_for_each_request_name():
    live_facts, store = a_board()
    for bucket in range(10):
        live_facts.take_load([report(bucket)], Instant(1_800_000_000.1 + bucket / 10))
    live_facts.save_load()
    (stored,) = store.read_load(DRILL).chunks
    assert (list(stored.at), list(stored.count)) == (list(range(10)), [2] * 10)
    assert live_facts.load() == LoadHistory(chunks=(stored,), until=1_800_000_001.0)


def test_what_was_stored_is_not_stored_again():
    live_facts, store = a_board()
    for bucket in (3, 4):
        live_facts.take_load([report(bucket)], Instant(1_800_000_001))
        live_facts.save_load()
    live_facts.save_load()
    assert sum(sum(chunk.count) for chunk in store.read_load(DRILL).chunks) == live_facts.requests == 4
