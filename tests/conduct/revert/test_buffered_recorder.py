"""A pen that keeps nobody waiting."""

import asyncio

from gameday.conduct.revert.buffered_recorder import BufferedRecorder
from gameday.core.facts import drill as ev
from gameday.testing.clock import VirtualClock
from gameday.testing.store import MemoryStore


def make():
    clock = VirtualClock()
    store = MemoryStore(clock)
    return store, BufferedRecorder(store, "d", source="keeper", now=clock.now)


def texts(store):
    return [stored.event.fact.text for stored in store.read("d")]


def test_facts_are_written_in_order():
    store, recorder = make()
    for number in range(50):
        recorder.record(ev.NoteWritten(text=str(number)))
    assert asyncio.run(recorder.close(5.0))
    assert texts(store) == [str(number) for number in range(50)]


def test_what_a_store_refused_is_written_when_it_is_back():
    store, recorder = make()
    store.fail_with("is full")
    recorder.record(ev.NoteWritten(text="first"))
    assert not asyncio.run(recorder.flush(5.0))
    store.fail_with("")
    recorder.record(ev.NoteWritten(text="second"))
    assert asyncio.run(recorder.close(5.0))
    assert texts(store) == ["first", "second"]


def test_what_no_store_took_is_said():
    store, recorder = make()
    store.fail_with("is gone")
    recorder.record(ev.NoteWritten(text="lost"))
    assert not asyncio.run(recorder.close(5.0))
