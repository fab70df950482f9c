"""What every Signals promises: it says where to send to, and can be stopped."""

from __future__ import annotations

import asyncio

import pytest

from gameday.core.values import DrillId
from gameday.signals.receiver import Receiver
from gameday.system.clock import SystemClock
from gameday.testing.drill.signals import FakeSignals


@pytest.fixture(params=["http", "fake"])
def signals(request):
    if request.param == "http":
        return Receiver(drill=DrillId("d1"), clock=SystemClock())
    return FakeSignals()


def test_it_says_where_each_system_sends_to(signals):
    async def main():
        urls = await signals.start(lambda _events: None)
        await signals.stop()
        return urls

    urls = asyncio.run(main())
    assert urls
    assert all(url.startswith("http://127.0.0.1") for url in urls.values())


def test_stopping_twice_or_before_it_started_does_no_harm(signals):
    async def main():
        await signals.stop()
        await signals.start(lambda _events: None)
        await signals.stop()
        await signals.stop()

    asyncio.run(main())


def test_its_sources_are_described_for_people(signals):
    assert all(isinstance(line, str) for line in signals.sources)
