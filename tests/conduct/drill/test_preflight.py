"""Preflight refuses a fault that another drill left over, and what the environment's policy does not allow."""

import asyncio
import json
from dataclasses import replace

from gameday.core.errors import NotReady, Refused
from gameday.core.facts import drill as ev
from gameday.core.policy import Policy
from gameday.core.values import DrillId, instant
from gameday.ports import Lease
from gameday.testing.drill.fault_keeper import FakeFaultKeeper
from gameday.testing.drill.load_driver import FakeLoadDriver
from tests.conduct.stage import SCENARIO, Stage

OTHER = DrillId("20270115-075900-other-0000")


def with_other_drill(*, environment="elsewhere", held=True):
    """Give a stage whose store holds another drill with a fault in force; held: its conductor lives."""
    stage = Stage()
    recorder = replace(stage.people, drill=OTHER)
    recorder.write(replace(stage.context.planned, environment=environment))
    recorder.write(replace(stage.context.fault_request))
    if held:
        now = stage.clock.now()
        stage.store.take_lease(
            Lease(environment=environment, drill=OTHER, holder="o", since=now, until=instant(now + 600))
        )
    return stage


def test_a_drill_that_is_on_elsewhere_is_no_leftover():
    stage = with_other_drill()
    assert stage.play().first(ev.FaultReverted) is not None
    assert stage.error is None


def test_a_fault_whose_conductor_is_gone_is_a_leftover_wherever_it_is():
    for environment in ("elsewhere", "stage"):
        stage = with_other_drill(environment=environment, held=False)
        assert stage.play().first(ev.FaultRequested) is None
        assert isinstance(stage.error, NotReady)
        assert f"{OTHER} on {environment} may still have a fault in force" in stage.error.message


# --- policy ---

SHELL = {"type": "action", "name": "a", "provider": {"type": "process", "path": "/bin/sh"}}


def on(stage, *, rules=None, method=None):
    """Give a stage other rules, or another experiment."""
    text = json.dumps({"method": method or []})
    stage.use(
        replace(
            stage.context,
            planned=replace(stage.context.planned, rules=rules),
            fault_request=replace(stage.context.fault_request, experiment=text),
        )
    )
    return stage


def checks(history):
    return {checked.fact.check: checked.fact.passed for checked in history.each(ev.PreflightChecked)}


def test_a_process_is_refused_without_policy_and_nothing_comes_after():
    stage = on(Stage(), method=[SHELL])
    history = stage.play()
    assert isinstance(stage.error, Refused)
    assert "process:/bin/sh" in stage.error.message
    assert "gameday policy check" in stage.error.hint
    assert checks(history) == {"environment free": True, "no fault left over": True, "policy": False}
    assert history.refused.startswith("policy: e.json: a: process:/bin/sh: ")  # and not policy: policy:
    assert history.first(ev.FaultRequested) is None
    assert history.first(ev.EnvironmentBroughtUp) is None


def test_the_frozen_rules_are_the_ones_that_count():
    allowing = Policy(providers=("process:/bin/sh",), hosts=("loopback",), max_users=SCENARIO.load.users)
    assert checks(on(Stage(), rules=allowing, method=[SHELL]).play())["policy"]
    tight = replace(allowing, max_users=SCENARIO.load.users - 1)
    assert checks(on(Stage(), rules=tight, method=[SHELL]).play())["policy"] is False


# --- packages ---


def test_packages_are_installed_for_every_experiment_of_the_drill_before_its_environment_is_touched():
    asked = []

    def install(requests, unwanted):
        assert not unwanted.is_set()
        asked.append(list(requests))
        return "chaos-tiny 1.0"

    stage = Stage(packages=install)
    history = stage.play()
    assert stage.error is None
    assert asked == [[stage.context.fault_request]]
    (checked,) = [each.fact for each in history.each(ev.PreflightChecked) if each.fact.check == "packages"]
    assert (checked.passed, checked.detail) == (True, "chaos-tiny 1.0")


def test_packages_that_cannot_be_installed_end_the_drill_before_anything_is_injected():
    def install(_requests, _unwanted):
        raise NotReady("uv can't install the experiment's packages: no wheel", hint="h")

    stage = Stage(packages=install)
    history = stage.play()
    assert (type(stage.error), stage.error.exit_code) == (NotReady, 5)
    assert "no wheel" in stage.error.message
    assert history.first(ev.FaultRequested) is None
    assert history.first(ev.EnvironmentBroughtUp) is None


# --- signatures ---


def test_a_held_fault_that_can_not_be_signed_is_refused():
    def refuse() -> str:
        raise NotReady("no key", hint='[store] key = "env:GAMEDAY_STORE_KEY"')

    stage = Stage()
    stage.use(replace(stage.context, signing=refuse))
    history = stage.play()
    assert history.first(ev.FaultRequested) is None
    assert (stage.error.message, stage.error.hint) == ("no key", '[store] key = "env:GAMEDAY_STORE_KEY"')
    checks = {check.fact.check: check.fact.passed for check in history.each(ev.PreflightChecked)}
    assert checks["signed"] is False


# --- the fault keeper ---


class SlowKeeper(FakeFaultKeeper):
    async def start(self):
        await asyncio.sleep(3.0)
        await super().start()


class SlowLoad(FakeLoadDriver):
    async def start(self, load, **named):
        await asyncio.sleep(2.0)
        await super().start(load, **named)


def test_keeper_and_load_start_at_once_and_nothing_is_injected_before_both_have():
    stage = Stage()
    keeper = SlowKeeper(world=stage.world, write=stage.keeper.write)
    stage.use(replace(stage.context, keeper=keeper, load=SlowLoad(world=stage.world, clock=stage.clock)))
    history = stage.play()
    load, keeper = history.first(ev.LoadStarted), [*history.each(ev.PreflightChecked)][-1]
    assert keeper.fact.check == "fault keeper"
    assert [round(each.at - stage.began, 1) for each in (load, keeper)] == [2.0, 3.0]
    assert history.first(ev.FaultRequested).at >= keeper.at + SCENARIO.phases.baseline


def test_without_a_keeper_nothing_is_injected_and_the_load_is_stopped():
    stage = Stage()
    stage.keeper.ready = False
    history = stage.play()
    assert isinstance(stage.error, NotReady)
    assert history.first(ev.FaultRequested) is None
    assert [check.fact.passed for check in history.each(ev.PreflightChecked)][-1] is False
    ended = stage.store.read_load(stage.context.drill).until
    assert ended <= stage.began + 1
