"""Drills that a daemon started: kept to their end, tried again, or taken over from a daemon that died."""

import asyncio
from dataclasses import replace

from gameday.core.plans.schedule import ScheduleId, State
from gameday.core.values import instant
from tests.conduct.scheduler.house import CLOSED, HOUR, PLANNED, T


def test_a_process_that_can_not_be_started_is_tried_again_within_the_grace_and_recorded_behind_it(house):
    house.starter.refuse = "no more processes"
    house.add("a", grace=100.0)
    house.add("b", environment="staging")
    daemon = house.daemon()
    house.live(300, daemon)
    assert (house.record("a").state, house.record("a").reason) == (State.MISSED, "failed")
    assert house.record("a").why.startswith("its drill could not be started: no more processes, for longer")
    house.starter.refuse = ""
    house.live(90, daemon)
    assert house.record("b").state is State.ENDED


def test_what_is_handed_to_another_host_is_that_hosts_to_keep(house):
    house.starter.hands = True
    house.add()
    daemon = house.daemon()
    house.live(70, daemon)
    assert daemon.idle
    assert house.record().state is State.CLAIMED
    started = replace(house.record(), state=State.STARTED, started=house.clock.now(), holder="elsewhere",
                      until=instant(house.clock.now() + 1e6))  # fmt: skip
    assert house.schedules.change(house.record(), started)
    house.live(700, daemon)
    assert house.record() == started
    assert len(house.starter.handed) == 1


def test_what_is_handed_on_and_never_begun_is_missed(house):
    house.starter.hands = True
    house.add(grace=120.0)
    house.live(300, house.daemon())
    assert (house.record().state, house.record().reason) == (State.MISSED, "failed")
    assert "is handed to another host, for longer than its grace" in house.record().why


def test_a_claim_whose_daemon_died_is_taken_over_within_the_grace(house):
    house.add()
    house.starter.dies = True
    dying = house.daemon("one")
    house.live(60.6, dying)
    assert house.record().state is State.CLAIMED
    house.starter.dies = False
    house.live(60, house.daemon("two"))
    assert house.record().holder.startswith("two/")
    assert house.record().state is not State.MISSED
    assert len(house.starter.drills) == 1


def test_what_nobody_ever_began_is_missed_with_that_as_its_reason(house):
    house.add()
    house.starter.dies = True
    house.live(700, house.daemon())
    assert (house.record().state, house.record().reason) == (State.MISSED, "failed")
    assert "its process ended with 75 before it began" in house.record().why
    assert house.starter.drills == []


def test_a_started_drill_whose_daemon_died_keeps_its_environment_until_it_is_closed(house):
    house.add("a")
    house.add("b", grace=2 * HOUR)
    house.starter.lasts = None
    house.live(62, house.daemon("one"))
    (running,) = [name for name in ("a", "b") if house.schedules.record(ScheduleId(name), T)]
    house.tell(PLANNED)
    house.live(300, house.daemon("two"))
    assert house.record(running).state is State.STARTED
    assert len(house.starter.drills) == 1
    house.tell(CLOSED)
    house.live(120, house.daemon("two"))
    assert house.record(running).state is State.ENDED
    assert len(house.starter.drills) == 2


def test_a_stop_aborts_what_runs_and_waits_for_its_end(house):
    house.add()
    house.starter.lasts = None
    daemon = house.daemon()

    async def serve() -> None:
        stopping = asyncio.Event()
        asyncio.get_running_loop().call_later(120, stopping.set)
        await daemon.serve(stopping)

    house.clock.run(serve())
    assert house.starter.drills[0].stopped
    assert (house.record().state, house.record().exit_code) == (State.ENDED, 3)
    assert house.clock.now() - T < 65
