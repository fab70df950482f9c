"""What descends from a process is found, whatever it has changed of itself, and ended for certain."""

import itertools
import os
import signal
import subprocess
import sys
import time

import pytest

from gameday.system import process_identity, processes
from gameday.system.descent import cgroup, fence, tree
from gameday.system.descent.record import MethodRecord, SeenProcesses


def eventually(condition, within=30.0):
    end = time.monotonic() + within
    while not (value := condition()):
        assert time.monotonic() < end
        time.sleep(0.01)
    return value


def lives(pid):
    stat = process_identity.read_stat(pid)
    return stat is not None and stat[0] not in "ZX"


SHELL = "sleep 300 & setsid sleep 300 & env -i setsid sleep 300 & wait"


@pytest.fixture
def shell():
    child = processes.start(["sh", "-c", SHELL])
    yield child
    tree.end_with_descendants(child.identity)
    child.kill()


@pytest.fixture(params=["children files", "one pass"])
def look(request, monkeypatch):
    """Both ways to find children: not every kernel has the files."""
    if request.param == "one pass":
        exists = tree.Path.exists
        monkeypatch.setattr(tree.Path, "exists", lambda p: p.name != "children" and exists(p))


@pytest.mark.usefixtures("look")
def test_descendants_are_found_in_other_sessions_and_environments_with_their_parents(shell):
    eventually(lambda: [tree.command_of(who.pid) for who in tree.below(shell.pid)] == ["sleep 300"] * 3)
    assert set(tree.below(shell.pid).values()) == {shell.pid}


def test_everything_below_is_ended_but_for_the_branches_that_are_spared(shell):
    found = list(eventually(lambda: len(tree.below(shell.pid)) == 3 and tree.below(shell.pid)))
    ended = tree.end_below(shell.pid, lambda who: who == found[0])
    assert {one.who for one in ended} == set(found[1:])
    assert [lives(who.pid) for who in found] == [True, False, False]


def test_a_process_ends_with_its_descendants_and_what_is_left_in_its_session():
    child = processes.start(["sh", "-c", "(sleep 300 &) ; exec sleep 300"])
    other = eventually(
        lambda: [who for who in tree.in_session(child.pid) if who not in tree.below(child.pid)]
    )[0]
    tree.end_with_descendants(child.identity)
    child.wait(5)
    assert not lives(other.pid)


def test_what_forks_without_end_is_ended():
    # bounded: where this test is killed itself, nobody is left to end what it started
    fork = "import os,time\nend=time.time()+20\nwhile time.time()<end:\n    if os.fork(): os._exit(0)\n    time.sleep(0.001)"
    host = f"import subprocess,sys,time\nfrom gameday.system.descent import tree\ntree.become_subreaper()\nsubprocess.Popen([sys.executable,'-c',{fork!r}])\ntime.sleep(60)"
    child = processes.start([sys.executable, "-c", host])
    eventually(lambda: tree.below(child.pid))
    time.sleep(0.5)
    tree.end_with_descendants(child.identity, tree.nobody)
    child.wait(5)
    ends = [p for p in tree.Path("/proc").glob("[0-9]*/cmdline") if b"os._exit(0)" in _read(p)]
    assert ends == []


HOPS = """
import os, sys, time
end = time.time() + 30
while time.time() < end:
    if os.fork():
        os._exit(0)
    os.setsid()
    time.sleep(0.002)
"""


@pytest.fixture
def hops():
    """A process above a chain whose each link starts the next one in a session of its own, and ends."""
    host = (
        "import os,subprocess,sys,time\nfrom gameday.system.descent import tree\ntree.become_subreaper()\n"
        f"subprocess.Popen([sys.executable,'-c',{HOPS!r}])\n"
        "end=time.time()+30\nwhile time.time()<end:\n"
        "    try: os.waitpid(-1, 0)\n    except OSError: time.sleep(0.01)\n"
    )
    child = processes.start([sys.executable, "-c", host])
    eventually(lambda: tree.below(child.pid))
    time.sleep(0.5)
    yield child
    child.kill()


def test_a_chain_that_hops_from_session_to_session_is_ended_and_shown_with_its_command(hops):
    ended = tree.end_below(hops.pid)
    assert tree.below(hops.pid) == {}
    assert ended
    assert not any(one.left for one in ended)
    assert any("import os, sys, time" in one.command for one in ended)


