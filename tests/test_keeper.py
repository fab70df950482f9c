"""The fault keeper on real processes: whatever dies, the fault is undone."""

import contextlib
import json
import os
import signal
import sqlite3
import sys
import time
from pathlib import Path

import pytest

from gameday import ports, wiring
from gameday.core import exposure
from gameday.core.facts import drill as ev
from gameday.core.facts import history
from gameday.system import process_identity, processes
from gameday.system.descent import cgroup
from tests.faults.building import HERE, experiment, fault_off, fault_on, python
from tests.faults.target import Target

pytestmark = pytest.mark.kill
ROOT = HERE.rpartition("/tests/")[0]


@pytest.fixture
def target():
    service = Target()
    yield service
    service.close()


class Game:
    """One drill conducted by a process that a test may kill."""

    def __init__(self, tmp_path, target):
        self.target = target
        self.folder = tmp_path / "d1"
        self.folder.mkdir()
        self.url = f"sqlite:///{tmp_path}/g.db"
        self.store = wiring.store(self.url)
        self.down = tmp_path / "taken-down"
        self.drill = f"d-{os.getpid()}-{time.monotonic_ns()}"
        self.conductor = None

    def start(self, made, *, up=False, until=ev.FaultHeld):
        argv = [sys.executable, "-m", "tests.faults.conductor", self.url, self.drill, str(self.folder)]
        argv += [json.dumps(made), *([str(self.down)] if up else [])]
        self.conductor = processes.start(argv, cwd=ROOT, stdout=processes.PIPE)
        if until is not None:
            self.wait(until)

    def facts(self, kind=None):
        try:
            found = [stored.event for stored in self.store.read(self.drill)]
        except LookupError:
            found = []
        return [e for e in found if kind is None or isinstance(e.fact, kind)]

    def wait(self, kind, within=60.0):
        return eventually(lambda: self.facts(kind), within, f"no {kind.__name__}: {self.facts()}")[-1]

    def process(self, role):
        fact = next(e.fact for e in reversed(self.facts(ev.ProcessStarted)) if e.fact.role == role)
        return processes.Identity(pid=fact.pid, started_ticks=fact.started_ticks, boot=fact.boot)

    def kill(self, role, number=signal.SIGKILL):
        at = time.time()
        assert processes.send(self.process(role), number)
        return at

    def exposed(self):
        return exposure.open_faults(history.from_events(self.facts()))

    def end(self):
        if self.conductor is not None:
            self.conductor.kill()
        processes.sweep(self.drill)
        self.store.close()


def eventually(look, within=60.0, message="it did not come true in time"):
    end = time.monotonic() + within
    while not (found := look()):
        assert time.monotonic() < end, message
        time.sleep(0.02)
    return found


@pytest.fixture
def game(tmp_path, target):
    game = Game(tmp_path, target)
    yield game
    game.end()


def test_a_killed_conductor_leaves_no_fault_no_process_and_a_closed_drill(game, target):
    game.start(experiment(target.url), up=True)
    until = game.store.read(game.drill)[0].event.recorded_at + 3600
    game.store.take_lease(
        ports.Lease(environment="test", drill=game.drill, holder="c", since=0.0, until=until)
    )
    died = game.kill("conductor")
    closed = game.wait(ev.DrillClosed)
    assert closed.fact == ev.DrillClosed(how="aborted", reverted=True)
    assert target.times("off")[0] - died <= 1.0
    assert [e.fact.reason for e in game.facts(ev.AbortRequested)] == ["conductor-lost"]
    assert game.down.exists()
    assert game.exposed() == ()
    eventually(lambda: not processes.marked(game.drill))
    assert game.store.lease("test") is None


