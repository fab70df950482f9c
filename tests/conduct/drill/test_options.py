"""`--phase` gives a phase another length, in the plan that is frozen, and nowhere else."""

from __future__ import annotations

import json

import pytest

from gameday.cli.drill import run
from gameday.conduct.drill.options import DrillOptions
from gameday.core.errors import UsageError
from tests.paths import ROOT

SCENARIO = ROOT / "scenarios" / "login-outage.yaml"


def plan(capfd, *words):
    assert (
        run.main(run.RunOptions(scenario=SCENARIO, drill=DrillOptions(phases=words), dry_run=True, json=True))
        == 0
    )
    return json.loads(capfd.readouterr().out)


def test_the_plan_has_the_lengths_that_were_asked_for(capfd):
    usual, shorter = plan(capfd), plan(capfd, "baseline=10s", "response=5m")
    assert usual["longest_hold"] - shorter["longest_hold"] == 25 * 60
    assert usual["longest"] - shorter["longest"] == 20 + 25 * 60


def test_what_is_not_named_stays_as_it_is():
    assert DrillOptions(phases=("verify=2m", "verify=1m30s")).phase_lengths() == {"verify": 90.0}


@pytest.mark.parametrize(
    "word", ["", "verify", "verify=", "verify=ten", "verify=0s", "Verify=1s", "=1s", "inject=3s"]
)
def test_what_is_no_phase_or_no_length_is_wrong_usage(word):
    with pytest.raises(UsageError, match="--phase"):
        DrillOptions(phases=(word,)).phase_lengths()


def test_wrong_usage_of_a_run_is_exit_2(capfd):
    assert (
        run.main(run.RunOptions(scenario=SCENARIO, drill=DrillOptions(phases=("onset=1",)), dry_run=True))
        == 2
    )
    assert "--phase onset: '1' is not a duration" in capfd.readouterr().err
