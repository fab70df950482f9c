"""Chaos Toolkit's hazards (each was seen with chaostoolkit-lib 1.44 alone), and that none loses a rollback."""

import asyncio
import contextlib
import json
import os
import signal
import time
from pathlib import Path

import pytest

from gameday.core.facts import drill as ev
from gameday.faults import supervised_experiment
from gameday.system import processes
from tests.faults.building import HERE, conduct, experiment, fault_off, fault_on, probe_on, python

HYPOTHESIS = {"title": "well", "probes": []}


def http_probe(url, tolerance=200):
    return {
        "type": "probe",
        "name": "answers",
        "tolerance": tolerance,
        "provider": {"type": "http", "url": url},
    }


def hypothesis(*probes):
    return {"steady-state-hypothesis": {"title": "well", "probes": list(probes)}}


async def hold_then_release(run, recorded):
    await recorded.wait(ev.FaultHeld)
    await run.release()


async def hold_then_abort(run, recorded):
    await recorded.wait(ev.FaultHeld)
    run.abort()


def started(recorded, stage="method"):
    return [fact.activity for fact in recorded.of_kind(ev.ActivityStarted) if fact.stage == stage]


@pytest.fixture
def patient(monkeypatch):
    """Give an aborted process all its time: these tests are about what it does, not about how soon."""
    monkeypatch.setattr(supervised_experiment, "PATIENCE", 10.0)


# --- the ordinary way ---


def test_a_fault_is_held_until_it_is_released_and_then_rolled_back(target, tmp_path):
    async def script(run, recorded):
        await recorded.wait(ev.FaultHeld)
        await asyncio.sleep(0.3)
        assert target.on
        await run.release()

    _, outcome = conduct(experiment(target.url), tmp_path, script)
    assert outcome.settled.undone
    assert outcome.settled.how == "rolled-back"
    assert [change for _, change in target.changes] == ["on", "off"]


def test_the_instants_are_those_of_the_target(target, tmp_path):
    recorded, outcome = conduct(experiment(target.url, probed=True), tmp_path)
    times = dict(zip(map(key, recorded.facts), recorded.at, strict=True))
    assert times["before-inject"] <= times[ev.FaultInjected] <= target.times("on")[0] <= times["fault-on"]
    assert times["fault-on"] <= times[ev.RevertAttempted] <= target.times("off")[0] <= times["fault-off"]
    assert times["fault-off"] <= outcome.settled.at <= times["after-revert"]


def key(fact):
    """Name an instant: by the stage of a probe, the activity that has ended, else by its kind."""
    match fact:
        case ev.ExposureProbed(stage=stage):
            return stage
        case ev.ActivityFinished(activity=activity):
            return activity
        case _:
            return type(fact)


def test_the_journal_is_kept_and_nothing_is_written_where_it_runs(target, tmp_path):
    cwd = tmp_path / "cwd"
    cwd.mkdir()
    made = experiment(target.url, method=[process("true")], rollbacks=[])
    conduct(made, tmp_path, cwd=str(cwd))
    journal = json.loads((tmp_path / "journal.json").read_text())
    assert journal["status"] == "completed"
    assert list(cwd.iterdir()) == []


def test_an_aborted_experiment_keeps_its_journal_too(target, tmp_path, patient):
    conduct(experiment(target.url), tmp_path, hold_then_abort)
    journal = json.loads((tmp_path / "journal.json").read_text())
    assert journal["status"] == "interrupted"
    assert [run["activity"]["name"] for run in journal["rollbacks"]] == ["fault-off"]


def test_an_experiment_runs_where_it_was_requested(target, tmp_path):
    made = experiment(target.url, method=[python("where", "where")])
    recorded, _ = conduct(made, tmp_path, cwd=HERE)
    assert recorded.of_kind(ev.ActivityFinished)[0].output == HERE


