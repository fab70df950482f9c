"""Whatever a control does, in whichever hook: what was injected is undone, and no more than a few plays are needed."""

import asyncio
import itertools
import time

import pytest

from gameday.core.facts import drill as ev
from gameday.core.values import DrillId
from gameday.faults import supervised_experiment
from gameday.faults.rollbacks.player import ChildRollbackPlayer
from tests.faults.building import (
    DRILL,
    RecordedFacts,
    conduct,
    experiment,
    fault_on,
    probe_on,
    python,
    request,
    supervise,
)
from tests.faults.test_hazards import hold_then_release

CONTROL = {"name": "hostile", "provider": {"type": "python", "module": "hostile_control"}}
DEEDS = ("append", "empty", "replace", "leave", "interrupt", "vanish", "close", "shout", "move")
HOOKS = (
    "configure_control",
    "before_experiment_control",
    "after_experiment_control",
    "before_method_control",
    "after_method_control",
    "before_rollback_control",
    "after_rollback_control",
    "before_activity_control",
    "after_activity_control",
)


async def end_soon(run, recorded):
    """Abort once the fault is held, or once nothing more happens."""
    for _ in range(200):
        if recorded.of_kind(ev.FaultHeld) or run._process.gone:
            break
        await asyncio.sleep(0.01)
    run.abort()


def settle(outcome, made):
    """Play the rollbacks as the keeper does, once, where the fault's own process did not undo it."""
    if (outcome.settled is not None and outcome.settled.undone) or not outcome.touched:
        return True

    async def play():
        player = ChildRollbackPlayer(DrillId("d-foreign"))
        try:
            return await player.play(request(made), 2, "keeper", RecordedFacts(), ask=outcome.certain)
        finally:
            await player.close()

    return asyncio.run(play()).undone


# Each hook with a deed of its own, and each deed at the rollbacks: all pairs take minutes.
PAIRS = sorted({*zip(HOOKS, itertools.cycle(DEEDS)), *(("after_rollback_control", deed) for deed in DEEDS)})


@pytest.mark.parametrize(("hook", "deed"), PAIRS)
def test_what_was_injected_is_undone_whatever_a_control_does(target, tmp_path, monkeypatch, hook, deed):
    monkeypatch.setenv("HOSTILE_HOOK", hook)
    monkeypatch.setenv("HOSTILE_DEED", deed)
    made = experiment(target.url, controls=[CONTROL])
    _, outcome = conduct(made, tmp_path, end_soon)
    assert settle(outcome, made)
    assert not target.on


@pytest.mark.parametrize(
    "hook", ["after_activity_control", "after_method_control", "before_rollback_control"]
)
def test_a_control_that_hangs_delays_the_end_of_a_hold_by_no_more_than_its_bound(
    target, tmp_path, monkeypatch, hook
):
    monkeypatch.setenv("HOSTILE_HOOK", hook)
    monkeypatch.setenv("HOSTILE_DEED", "hang")
    monkeypatch.setattr(supervised_experiment, "CONTROL_PATIENCE", 1.0)
    monkeypatch.setattr(supervised_experiment, "ROLLBACK_SILENCE", 2.0)
    released = []

    async def release(run, recorded):
        await recorded.wait(ev.FaultInjected)
        await run.release()
        released.append(time.monotonic())

    made = experiment(target.url, controls=[CONTROL])
    _, outcome = conduct(made, tmp_path, release)
    assert time.monotonic() - released[0] < 8
    monkeypatch.setenv("HOSTILE_HOOK", "")
    assert settle(outcome, made)
    assert not target.on


def test_an_abort_waits_for_no_control(target, tmp_path, monkeypatch):
    monkeypatch.setenv("HOSTILE_HOOK", "before_rollback_control")
    monkeypatch.setenv("HOSTILE_DEED", "hang")
    made, recorded = experiment(target.url, controls=[CONTROL]), RecordedFacts()

    async def abort_as_the_keeper_does():
        """Abort with a process that stands by, and let it play where the fault's own had to be killed."""
        player = ChildRollbackPlayer(DrillId(DRILL))
        try:
            await player.warm(request(made), recorded)
            run, outcome = await supervise(made, recorded, tmp_path)
            await recorded.wait(ev.FaultHeld)
            run.abort()
            settled = (await outcome).settled
            return settled or await player.play(request(made), 2, "keeper", recorded, ask=False)
        finally:
            await player.close()

    assert asyncio.run(abort_as_the_keeper_does()).undone
    assert target.times("off")[0] - target.times("on")[0] < 5


