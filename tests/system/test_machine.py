"""This machine ends exactly the processes that it is asked to, and runs commands to their end."""

import asyncio
import signal
import sys

import pytest

from gameday.system import machine, processes
from gameday.system.descent.record import MethodRecord
from gameday.system.machine import ThisMachine

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def start():
    started = []

    def begin(**more):
        started.append(processes.start(SLEEPER, **more))
        return started[-1]

    yield begin
    for each in started:
        each.kill()


@pytest.mark.parametrize("descendants", [True, False])
def test_a_process_that_was_ended_is_gone(start, descendants):
    who, here = start().identity, ThisMachine()
    assert here.alive(who)
    assert asyncio.run(here.end(who, descendants=descendants))
    assert not here.alive(who)


def test_a_stopped_process_is_alive_and_stopped(start):
    who, here = start().identity, ThisMachine()
    assert not here.stopped(who)
    processes.send(who, signal.SIGSTOP)
    while not here.stopped(who):
        pass
    assert here.alive(who)


def test_a_sweep_ends_what_carries_the_drills_marker_and_spares_what_is_named(start):
    here = ThisMachine()
    spared, swept = (start(drill="d-machine-sweep").identity for _ in range(2))
    other = start(drill="d-machine-another").identity
    assert asyncio.run(here.sweep("d-machine-sweep", spare=[spared])) == 1
    assert [here.alive(who) for who in (spared, swept, other)] == [True, False, True]


def test_the_method_of_a_fault_is_ended_once_and_its_record_can_be_removed(start):
    here, record = ThisMachine(), MethodRecord("d-machine-method", "f1")
    child, left, lives = (start().identity for _ in range(3))
    record.add(child=child)
    record.add(seen=left, command="left", activity="break it")
    record.add(seen=lives, command="lives", activity="restart it")
    record.add(lives=lives)
    ended = asyncio.run(here.end_method("d-machine-method", "f1"))
    assert [(one.who, one.activity) for one in ended] == [(left, "break it")]
    assert [here.alive(who) for who in (child, left, lives)] == [False, False, True]
    # What is born from now on is the environment's, whatever a record says of it.
    later = start().identity
    record.add(seen=later, command="later", activity="")
    assert asyncio.run(here.end_method("d-machine-method", "f1")) == []
    assert here.alive(later)
    here.forget_method("d-machine-method", "f1")
    assert not record.path.exists()


def test_a_command_runs_in_the_machines_folder_with_our_own_commands(tmp_path):
    ran = asyncio.run(ThisMachine(cwd=tmp_path).run(["sh", "-c", "pwd; command -v gameday"]))
    assert ran.exit_code == 0
    assert ran.output.splitlines()[0] == str(tmp_path)
    assert ran.output.splitlines()[1].endswith("/gameday")


def test_the_fact_of_a_process_identifies_it_on_this_host(start):
    who = start().identity
    fact = machine.started("keeper", who)
    assert (fact.role, fact.pid, fact.started_ticks, fact.boot) == (
        "keeper",
        *(who.pid, who.started_ticks, who.boot),
    )
    assert fact.host == processes.hostname()
    assert machine.started("keeper", who, host="elsewhere").host == "elsewhere"
