"""Fence, claim, play, clean up; on fakes and the virtual clock."""

import asyncio
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from gameday.conduct import store_reads
from gameday.conduct.revert import revert
from gameday.conduct.revert.buffered_recorder import BufferedRecorder
from gameday.conduct.revert.context import RevertContext
from gameday.core.facts import drill as ev
from gameday.system.descent.tree import Descendant
from gameday.system.processes import Identity
from tests.conduct.machine import FakeMachine
from tests.conduct.revert.scene import DONE, FAILED, Scene


def test_what_is_exposed_is_undone_and_recorded():
    scene = Scene()
    settled = scene.settle()
    assert settled.reverted
    assert scene.facts(ev.FaultReverted) == [ev.FaultReverted(fault="f1", how="rolled-back", by="conductor")]
    assert scene.facts(ev.RevertClaimed)[0].by == "conductor"
    assert scene.exposed() == ()


def test_settling_again_does_nothing_more():
    scene = Scene()
    scene.settle()
    assert scene.settle().reverted
    assert len(scene.rollback_player.played) == 1


def test_a_fault_whose_action_may_still_arrive_is_undone_without_asking_whether_it_is_there():
    action = {"fault": "f1", "stage": "method", "activity": "a", "kind": "action"}
    cut, done = Scene(), Scene()
    for scene in (cut, done):
        scene.write(ev.ActivityStarted(**action))
    done.write(ev.ActivityFinished(**action, status="succeeded"))
    for scene in (cut, done):
        scene.settle(FakeMachine())
    assert (cut.rollback_player.asked, done.rollback_player.asked) == ([False], [True])


def test_closing_sweeps_takes_down_and_closes_once():
    scene = Scene()
    scene.write(ev.EnvironmentBroughtUp(command=("up",), down=("shop", "down")))
    machine = FakeMachine()
    scene.settle(machine, by="command", closing="aborted")
    scene.settle(machine, by="command", closing="aborted")
    assert machine.log.count(("run", "shop", "down")) == 1
    assert ("sweep", "d") in machine.log
    assert scene.facts(ev.DrillClosed) == [ev.DrillClosed(how="aborted", reverted=True)]


def test_only_what_this_drill_brought_up_is_taken_down():
    scene = Scene()
    machine = FakeMachine()
    scene.settle(machine, closing="aborted")
    assert [entry for entry in machine.log if entry[0] == "run"] == []


def test_a_rollback_that_fails_is_tried_again_with_back_off():
    scene = Scene(FAILED, FAILED, DONE, seconds=0.0)
    assert scene.settle().reverted
    assert [played[1] for played in scene.rollback_player.played] == [1, 2, 3]
    assert [failed.final for failed in scene.facts(ev.RevertFailed)] == [False, False]
    assert scene.took == 1.5


def test_a_person_is_told_what_to_do_when_no_try_helps():
    scene = Scene(FAILED)
    settled = scene.settle(closing="aborted")
    assert not settled.reverted
    assert scene.exposed()[0].steps == ("by hand",)
    assert scene.took <= revert.GIVE_UP + 1
    assert scene.facts(ev.DrillClosed) == [ev.DrillClosed(how="aborted", reverted=False)]


def test_tries_are_counted_over_processes():
    scene = Scene()
    scene.write(ev.RevertAttempted(fault="f1", attempt=3, by="keeper"))
    scene.settle()
    assert scene.rollback_player.played == [("f1", 4, "conductor")]


def test_a_fault_of_another_host_is_reported_once_and_its_drill_stays_open_for_it():
    scene = Scene(faults=())
    scene.write(ev.FaultRequested(fault="f1", experiment="{}", path="x", cwd="/", host="there"))
    for _ in range(2):
        settled = scene.settle(closing="aborted")
        assert not settled.reverted
        assert "only host there" in settled.rest[0].steps[0]
    assert scene.rollback_player.played == []
    assert len(scene.facts(ev.RevertFailed)) == 1
    assert scene.facts(ev.DrillClosed) == []