def test_a_note_among_the_rollback_runs_is_no_rollback_that_failed(target, tmp_path, monkeypatch):
    monkeypatch.setenv("HOSTILE_HOOK", "after_rollback_control")
    monkeypatch.setenv("HOSTILE_DEED", "append")
    made = experiment(target.url, controls=[CONTROL])
    _, outcome = conduct(made, tmp_path, hold_then_release)
    assert (outcome.settled.undone, outcome.settled.how, outcome.error) == (True, "rolled-back", "")


def test_an_output_that_json_can_not_hold_neither_releases_the_fault_nor_loses_the_journal(target, tmp_path):
    odd = {
        "type": "action",
        "name": "odd",
        "provider": {"type": "python", "module": "hostile_control", "func": "odd"},
    }
    made = experiment(target.url, method=[fault_on(target.url), odd])
    recorded, outcome = conduct(made, tmp_path, hold_then_release)
    assert recorded.of_kind(ev.FaultHeld)
    assert outcome.settled.undone
    (finished,) = [fact for fact in recorded.of_kind(ev.ActivityFinished) if fact.activity == "odd"]
    assert (finished.status, '"share": "nan"' in finished.output) == ("succeeded", True)
    assert '"share": "nan"' in (tmp_path / "journal.json").read_text(encoding="utf-8")


def test_of_a_method_without_an_action_the_first_probe_is_the_fault(target, tmp_path):
    made = experiment(target.url, method=[probe_on(target.url), probe_on(target.url)])
    recorded, _ = conduct(made, tmp_path, hold_then_release)
    (injected,) = recorded.of_kind(ev.FaultInjected)
    began = recorded.facts.index(recorded.of_kind(ev.ActivityStarted)[0])
    assert injected.action == "is-on"
    assert recorded.at[recorded.facts.index(injected)] == recorded.at[began]


def test_an_empty_method_is_injected_when_its_hold_begins_and_its_rollbacks_are_played(target, tmp_path):
    target.change("on")
    recorded, outcome = conduct(experiment(target.url, method=[]), tmp_path, hold_then_release)
    assert [fact.action for fact in recorded.of_kind(ev.FaultInjected)] == [""]
    assert (outcome.touched, outcome.settled.how, target.on) == (True, "rolled-back", False)


def test_a_method_whose_actions_a_control_took_out_is_injected_all_the_same(target, tmp_path, monkeypatch):
    monkeypatch.setenv("HOSTILE_HOOK", "before_method_control")
    monkeypatch.setenv("HOSTILE_DEED", "empty")
    recorded, _ = conduct(experiment(target.url, controls=[CONTROL]), tmp_path, hold_then_release)
    assert recorded.of_kind(ev.FaultInjected)


@pytest.mark.parametrize("hook", ["configure_control", "before_experiment_control", "before_method_control"])
def test_what_hangs_before_the_method_is_ended(target, tmp_path, monkeypatch, hook):
    monkeypatch.setattr(supervised_experiment, "START_SILENCE", 3.0)
    monkeypatch.setenv("HOSTILE_HOOK", hook)
    monkeypatch.setenv("HOSTILE_DEED", "hang")

    async def wait(run, recorded):
        await run._process._gone.wait()

    _, outcome = conduct(experiment(target.url, controls=[CONTROL]), tmp_path, wait)
    assert (outcome.touched, outcome.error) == (False, "it fell silent before its method")


def test_a_pause_before_the_method_is_not_taken_for_silence(target, tmp_path, monkeypatch):
    monkeypatch.setattr(supervised_experiment, "START_SILENCE", 3.0)
    paused = {**python("nothing", "where"), "pauses": {"before": 4}}
    recorded, outcome = conduct(experiment(target.url, method=[paused]), tmp_path, hold_then_release)
    assert recorded.of_kind(ev.FaultHeld)
    assert outcome.settled.undone