def test_a_stopped_conductor_is_ended_and_its_fault_reverted_within_five_seconds(game, target):
    game.start(experiment(target.url))
    stopped = game.kill("conductor", signal.SIGSTOP)
    game.wait(ev.DrillClosed)
    assert target.times("off")[0] - stopped <= 5.0
    eventually(lambda: not processes.alive(game.process("conductor")))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_the_keeper_is_an_abort_and_not_its_death(game, target, number):
    game.start(experiment(target.url))
    sent = game.kill("keeper", number)
    game.wait(ev.FaultReverted)
    assert target.times("off")[0] - sent <= 1.0
    assert game.facts(ev.AbortRequested)[0].fact.reason == "interrupted"
    assert processes.alive(game.process("keeper"))


def test_a_killed_chaos_toolkit_process_is_replaced_by_the_ledger(game, target):
    game.start(experiment(target.url))
    died = game.kill("chaoslib")
    reverted = game.wait(ev.FaultReverted)
    assert (reverted.fact.how, reverted.fact.by) == ("rolled-back", "keeper")
    assert target.times("off")[0] - died <= 1.0
    assert not game.facts(ev.FaultFailed)[0].fact.definite


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_standby_costs_the_revert_no_new_process(game, target, number):
    game.start(experiment(target.url))
    standby = game.process("standby")
    game.kill("standby", number)
    game.kill("chaoslib")
    game.wait(ev.FaultReverted)
    assert game.process("standby") == standby
    assert not target.on


def test_a_killed_keeper_is_noticed_at_once_and_the_orphan_rolls_back_by_itself(game, target):
    game.start(experiment(target.url))
    died = game.kill("keeper")
    assert game.conductor.stdout.readline() == b"keeper lost\n"
    assert time.time() - died <= 1.0
    eventually(lambda: not target.on)
    assert target.times("off")[0] - died <= 1.0


def test_an_orphan_that_cannot_stop_starts_over_with_its_rollbacks(game, target):
    made = experiment(target.url, method=[*experiment(target.url)["method"], python("nap", "stubborn_nap")])
    game.start(made, until=ev.FaultInjected)
    eventually(lambda: target.on)
    chaoslib = game.process("chaoslib")
    game.kill("keeper")
    eventually(lambda: not target.on)
    eventually(lambda: not processes.alive(chaoslib))


def test_keeper_and_conductor_killed_together_leave_the_child_to_roll_back(game, target):
    game.start(experiment(target.url))
    died = game.kill("keeper")
    game.kill("conductor")
    eventually(lambda: not target.on)
    assert target.times("off")[0] - died <= 1.0


def test_a_method_that_swallows_the_signal_is_fenced_and_the_ledger_played(game, target):
    made = experiment(target.url, method=[*experiment(target.url)["method"], python("nap", "stubborn_nap")])
    game.start(made, until=ev.FaultInjected)
    eventually(lambda: target.on)
    died = game.kill("conductor")
    game.wait(ev.DrillClosed)
    assert target.times("off")[0] - died <= 1.0
    assert not target.on


def test_a_grandchild_in_a_session_of_its_own_cannot_inject_after_the_fence(game, target):
    late = python("late", "late_child", url=target.url, after=1.5)
    made = experiment(
        target.url, method=[*experiment(target.url)["method"], late, python("nap", "stubborn_nap")]
    )
    game.start(made, until=None)
    eventually(lambda: [e for e in game.facts(ev.ActivityFinished) if e.fact.activity == "late"])
    game.kill("conductor")
    game.wait(ev.DrillClosed)
    time.sleep(2.0)  # past the moment at which the grandchild would have injected
    assert not target.on


LEAVING = ("plain", "nohup", "daemon", "bare", "python")


def pid_in(file):
    eventually(lambda: file.exists() and file.read_text().strip(), message=f"nothing wrote {file}")
    return int(file.read_text())


def lives(pid):
    stat = process_identity.read_stat(pid)
    return stat is not None and stat[0] not in "ZX"


@pytest.fixture
def ending():
    """Pids that are ended after the test, whatever it has found."""
    pids = []
    yield pids
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture(params=["cgroup", "descent"])
def known_by(request, monkeypatch):
    if request.param == "descent":
        monkeypatch.setenv(cgroup.SWITCH, "off")
    elif why := cgroup.usable():
        pytest.skip(f"no cgroup can be used here: {why}")
    return request.param


