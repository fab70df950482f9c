"""The right to revert a fault: one process has it, and the dead keep it from nobody."""

import asyncio

from gameday.conduct.revert.context import holder
from gameday.core.facts import drill as ev
from gameday.core.values import instant
from tests.conduct.revert.scene import Scene


def test_the_right_of_a_dead_process_of_this_host_is_taken_at_once():
    scene = Scene()
    scene.process("keeper", 11)
    until = instant(scene.clock.now() + 100)
    scene.store.claim("d", "revert:f1", holder("here", 11), until=until)
    assert scene.settle().reverted
    assert scene.took < 2


def test_the_right_of_another_host_is_waited_for_until_it_expires():
    scene = Scene()
    until = instant(scene.clock.now() + 7)
    scene.store.claim("d", "revert:f1", holder("there", 5), until=until)
    assert scene.settle().reverted
    assert scene.took > 7


def test_who_lost_the_claim_stops_when_the_winner_is_done():
    scene = Scene()
    scene.store.claim("d", "revert:f1", "there:5", until=instant(scene.clock.now() + 100))

    async def main():
        settling = asyncio.ensure_future(scene.settling())
        await scene.clock.sleep(1)
        scene.write(ev.FaultReverted(fault="f1", how="rolled-back", by="worker"))
        return await settling

    assert scene.clock.run(main()).reverted
    assert scene.rollback_player.played == []