def test_what_can_not_be_confirmed_gone_is_given_as_left():
    pids = itertools.count(2**22 - 1000)
    never_twice = (process_identity.Identity(pid=pid, started_ticks=1, boot="b") for pid in pids)
    given = tree.end_all(lambda: [next(never_twice)], within=0.05)
    assert [one.left for one in given] == [*[False] * (len(given) - 1), True]
    assert f"could not be ended for certain: last seen as pid {given[-1].who.pid}" in fence.left_text(given)
    assert fence.left_text(given[:-1]) == ""


def _read(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_ticks_are_those_of_processes_start_times():
    before = tree.next_tick()
    child = processes.start(["sleep", "60"])
    assert before < child.identity.started_ticks <= tree.ticks_now()
    child.kill()


def test_an_orphan_is_kept_while_all_that_inject_live_and_a_stranger_when_one_has_died(tmp_path):
    code = """
import os, subprocess, sys, time
from gameday.system import processes
from gameday.system.descent import tree
from gameday.system.descent.orphans import Orphans
tree.become_subreaper()
orphans, source = Orphans(), processes.start(["sleep", "60"])
orphans.doubted.add(source.identity)
def orphan():
    before = set(tree.children(os.getpid()))
    subprocess.run(["sh", "-c", "setsid sleep 300 >/dev/null 2>&1 &"], check=True)
    while not (came := set(tree.children(os.getpid())) - before): time.sleep(0.01)
    return came.pop()
first = orphan(); kept = {who.pid for who in orphans.look()}
source.kill(); second = orphan(); orphans.look()
strange = {who.pid for who in orphans.strangers()}
os.kill(first, 9); os.kill(second, 9); time.sleep(0.2)
orphans.look(); orphans.look()
print(kept == {first}, strange == {second}, tree.children(os.getpid()) == [])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["True", "True", "True"], done.stderr


def test_a_record_reads_what_was_written_and_passes_over_what_is_damaged(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    record, me = MethodRecord("../../evil", "a/b"), processes.me()
    record.add(child=me)
    record.add(cgroup=tmp_path)
    record.add(seen=me, command="x", activity="y")
    record.add(fenced=7)
    with record.path.open("a") as file:
        file.write('{"seen": {"pid": 1}}\n{"half')
    seen = record.read()
    assert record.path.is_relative_to(tmp_path / "gameday" / "methods")
    assert (seen.child, seen.cgroup, seen.fenced) == (me, tmp_path, 7)
    assert seen.seen[me].activity == "y"
    assert not seen.is_method(me)
    record.remove()
    assert record.read() == SeenProcesses()


def test_a_cgroup_holds_what_drops_everything_else_and_kills_it(shell):
    if why := cgroup.usable():
        pytest.skip(why)
    folder = cgroup.make(f"gameday-test-{os.getpid()}")
    child = processes.start(["sh", "-c", "sleep 0.5; (env -i setsid sleep 300 &) ; exec sleep 300"])
    assert cgroup.enter(folder, child.pid)
    pids = eventually(lambda: len(cgroup.members(folder)) >= 2 and cgroup.members(folder))
    assert cgroup.kill(folder)
    assert not any(map(lives, pids))
    assert cgroup.remove(folder)
    child.wait(5)


def test_a_kernel_without_cgroup_kill_freezes_first(monkeypatch):
    if why := cgroup.usable():
        pytest.skip(why)
    monkeypatch.setattr(cgroup, "_kill_at_once", lambda folder: False)
    folder = cgroup.make(f"gameday-test-frozen-{os.getpid()}")
    child = processes.start(["sh", "-c", "while true; do sleep 0.01; done"])
    assert cgroup.enter(folder, child.pid)
    assert cgroup.kill(folder)
    assert cgroup.remove(folder)
    assert child.wait(5) == -signal.SIGKILL


def test_our_own_cgroup_is_never_killed_and_the_switch_forbids_all(monkeypatch):
    if why := cgroup.usable():
        pytest.skip(why)
    assert not cgroup.kill(cgroup.own())
    monkeypatch.setenv(cgroup.SWITCH, "off")
    assert cgroup.make("gameday-test-off") is None
    assert cgroup.usable() == "GAMEDAY_CGROUP=off"