@pytest.mark.usefixtures("known_by")
@pytest.mark.parametrize("victim", ["conductor", "chaoslib", "keeper"])
def test_what_a_rollback_leaves_running_outlives_the_drill(game, tmp_path, victim, ending):
    target = game.target
    files = {how: tmp_path / how for how in LEAVING}
    starts = [python(how, "leave", pidfile=str(file), how=how) for how, file in files.items()]
    game.start(experiment(target.url, rollbacks=[*starts, fault_off(target.url)]))
    keeper = game.process("keeper")
    game.kill(victim)
    eventually(lambda: target.times("off"))
    pids = {how: pid_in(file) for how, file in files.items()}
    ending += pids.values()
    if victim == "conductor":
        game.wait(ev.DrillClosed)
        eventually(lambda: not processes.alive(keeper))
    else:
        time.sleep(1.0)
        game.end()
    assert [how for how, pid in pids.items() if not lives(pid)] == []


@pytest.mark.usefixtures("known_by")
@pytest.mark.parametrize("victims", [("conductor",), ("chaoslib",), ("keeper",), ("keeper", "conductor")])
def test_what_the_method_leaves_running_ends_before_the_first_rollback(game, tmp_path, victims, ending):
    target = game.target
    files = {how: tmp_path / how for how in LEAVING}
    again = f"sleep 2; curl -s -X POST {target.url}/fault/on"
    starts = [
        python(how, "leave", pidfile=str(file), how=how, marker="sleep 300") for how, file in files.items()
    ]
    breaks = {
        "type": "action",
        "name": "break again",
        "provider": {
            "type": "process",
            "path": "sh",
            "arguments": ["-c", f"(env -i PATH=$PATH setsid sh -c '{again}' >/dev/null 2>&1 &) &"],
        },
    }
    game.start(experiment(target.url, method=[fault_on(target.url), *starts, breaks]))
    pids = {how: pid_in(file) for how, file in files.items()}
    ending += pids.values()
    died = time.time()
    for victim in victims:
        game.kill(victim)
    eventually(lambda: target.times("off"))
    assert [how for how, pid in pids.items() if lives(pid)] == []
    time.sleep(max(0.0, died + 3.0 - time.time()))
    assert not target.on


def test_what_was_ended_is_named_with_the_action_that_started_it(game, target, tmp_path, ending):
    file = tmp_path / "left"
    method = [fault_on(target.url), python("leave it", "leave", pidfile=str(file), how="daemon")]
    game.start(experiment(target.url, method=method))
    ending.append(pid_in(file))
    game.kill("conductor")
    game.wait(ev.DrillClosed)
    assert [(e.fact.pid, e.fact.activity, e.fact.command) for e in game.facts(ev.MethodProcessEnded)] == [
        (ending[0], "leave it", "sleep 300")
    ]


@pytest.mark.usefixtures("known_by")
@pytest.mark.parametrize("victim", ["conductor", "chaoslib"])
def test_an_action_that_restarts_a_service_says_so_and_it_lives(game, tmp_path, victim, ending):
    target = game.target
    files = {how: tmp_path / how for how in LEAVING}
    starts = [python(how, "leave", pidfile=str(file), how=how) for how, file in files.items()]
    made = experiment(target.url, method=[fault_on(target.url), *starts])
    made["extensions"] = [{"name": "gameday", "leaves-running": list(LEAVING)}]
    game.start(made)
    pids = {how: pid_in(file) for how, file in files.items()}
    ending += pids.values()
    game.kill(victim)
    eventually(lambda: target.times("off"))
    game.wait(ev.FaultReverted)
    assert [how for how, pid in pids.items() if not lives(pid)] == []
    assert game.facts(ev.MethodProcessEnded) == []