def test_a_host_that_lacks_something_reports_it_and_plays_nothing():
    scene = Scene()
    scene.rollback_player.missing = ("the variable TOKEN is not set",)
    machine = FakeMachine(scene.process("chaoslib", 12))
    settled = scene.settle(machine, by="worker", closing="aborted")
    assert "TOKEN" in settled.rest[0].steps[0]
    assert settled.rest[0].steps[1] == "fix it by hand"
    assert (scene.rollback_player.played, machine.log) == ([], [])
    assert scene.facts(ev.DrillClosed) == []
    scene.rollback_player.missing = ()
    assert scene.settle(by="worker", closing="aborted").reverted


def test_who_kept_the_fault_is_asked_for_nothing():
    scene = Scene()
    scene.rollback_player.missing = ("the variable TOKEN is not set",)
    assert scene.settle(by="keeper").reverted


def test_what_was_given_up_can_be_reverted_later_and_is_then_closed():
    scene = Scene(FAILED)
    scene.settle(closing="aborted")
    scene.rollback_player.outcomes = [DONE]
    assert scene.settle(by="command", closing="aborted").reverted
    assert [closed.reverted for closed in scene.facts(ev.DrillClosed)] == [False, True]
    assert scene.exposed() == ()


def test_another_hosts_commands_take_nothing_down_here():
    scene = Scene()
    scene.process("conductor", 10, host="there")
    scene.write(ev.EnvironmentBroughtUp(command=("up",), down=("shop", "down")))
    machine = FakeMachine()
    assert scene.settle(machine, by="worker", closing="aborted").reverted
    assert [entry for entry in machine.log if entry[0] == "run"] == []


def test_a_store_that_goes_away_delays_no_revert():
    scene = Scene()
    context = RevertContext(
        drill="d",
        by="keeper",
        store=scene.store,
        recorder=BufferedRecorder(scene.store, "d", source="keeper", now=scene.clock.now),
        clock=scene.clock,
        rollback_player=scene.rollback_player,
        machine=FakeMachine(),
    )
    told = store_reads.read(scene.store, "d")
    scene.store.fail_with("is gone")
    settled = scene.clock.run(revert.settle_history(told, context))
    assert settled.reverted
    scene.store.fail_with("")
    assert scene.clock.run(context.recorder.close(1.0))
    assert scene.exposed() == ()


deaths = st.lists(
    st.tuples(st.sampled_from(["conductor", "keeper", "command"]), st.floats(0.0, 4.0)), max_size=5
)
answers = st.lists(st.sampled_from([DONE, FAILED]), max_size=4).map(lambda found: [*found, DONE])


@settings(max_examples=60, deadline=None)
@given(deaths, answers, st.sampled_from([("f1",), ("f1", "f2")]))
def test_whoever_dies_while_reverting_the_last_one_leaves_nothing_exposed(deaths, answers, faults):
    scene = Scene(*answers, faults=faults)
    for number, (by, lives) in enumerate(deaths):
        machine = FakeMachine(me=Identity(pid=100 + number, started_ticks=1, boot="b"))
        scene.process(by, 100 + number)

        async def die(machine=machine, by=by, lives=lives):
            with suppress(TimeoutError):
                await asyncio.wait_for(scene.settling(machine, by=by), lives)

        scene.clock.run(die())
    settled = scene.settle(closing="aborted")
    assert settled.reverted
    assert scene.exposed() == ()
    assert {played[0] for played in scene.rollback_player.played} == set(faults)
    assert scene.facts(ev.DrillClosed)[-1].reverted


def test_where_the_method_may_go_on_its_fault_is_not_called_undone():
    scene, machine = Scene(), FakeMachine()
    hop = Descendant(who=Identity(pid=7, started_ticks=7, boot="b"), command="hop", left=True)
    machine.methods["f1"] = [hop]
    settled = scene.settle(machine, closing="aborted")
    assert not settled.reverted
    assert scene.facts(ev.FaultReverted) == []
    (failed,) = scene.facts(ev.RevertFailed)
    assert failed.final
    assert "could not be ended for certain: last seen as pid 7 `hop`" in failed.error
    assert failed.steps[0] == revert.END_BY_HAND
    assert len(scene.rollback_player.played) == 1

    machine.methods["f1"] = []  # a person has ended it
    assert scene.settle(machine, closing="aborted").reverted
