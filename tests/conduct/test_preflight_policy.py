"""Preflight refuses for the environment's policy before anything is touched."""

import json
from dataclasses import replace

from gameday.core.errors import Refused
from gameday.core.facts import drill as ev
from gameday.core.policy import Policy
from tests.conduct.stage import SCENARIO, Stage

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
