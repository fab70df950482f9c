"""The store's clock is compared with the drill's, and recorded when it has changed."""

import asyncio
from types import SimpleNamespace

import pytest

from gameday.conduct.drill import clocks
from gameday.core.facts import drill as ev
from gameday.testing.clock import VirtualClock
from gameday.testing.history_store import MemoryHistoryStore


def recorded(ahead, seconds, change=None):
    """Compare for some seconds of a virtual clock; `change`: (second, what the store is ahead from then on)."""
    clock = VirtualClock()
    store = MemoryHistoryStore(clock)
    store.ahead = ahead
    facts = []
    context = SimpleNamespace(clock=clock, store=store, recorder=SimpleNamespace(record=facts.append))

    async def run():
        task = asyncio.ensure_future(clocks.compare(context))
        if change is not None:
            await clock.sleep(change[0])
            store.ahead = change[1]
            await clock.sleep(seconds - change[0])
        else:
            await clock.sleep(seconds)
        task.cancel()

    clock.run(run())
    return facts


def test_a_store_without_a_clock_of_its_own_is_not_compared():
    assert recorded(None, 100) == []


def test_the_difference_is_recorded_once_while_it_stays():
    [fact] = recorded(-12.5, 200)
    assert isinstance(fact, ev.ClockCompared)
    assert fact.store_ahead == pytest.approx(-12.5, abs=0.001)


def test_a_clock_that_is_set_is_recorded_again():
    first, second = recorded(0.0, 200, change=(50, 3.0))
    assert (first.store_ahead, second.store_ahead) == (
        pytest.approx(0.0, abs=0.001),
        pytest.approx(3.0, abs=0.001),
    )
