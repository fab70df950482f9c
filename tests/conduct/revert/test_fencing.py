"""Who may still inject is ended before the first rollback; nobody else is touched."""

from hypothesis import given
from hypothesis import strategies as st

from gameday.conduct import store_reads
from gameday.conduct.revert import fencing
from gameday.core.facts import drill as ev
from gameday.system.descent.tree import Descendant
from gameday.system.processes import Identity
from tests.conduct.machine import FakeMachine
from tests.conduct.revert.scene import Scene


def test_who_may_inject_is_ended_before_the_first_rollback():
    scene = Scene()
    machine = FakeMachine(
        scene.process("chaoslib", 12), scene.process("keeper", 11), scene.process("locust", 13)
    )
    played_when = []
    scene.rollback_player.on_play = lambda: played_when.append(list(machine.log))
    scene.settle(machine)
    # The keeper by its identity alone; the method's process last, with all that descends from it.
    assert played_when[0] == [("end", 11, False), ("end method", "f1"), ("end", 12, True)]


def test_a_living_conductor_goes_on_unless_the_drill_is_closed_for_it():
    scene = Scene()
    machine = FakeMachine(scene.process("conductor", 10))
    scene.settle(machine)
    assert ("end", 10, False) not in machine.log
    scene.settle(machine, by="keeper", closing="aborted")
    assert ("end", 10, False) in machine.log


def test_a_process_of_another_host_is_left_alone():
    scene = Scene()
    machine = FakeMachine(scene.process("keeper", 11, host="there"))
    scene.settle(machine)
    assert ("end", 11) not in [entry[:2] for entry in machine.log]


def test_a_process_whose_pid_is_now_anothers_is_left_alone():
    scene = Scene()
    recorded = scene.process("keeper", 11)
    machine = FakeMachine(recorded._replace(started_ticks=99))
    scene.settle(machine)
    assert [entry for entry in machine.log if entry[0] == "end"] == []


def test_of_a_conductor_that_is_ended_the_users_own_pipeline_goes_on():
    scene = Scene()
    machine = FakeMachine(scene.process("conductor", 10), scene.process("keeper", 11))
    scene.settle(machine, by="command", closing="aborted")
    assert machine.log[:2] == [("end", 10, False), ("end", 11, False)]


def test_every_methods_processes_are_ended_and_named_though_no_process_is_recorded():
    scene = Scene(faults=("f1", "f2"))
    machine = FakeMachine()
    left = Descendant(who=Identity(pid=77, started_ticks=7, boot="b"), command="server.py", activity="start")
    machine.methods["f2"] = [left]
    scene.settle(machine)
    assert [entry for entry in machine.log if entry[0] == "end method"] == [
        ("end method", "f1"),
        ("end method", "f2"),
    ]
    assert scene.facts(ev.MethodProcessEnded) == [
        ev.MethodProcessEnded(fault="f2", pid=77, command="server.py", activity="start")
    ]


def test_a_drill_that_closes_ends_the_commands_that_nobody_waits_for_and_what_they_started():
    scene = Scene()
    machine = FakeMachine(scene.process("responder", 14), scene.process("locust", 15))
    scene.settle(machine)
    assert ("end", 14, True) not in machine.log
    scene.settle(machine, by="command", closing="aborted")
    assert {("end", 14, True), ("end", 15, True)} <= set(machine.log)


ROLES = st.sampled_from([*fencing.FENCED, "locust", "command", "worker"])


@given(st.lists(st.tuples(ROLES, st.booleans(), st.booleans()), max_size=12))
def test_those_that_live_here_and_may_inject_are_found_in_the_order_in_which_they_are_killed(processes):
    scene, alive, expected = Scene(), [], []
    for pid, (role, here, lives) in enumerate(processes, start=10):
        who = scene.process(role, pid, host="here" if here else "there")
        alive += [who] if lives else []
        expected += [(role, who)] if here and lives and role in fencing.FENCED else []
    history = store_reads.read(scene.store, "d")
    living = fencing.living(history, FakeMachine(*alive), fencing.FENCED)
    assert sorted(living, key=str) == sorted(expected, key=str)
    order = [fencing.FENCED.index(role) for role, _ in living]
    assert order == sorted(order)