def test_yaml_references_configuration_and_secrets_work_as_in_chaos_run(target, tmp_path, monkeypatch):
    monkeypatch.setenv("TARGET_URL", target.url)
    monkeypatch.setenv("THE_SECRET", "open-sesame")
    text = """
title: t
description: d
configuration: {url: {type: env, key: TARGET_URL}}
secrets: {group: {key: {type: env, key: THE_SECRET}}}
method:
- {type: action, name: "on", provider: {type: python, module: chaos_actions, func: switch, arguments: {url: "${url}", to: "on"}}}
- {type: probe, name: echo, provider: {type: python, module: chaos_actions, func: echo, secrets: [group]}}
- {ref: echo}
rollbacks:
- {type: action, name: "off", provider: {type: python, module: chaos_actions, func: switch, arguments: {url: "${url}", to: "off"}}}
"""
    recorded, outcome = conduct(text, tmp_path, path="x.yaml")
    assert outcome.settled.undone
    assert started(recorded) == ["on", "echo", "echo"]
    assert [change for _, change in target.changes] == ["on", "off"]


def test_declared_controls_are_called(target, tmp_path, monkeypatch):
    monkeypatch.setenv("CONTROL_LOG", str(tmp_path / "control.txt"))
    control = {"name": "c", "provider": {"type": "python", "module": "chaos_actions"}}
    conduct(experiment(target.url, controls=[control]), tmp_path)
    assert (tmp_path / "control.txt").read_text().split() == ["fault-on", "fault-off"]


def test_without_a_rollback_there_is_nothing_to_undo(target, tmp_path):
    _, outcome = conduct(experiment(target.url, rollbacks=[]), tmp_path)
    assert outcome.settled.how == "nothing-to-undo"
    assert outcome.settled.steps


# --- the probe that tells whether the fault is in force ---


def test_the_probe_is_asked_at_every_stage(target, tmp_path):
    recorded, _ = conduct(experiment(target.url, probed=True), tmp_path, hold_then_release)
    asked = [(fact.stage, fact.exposed) for fact in recorded.of_kind(ev.ExposureProbed)]
    expected = [
        ("before-inject", False),
        ("after-inject", True),
        ("before-revert", True),
        ("after-revert", False),
    ]
    assert asked == expected


@pytest.mark.parametrize(
    "broken",
    [
        {"tolerance": {"type": "jsonpath", "path": "$.[", "expect": [1]}},
        {"tolerance": {"type": "range", "range": "wide"}},
        {"timeout": "soon"},
        {"provider": {"type": "python", "module": "sys", "func": "exit"}},
        {"provider": {"type": "python", "module": "no.such.module", "func": "x"}},
    ],
)
def test_a_still_exposed_probe_that_breaks_neither_loses_the_fault_nor_its_rollbacks(
    target, tmp_path, broken
):
    made = experiment(target.url)
    made["extensions"] = [{"name": "gameday", "still-exposed": {**probe_on(target.url), **broken}}]
    recorded, outcome = conduct(made, tmp_path, hold_then_release)
    assert recorded.of_kind(ev.FaultInjected)
    assert outcome.settled.how == "rolled-back"
    assert started(recorded, "rollback")
    assert not target.on


def test_what_the_team_undid_is_not_undone_again(target, tmp_path):
    async def script(run, recorded):
        await recorded.wait(ev.FaultHeld)
        target.change("off")
        await run.release()

    recorded, outcome = conduct(experiment(target.url, probed=True), tmp_path, script)
    assert outcome.settled.how == "already-undone"
    assert started(recorded, "rollback") == []


def test_an_action_that_was_cut_off_and_reaches_the_target_later_is_undone_all_the_same(
    target, tmp_path, patient
):
    async def script(run, recorded):
        await recorded.until(lambda: target.asked == ["late"])
        run.abort()
        await recorded.until(lambda: run._rolling)
        target.late.set()

    method = [python("late", "switch", url=target.url, to="late")]
    recorded, outcome = conduct(experiment(target.url, method=method, probed=True), tmp_path, script)
    assert [change for _, change in target.changes] == ["late", "off"]
    assert outcome.settled.how == "rolled-back"
    assert [fact.stage for fact in recorded.of_kind(ev.ExposureProbed)] == ["before-inject", "after-revert"]


