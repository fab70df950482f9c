"""Reading a store that may not answer: nobody waits longer than they said, and asyncio's threads stay free."""

import asyncio
import threading

import pytest

from gameday.conduct import store_reads
from gameday.core.errors import StoreUnavailable
from gameday.core.facts import drill as ev
from gameday.testing.clock import VirtualClock
from gameday.testing.fact_writer import FactWriter
from gameday.testing.history_store import MemoryHistoryStore
from gameday.testing.ids import FakeIds


@pytest.fixture
def locked():
    """A store's lock; it opens when the test ends, so that no thread is left waiting for it."""
    lock = threading.Event()
    yield lock
    lock.set()


def test_a_history_is_read_in_the_order_in_which_it_was_recorded():
    clock = VirtualClock()
    store = MemoryHistoryStore(clock)
    writer = FactWriter(store=store, clock=clock, ids=FakeIds(), drill="d")
    for text in ("one", "two"):
        writer.write(ev.NoteWritten(text=text))
    assert [note.fact.text for note in store_reads.read(store, "d").each(ev.NoteWritten)] == ["one", "two"]


def test_a_drill_that_is_not_there_and_a_store_that_is_away_are_two_errors():
    store = MemoryHistoryStore(VirtualClock())
    with pytest.raises(LookupError):
        store_reads.read(store, "none")
    store.fail_with("is away")
    with pytest.raises(StoreUnavailable):
        store_reads.read(store, "none")


def test_an_answer_in_time_is_given_and_an_error_is_the_askers():
    def away():
        raise StoreUnavailable("the store is away")

    assert asyncio.run(store_reads.in_store_thread(lambda: 7, 5.0)) == 7
    with pytest.raises(StoreUnavailable):
        asyncio.run(store_reads.in_store_thread(away, 5.0))


def test_a_locked_store_is_waited_for_no_longer_than_was_said(locked):
    async def ask():
        with pytest.raises(TimeoutError):
            await store_reads.in_store_thread(locked.wait, 0.01)

    asyncio.run(ask())


def test_locked_stores_block_none_of_asyncios_own_threads(locked):
    async def ask():
        asking = [asyncio.ensure_future(store_reads.in_store_thread(locked.wait, 5.0)) for _ in range(40)]
        await asyncio.sleep(0)
        assert await asyncio.wait_for(asyncio.to_thread(lambda: "free"), 5.0) == "free"
        locked.set()
        assert all(await asyncio.gather(*asking))

    asyncio.run(ask())
