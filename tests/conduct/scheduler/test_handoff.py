"""A host to which drills are handed: each starts once, is kept to its end, and is aborted by a stop."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gameday.conduct.scheduler import handoff
from gameday.core.plans.schedule import Record, ScheduleId, State
from gameday.core.values import instant
from tests.conduct.scheduler.house import ONCE, House, T

A = ScheduleId("a")


@pytest.fixture
def house() -> House:
    """A daemon has claimed an occurrence and handed it on."""
    made = House()
    made.starter.hands = True
    made.add(rule=ONCE)
    made.live(61, made.daemon())
    made.starter.hands = False
    return made


def carry_out(house: House, *, hosts: int = 1, stop_after: float | None = None) -> list[bool]:
    async def all_of_them() -> list[bool]:
        stopping = asyncio.Event()
        if stop_after is not None:
            asyncio.get_running_loop().call_later(stop_after, stopping.set)
        offices = [house.daemon(f"host{number}")._context for number in range(hosts)]
        return await asyncio.gather(
            *(handoff.run_handed_drill(scheduler_context, A, T, stopping) for scheduler_context in offices)
        )

    return house.clock.run(all_of_them())


def test_what_is_handed_to_several_hosts_starts_on_one(house):
    assert house.record().why == "is handed to another host"
    assert sorted(carry_out(house, hosts=3)) == [False, False, True]
    assert len(house.starter.drills) == 1
    assert (house.record().state, house.record().exit_code) == (State.ENDED, 0)
    assert house.record().why == ""  # it ended by itself: its drill says the rest
    assert house.record().holder.startswith("host")


def test_it_is_renewed_for_as_long_as_it_runs(house):
    house.starter.lasts = 600.0
    seen: list[float] = []

    async def look() -> None:
        while house.record().state is not State.ENDED:
            seen.append(house.record().until - house.clock.now())
            await house.clock.sleep(5)

    async def both() -> None:
        scheduler_context = house.daemon("host")._context
        await asyncio.gather(handoff.run_handed_drill(scheduler_context, A, T, asyncio.Event()), look())

    house.clock.run(both())
    assert len(seen) > 100
    assert min(seen) > 0


def test_a_stop_aborts_it_and_waits(house):
    house.starter.lasts = None
    assert carry_out(house, stop_after=30) == [True]
    assert house.starter.drills[0].stopped
    assert (house.record().state, house.record().exit_code) == (State.ENDED, 3)


@pytest.mark.parametrize("state", [State.STARTED, State.ENDED, State.MISSED])
def test_what_has_begun_or_was_missed_is_left_alone(house, state):
    before = replace(house.record(), state=state, until=instant(T + 1e6))
    house.schedules.change(house.record(), before)
    assert carry_out(house) == [False]
    assert house.record() == before


def test_what_nobody_claimed_or_knows_is_left_alone(house):
    house.schedules.remove(A)
    assert carry_out(house) == [False]
    assert (
        asyncio.run(handoff.run_handed_drill(house.daemon()._context, ScheduleId("b"), T, asyncio.Event()))
        is False
    )


def test_a_store_that_is_away_at_its_end_gets_the_end_when_it_is_back(house):
    async def lose_it() -> None:
        await house.clock.sleep(30)
        house.schedules.fail_with("is away")
        await house.clock.sleep(200)
        house.schedules.fail_with("")

    async def both() -> None:
        scheduler_context = house.daemon("host")._context
        await asyncio.gather(handoff.run_handed_drill(scheduler_context, A, T, asyncio.Event()), lose_it())

    house.clock.run(both())
    record: Record = house.record()
    assert (record.state, record.exit_code) == (State.ENDED, 0)