def test_it_is_known_whether_every_action_has_ended_well(target, tmp_path):
    async def killed(run, recorded):
        await recorded.until(lambda: started(recorded) == ["fault-on", "nap"])
        processes.send(run.identity, signal.SIGKILL)

    method = [fault_on(target.url), python("nap", "nap")]
    assert not conduct(experiment(target.url, method=method), tmp_path, killed)[1].certain
    assert conduct(experiment(target.url), tmp_path, hold_then_release)[1].certain


def test_rollbacks_that_did_not_help_are_no_success(target, tmp_path):
    made = experiment(target.url, probed=True, rollbacks=[process("true")])
    _, outcome = conduct(made, tmp_path)
    assert not outcome.settled.undone
    assert "still in force" in outcome.settled.error


# --- hazards ---


def process(path, *arguments, **more):
    provider = {"type": "process", "path": path, "arguments": list(arguments)}
    return {"type": "action", "name": path.rpartition("/")[2], "provider": provider, **more}


def test_a_failed_action_does_not_lose_the_rollbacks(target, tmp_path):
    made = experiment(target.url, method=[fault_on(target.url), python("boom", "boom")])
    recorded, outcome = conduct(made, tmp_path)
    assert outcome.settled.undone
    assert "no good" in recorded.of_kind(ev.ActivityFinished)[1].error
    assert not target.on


def test_an_after_hypothesis_that_fails_does_not_lose_the_rollbacks(target, tmp_path):
    made = experiment(target.url, **hypothesis(http_probe(target.url)))
    recorded, outcome = conduct(made, tmp_path)
    assert outcome.settled.undone
    assert started(recorded, "hypothesis-after") == ["answers"]
    assert not target.on


def test_unhealthy_before_the_start_injects_nothing_and_plays_nothing(target, tmp_path):
    made = experiment(target.url, **hypothesis(http_probe(target.url, tolerance=201)))
    recorded, outcome = conduct(made, tmp_path)
    assert outcome.settled.how == "never-injected"
    assert target.changes == []
    (failed,) = recorded.of_kind(ev.FaultFailed)
    assert failed.definite
    assert "answers gave" in failed.error


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_no_signal_during_an_activity_lets_the_next_fault_be_injected(target, tmp_path, number):
    async def script(run, recorded):
        await recorded.wait(ev.ActivityStarted)
        processes.send(run.identity, number)

    made = experiment(target.url, method=[python("nap", "nap"), fault_on(target.url)])
    recorded, outcome = conduct(made, tmp_path, script)
    assert started(recorded) == ["nap"]
    assert target.times("on") == []
    assert outcome.settled.undone


def test_a_second_signal_does_not_skip_the_rest_of_the_rollbacks(target, tmp_path, patient):
    async def script(run, recorded):
        await recorded.wait(ev.FaultHeld)
        run.abort()
        await recorded.wait(ev.RevertAttempted)
        for number in (signal.SIGUSR1, signal.SIGTERM, signal.SIGINT):
            processes.send(run.identity, number)

    rollbacks = [python("nap", "nap", seconds=0.5), fault_off(target.url)]
    _, outcome = conduct(experiment(target.url, rollbacks=rollbacks), tmp_path, script)
    assert outcome.settled.undone
    assert not target.on


def test_a_background_activity_does_not_delay_an_abort(target, tmp_path):
    async def script(run, recorded):
        await recorded.until(lambda: "nap" in started(recorded) and target.on)
        run.abort()

    background = {**python("nap", "nap"), "background": True}
    begin = time.monotonic()
    _, outcome = conduct(experiment(target.url, method=[background, fault_on(target.url)]), tmp_path, script)
    assert outcome.settled is None
    assert outcome.touched
    assert time.monotonic() - begin < 10


def test_a_continuous_hypothesis_does_not_delay_an_abort(target, tmp_path):
    runtime = {"hypothesis": {"strategy": "continuously"}}
    made = experiment(target.url, runtime=runtime, **hypothesis(http_probe(target.url, [200, 500])))
    aborted = []

    async def script(run, recorded):
        await recorded.wait(ev.FaultHeld)
        aborted.append(time.monotonic())
        run.abort()

    recorded, _ = conduct(made, tmp_path, script)
    assert "answers" in started(recorded, "hypothesis-during")
    assert time.monotonic() - aborted[0] < 2.0


