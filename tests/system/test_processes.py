"""Processes on the real machine."""

import os
import signal
import sys
import time

import pytest

from gameday.system import ids, processes

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def child():
    started = processes.start(SLEEPER, drill="d-test-processes")
    yield started
    started.kill()


def eventually(condition, within=30.0):
    end = time.monotonic() + within
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False


def test_a_child_leads_a_session_of_its_own(child):
    assert os.getsid(child.pid) == child.pid


def test_an_identity_ends_with_its_process(child):
    who = child.identity
    assert processes.alive(who)
    assert child.kill()
    assert not processes.alive(who)
    assert not processes.send(who, signal.SIGTERM)


def test_a_reused_pid_is_not_the_same_process(child):
    other = processes.Identity(
        pid=child.pid, started_ticks=child.identity.started_ticks + 1, boot=child.identity.boot
    )
    assert not processes.alive(other)
    assert not processes.send(other, signal.SIGKILL)
    assert child.poll() is None


def test_another_boots_process_is_not_ours(child):
    other = processes.Identity(pid=child.pid, started_ticks=child.identity.started_ticks, boot="x")
    assert not processes.alive(other)


def test_a_zombie_is_not_alive():
    child = processes.start([sys.executable, "-c", ""])
    assert eventually(lambda: not processes.alive(child.identity))
    assert child.wait(5) == 0


def test_marked_processes_are_found_and_swept_with_their_setsid_grandchildren(child):
    code = f"import subprocess,time;subprocess.Popen({SLEEPER!r},start_new_session=True);time.sleep(60)"
    parent = processes.start([sys.executable, "-c", code], drill="d-test-sweep")
    assert eventually(lambda: len(processes.marked("d-test-sweep")) == 2)
    assert processes.sweep("d-test-sweep") == 2
    assert processes.marked("d-test-sweep") == []
    assert processes.alive(child.identity)
    parent.kill()


def test_the_sweep_spares_whom_it_is_told_to(child):
    assert processes.sweep("d-test-processes", spare=[child.identity]) == 0
    assert processes.alive(child.identity)


def test_kill_and_wait_ends_a_stopped_process(child):
    os.kill(child.pid, signal.SIGSTOP)
    assert processes.kill_and_wait(child.identity, within=5)
    child.wait(5)


def test_drill_ids_are_safe_as_file_names_and_differ():
    made = {ids.SystemIds().drill("api-latency-spike") for _ in range(50)}
    assert len(made) > 40
    assert all(part.replace("-", "").isalnum() for part in made)
