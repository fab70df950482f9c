"""Every way in which Chaos Toolkit is known to lose a rollback or to say that all is well, one by one.

Those about signals, timeouts, background activities and the hypothesis are in test_supervised.py; what kills
a process is in tests/test_keeper.py; files that `chaos validate` lets pass are in tests/formats.
"""

import json
import signal
import time

import pytest

from gameday.core.facts import drill as ev
from gameday.system import processes
from tests.faults.building import conduct, experiment, fault_off, fault_on, probe_on, python

CONTROL = {"name": "c", "provider": {"type": "python", "module": "chaos_actions"}}


async def hold_then_release(run, recorded):
    await recorded.wait(ev.FaultHeld)
    await run.release()


@pytest.mark.parametrize(
    "number", [signal.SIGUSR1, signal.SIGUSR2, signal.SIGTERM, signal.SIGINT, signal.SIGHUP]
)
def test_no_ending_signal_skips_the_rollbacks_of_a_held_fault(target, tmp_path, number):
    async def script(run, recorded):
        await recorded.wait(ev.FaultHeld)
        processes.send(run.identity, number)

    _, outcome = conduct(experiment(target.url), tmp_path, script)
    assert outcome.settled.undone
    assert [change for _, change in target.changes] == ["on", "off"]


def test_a_safeguard_that_trips_does_not_skip_the_rollbacks(target, tmp_path, monkeypatch):
    monkeypatch.setenv("CONTROL_INTERRUPTS", "nap")
    method = [fault_on(target.url), python("nap", "nap", seconds=0.1), fault_on(target.url)]
    _, outcome = conduct(experiment(target.url, method=method, controls=[CONTROL]), tmp_path)
    assert outcome.settled.undone
    assert [change for _, change in target.changes] == ["on", "off"]


def test_a_control_that_breaks_neither_releases_the_fault_nor_skips_its_rollbacks(
    target, tmp_path, monkeypatch
):
    monkeypatch.setenv("CONTROL_BREAKS", "fault-on")
    recorded, outcome = conduct(experiment(target.url, controls=[CONTROL]), tmp_path, hold_then_release)
    assert recorded.of_kind(ev.FaultHeld)
    assert outcome.settled.undone


def test_an_experiments_own_controls_do_not_silence_what_is_reported(target, tmp_path):
    recorded, _ = conduct(experiment(target.url, controls=[CONTROL]), tmp_path, hold_then_release)
    names = [type(fact).__name__ for fact in recorded.facts if not isinstance(fact, ev.ProcessStarted)]
    assert names == [
        "FaultInjected", "ActivityStarted", "ActivityFinished", "FaultHeld",
        "RevertAttempted", "ActivityStarted", "ActivityFinished",
    ]  # fmt: skip


def test_an_after_probe_that_raises_does_not_lose_the_rollbacks(target, tmp_path):
    asked = {**python("gone", "boom", kind="probe"), "tolerance": True}
    method = [fault_on(target.url), asked]
    _, outcome = conduct(experiment(target.url, method=method), tmp_path)
    assert outcome.settled.undone
    assert not target.on


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_pause_does_not_delay_an_abort(target, tmp_path, when):
    paused = {**python("idle", "nap", seconds=0.0), "pauses": {when: 30}}
    aborted = []

    async def script(run, recorded):
        await recorded.until(lambda: target.on)
        aborted.append(time.monotonic())
        run.abort()

    conduct(experiment(target.url, method=[fault_on(target.url), paused]), tmp_path, script)
    assert time.monotonic() - aborted[0] < 3.0


def test_the_fault_begins_after_a_pause_and_not_before_it(target, tmp_path):
    late = {**fault_on(target.url), "pauses": {"before": 1.5}}
    made = experiment(target.url, method=[late], probed=True)
    recorded, _ = conduct(made, tmp_path, hold_then_release)
    times = list(zip(recorded.facts, recorded.at, strict=True))
    (began,) = [at for fact, at in times if isinstance(fact, ev.FaultInjected)]
    asked = next(at for fact, at in times if isinstance(fact, ev.ExposureProbed))
    assert asked + 1.5 - 1e-3 <= began <= target.times("on")[0]


def test_a_failed_action_is_reported_although_the_journal_says_completed(target, tmp_path):
    recorded, _ = conduct(
        experiment(target.url, method=[python("boom", "boom")]), tmp_path, hold_then_release
    )
    assert recorded.of_kind(ev.ActivityFinished)[0].status == "failed"
    assert json.loads((tmp_path / "journal.json").read_text())["status"] == "completed"


def test_an_experiment_has_a_process_of_its_own_in_which_nothing_calls_home(target, tmp_path):
    seen = []

    async def script(run, recorded):
        seen.append(run.identity.pid)
        await hold_then_release(run, recorded)

    recorded, _ = conduct(
        experiment(target.url, method=[python("me", "about_this_process")]), tmp_path, script
    )
    output = json.loads(recorded.of_kind(ev.ActivityFinished)[0].output)
    assert output == {"pid": seen[0], "chaos command": False}


def test_dry_in_an_experiment_stops_no_action_and_the_fault_is_undone(target, tmp_path):
    recorded, outcome = conduct(experiment(target.url, dry="actions"), tmp_path, hold_then_release)
    assert recorded.of_kind(ev.FaultInjected)
    assert outcome.settled.undone
    assert not target.on


def test_one_rollback_that_fails_does_not_skip_the_next(target, tmp_path):
    rollbacks = [python("boom", "boom"), fault_off(target.url)]
    _, outcome = conduct(experiment(target.url, rollbacks=rollbacks), tmp_path)
    assert not target.on
    assert not outcome.settled.undone  # one of them failed: the ledger plays them again


def test_rollbacks_that_say_well_done_and_do_nothing_are_found_out_by_the_probe(target, tmp_path):
    made = experiment(target.url, rollbacks=[probe_on(target.url)], probed=True)
    _, outcome = conduct(made, tmp_path)
    assert not outcome.settled.undone