def test_a_declared_timeout_is_kept(target, tmp_path):
    nap = {**python("nap", "nap"), "timeout": 0.5}
    _, outcome = conduct(experiment(target.url, method=[fault_on(target.url), nap]), tmp_path)
    assert outcome.settled is None
    assert "activity nap did not end within 0.5 s" in outcome.error


def test_the_child_of_a_process_action_dies_with_an_abort(target, tmp_path):
    async def script(run, recorded):
        await recorded.until(lambda: "sleep" in started(recorded) and _sleepers(seconds))
        run.abort()

    seconds = f"61.{os.getpid()}"  # nobody else on this machine sleeps for so long
    conduct(experiment(target.url, method=[process("/bin/sleep", seconds)]), tmp_path, script)
    end = time.monotonic() + 5  # a signal that kills is sent; to die takes a moment on a processor
    while _sleepers(seconds):
        assert time.monotonic() < end


def _sleepers(seconds):
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if seconds.encode() in (folder / "cmdline").read_bytes().split(b"\0"):
                found.append(folder.name)
    return found


def test_a_process_rollback_that_ends_with_an_error_is_no_success(target, tmp_path):
    _, outcome = conduct(experiment(target.url, rollbacks=[process("false")]), tmp_path)
    assert not outcome.settled.undone
    assert "exit code 1" in outcome.settled.error


def test_an_http_rollback_that_is_refused_is_no_success(target, tmp_path):
    target.refuse = 1
    provider = {"type": "http", "method": "POST", "url": f"{target.url}/fault/off"}
    rollback = {"type": "action", "name": "off", "provider": provider}
    _, outcome = conduct(experiment(target.url, rollbacks=[rollback]), tmp_path)
    assert "answered 500" in outcome.settled.error
    assert outcome.settled.steps == (f"off: send POST {target.url}/fault/off",)


def test_an_experiment_that_chaos_validate_refuses_never_begins(target, tmp_path):
    made = experiment(target.url)
    made["rollbacks"][0]["provider"]["module"] = "no_such_module_here"
    _, outcome = conduct(made, tmp_path)
    assert not outcome.touched
    assert "no_such_module_here" in outcome.error
    assert target.changes == []


def test_a_release_before_the_hold_is_not_lost(target, tmp_path):
    method = [fault_on(target.url), python("nap", "nap", seconds=0.5)]
    _, outcome = conduct(experiment(target.url, method=method), tmp_path)
    assert outcome.settled.undone


def test_a_stopped_process_does_not_keep_a_released_fault_in_force(target, tmp_path):
    async def script(run, recorded):
        await recorded.until(lambda: run._holding)
        processes.send(run.identity, signal.SIGSTOP)
        await recorded.until(lambda: _state(run.identity) == "T")
        await run.release()

    begin = time.monotonic()
    _, outcome = conduct(experiment(target.url), tmp_path, script)
    assert outcome.settled is None
    assert outcome.touched
    assert time.monotonic() - begin < 10


def _state(who):
    return Path(f"/proc/{who.pid}/stat").read_text().rpartition(")")[2].split()[0]


# --- secrets ---


def test_secrets_reach_no_fact_and_no_journal(target, tmp_path, monkeypatch):
    canaries = ("canary-secret-1", "canary-token-2", "canary-password-3")
    monkeypatch.setenv("THE_SECRET", canaries[0])
    monkeypatch.setenv("CANARY_TOKEN", canaries[1])
    made = experiment(
        target.url,
        method=[python("echo", "echo"), python("url", "nap", seconds=0), fault_on(target.url)],
        secrets={"group": {"key": {"type": "env", "key": "THE_SECRET"}}},
        configuration={"db": f"postgres://user:{canaries[2]}@host/db"},
    )
    made["method"][0]["provider"]["secrets"] = ["group"]
    recorded, _ = conduct(made, tmp_path)
    left = (tmp_path / "journal.json").read_text() + repr(recorded.facts)
    assert "***" in left
    assert [canary for canary in canaries if canary in left] == []