def test_a_rollback_that_fails_is_tried_again_with_each_try_in_the_history(game, target):
    game.start(experiment(target.url))
    target.refuse = 2
    game.kill("conductor")
    closed = game.wait(ev.DrillClosed, within=60.0)
    assert closed.fact.reverted
    assert not target.on
    assert [e.fact.attempt for e in game.facts(ev.RevertFailed)] == [1, 2]
    assert [e.fact.attempt for e in game.facts(ev.RevertAttempted)] == [1, 2, 3]


def test_what_the_team_undid_is_not_undone_again(game, target):
    game.start(experiment(target.url, probed=True))
    target.change("off")
    game.kill("conductor")
    game.wait(ev.DrillClosed)
    assert game.facts(ev.FaultReverted)[0].fact.how == "already-undone"
    assert len(target.times("off")) == 1


def test_a_conductor_that_dies_before_anything_was_injected_closes_with_never_injected(game, target):
    made = experiment(
        target.url, method=[python("nap", "nap", kind="probe"), *experiment(target.url)["method"]]
    )
    made["method"][0]["pauses"] = {"before": 30}
    game.start(made, until=None)
    roles = ("keeper", "standby", "chaoslib")
    eventually(lambda: {e.fact.role for e in game.facts(ev.ProcessStarted)} >= set(roles))
    game.wait(ev.FaultRequested)
    game.kill("conductor")
    game.wait(ev.DrillClosed)
    assert game.facts(ev.FaultReverted)[0].fact.how == "never-injected"
    assert target.changes == []


def test_the_processes_that_were_prepared_are_those_that_inject_and_stand_by(game, target):
    game.start(experiment(target.url))
    roles = [e.fact.role for e in game.facts(ev.ProcessStarted)]
    assert roles.count("chaoslib") == roles.count("standby") == 1


def test_the_history_stays_sound_and_whole(game, target):
    game.start(experiment(target.url))
    game.kill("conductor")
    game.wait(ev.DrillClosed)
    assert game.store.verify(game.drill) == []
    assert {"chaoslib", "standby", "keeper", "conductor"} == {
        e.fact.role for e in game.facts(ev.ProcessStarted)
    }


def test_what_the_frozen_policy_does_not_allow_is_refused_by_the_keeper_too(game, target):
    made = experiment(target.url)
    made["method"][0]["provider"]["module"] = "os"
    game.start(made, until=ev.FaultReverted)
    assert "policy" in game.facts(ev.FaultFailed)[0].fact.error
    assert game.facts(ev.FaultFailed)[0].fact.definite
    assert game.facts(ev.FaultReverted)[0].fact.how == "never-injected"
    assert not [e for e in game.facts(ev.ProcessStarted) if e.fact.role == "chaoslib"]
    assert target.changes == []


def test_a_store_that_is_locked_delays_no_revert_and_loses_no_event(game, target):
    game.start(
        experiment(target.url, method=[fault_on(target.url), python("nap", "stubborn_nap")]),
        until=ev.FaultInjected,
    )
    eventually(lambda: target.on)
    lock = sqlite3.connect(game.url.removeprefix("sqlite:///"))
    lock.execute("BEGIN IMMEDIATE")
    died = game.kill("conductor")
    eventually(lambda: not target.on)
    assert target.times("off")[0] - died <= 2.0
    lock.rollback()
    lock.close()
    assert game.wait(ev.DrillClosed).fact.reverted
    assert game.facts(ev.FaultReverted)


def test_a_store_that_is_gone_delays_no_revert_and_gets_its_events_when_it_is_back(game, target):
    game.start(experiment(target.url))
    file = Path(game.url.removeprefix("sqlite:///"))
    keeper, conductor = game.process("keeper"), game.process("conductor")
    file.rename(file.with_name("away.db"))
    died = time.time()
    processes.send(conductor, signal.SIGKILL)
    eventually(lambda: not target.on)
    assert target.times("off")[0] - died <= 2.0
    eventually(lambda: not processes.alive(keeper), within=60.0)
    file.with_name("away.db").rename(file)
    game.store = wiring.store(game.url, file.parent)
    assert game.wait(ev.DrillClosed).fact.reverted
    assert game.exposed() == ()
