"""The right to revert a fault: one process has it, and the dead keep it from nobody."""

import asyncio

from gameday.conduct.revert import claims
from gameday.conduct.revert.buffered_recorder import BufferedRecorder
from gameday.conduct.revert.context import RevertContext, holder
from gameday.core.facts import drill as ev
from gameday.core.values import instant
from gameday.system.processes import Identity
from tests.conduct.machine import FakeMachine
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


def reverter(scene, machine=None):
    return RevertContext(
        drill="d",
        by="keeper",
        store=scene.store,
        recorder=BufferedRecorder(scene.store, "d", source="keeper", now=scene.clock.now),
        clock=scene.clock,
        rollback_player=scene.rollback_player,
        machine=machine or FakeMachine(),
    )


def claim(scene, context):
    return scene.clock.run(claims.claim("f1", context))


def test_of_two_living_processes_one_has_the_right_and_may_renew_it():
    scene = Scene()
    me, other = scene.process("command", 20), scene.process("keeper", 21)
    mine, others = (reverter(scene, FakeMachine(me, other, me=who)) for who in (me, other))
    assert claim(scene, mine)
    assert not claim(scene, others)
    assert claim(scene, mine)


def test_another_faults_right_is_another_right():
    scene = Scene(faults=("f1", "f2"))
    scene.store.claim("d", claims.right("f2"), holder("there", 5), until=instant(scene.clock.now() + 100))
    assert claim(scene, reverter(scene))


def test_a_dead_process_of_another_host_keeps_its_right_until_it_expires():
    scene = Scene()
    scene.process("keeper", 11, host="there")
    scene.store.claim("d", claims.right("f1"), holder("there", 11), until=instant(scene.clock.now() + 30))
    assert not claim(scene, reverter(scene))
    scene.clock.advance(30)
    assert claim(scene, reverter(scene))


def test_without_a_store_nobody_is_kept_from_reverting():
    scene = Scene()
    scene.store.claim("d", claims.right("f1"), holder("there", 5), until=instant(scene.clock.now() + 100))
    scene.store.fail_with("is gone")
    assert claim(scene, reverter(scene))


def test_a_right_that_is_renewed_is_lost_to_nobody_and_runs_out_after_its_holders_end():
    scene = Scene()
    keeper = Identity(pid=30, started_ticks=1, boot="b")
    mine, others = reverter(scene, FakeMachine(me=keeper)), reverter(scene)

    async def hold():
        renewing = asyncio.ensure_future(claims.renew("f1", mine))
        await scene.clock.sleep(1)
        taken = []
        for _ in range(20):
            taken.append(await claims.claim("f1", others))
            await scene.clock.sleep(10)
        renewing.cancel()
        await scene.clock.sleep(claims.CLAIM_TIME)
        return taken, await claims.claim("f1", others)

    taken, afterwards = scene.clock.run(hold())
    assert not any(taken)
    assert afterwards
