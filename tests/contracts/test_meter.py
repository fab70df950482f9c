"""What every Meter promises: it never raises, and says why a guardrail could not be evaluated."""

from __future__ import annotations

import asyncio

import pytest

from gameday.core.plans.scenario import Guardrail, Query
from gameday.ports import Reading
from gameday.signals.prometheus import Prometheus
from gameday.testing.drill.meter import FakeMeter
from tests import ports

GUARDRAIL = Guardrail(prometheus=Query(query="errors", above=5.0))


@pytest.mark.parametrize(
    "meter",
    [
        Prometheus(url=f"http://127.0.0.1:{ports.free()}"),
        FakeMeter(reading=Reading(breached=None, detail="no value")),
    ],
    ids=["prometheus", "fake"],
)
def test_without_an_answer_it_is_neither_breached_nor_not_and_says_why(meter):
    async def main():
        reading = await meter.read(GUARDRAIL)
        await meter.close()
        await meter.close()
        return reading

    reading = asyncio.run(main())
    assert reading.breached is None
    assert reading.detail
