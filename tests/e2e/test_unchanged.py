"""Experiments under `chaos run` and under `gameday run`: equal journals, and controls called as often.

`bench/unchanged.py` does the same with more of them.
"""

import json

import pytest

from gameday.testing.truth import TruthServer
from tests.faults import generated


@pytest.fixture
def where():
    with TruthServer() as server:
        yield server.url


def plain(number, where):
    """Give an experiment whose HTTP activities find what this server answers."""
    text = json.dumps(generated.experiment(number)).replace("${where}/json", "${where}/")
    made = json.loads(text)
    kept = [probe for probe in made["steady-state-hypothesis"]["probes"] if probe["name"] != "json path"]
    made["steady-state-hypothesis"]["probes"] = kept
    return made


@pytest.mark.parametrize("number", [3, 4])
def test_the_journal_of_a_drill_is_that_of_chaos_run(tmp_path, where, number):
    made = plain(number, where)
    root = generated.workspace(tmp_path, where)
    theirs, called = generated.by_chaos(root, made, where)
    ours, calls = generated.by_gameday(root, made, where)
    assert list(generated.differences(theirs, ours)) == []
    assert sorted(calls) == sorted(called)


def test_what_chaos_run_is_given_gameday_is_given_in_the_scenario(tmp_path, where):
    root = generated.workspace(tmp_path, where)
    (root / "experiments" / "values.yaml").write_text("configuration: {host: from a file}\n")
    (root / "experiments" / "more.env").write_text("A_NUMBER=11\n")
    (root / "experiments" / "controls.yaml").write_text(
        "traced: {provider: {type: python, module: the_control, arguments: {who: global}}}\n"
    )
    made = {
        "title": "t",
        "description": "d",
        "configuration": generated.CONFIGURATION,
        "steady-state-hypothesis": {
            "title": "s",
            "probes": [{**generated.python("value", "probe", "p", of="${host}"), "tolerance": "from a file"}],
        },
        "method": [generated.python("value", name="a", of="${host} ${number} ${plain}")],
        "rollbacks": [generated.python("value", name="undo", of=1)],
    }
    options = [
        "--var",
        "plain=given",
        "--var-file",
        "experiments/values.yaml",
        "--var-file",
        "experiments/more.env",
    ]
    options += ["--control-file", "experiments/controls.yaml", "--hypothesis-strategy", "after-method-only"]
    theirs, called = generated.by_chaos(root, made, where, *options)
    scenario = root / "scenarios" / "compared.yaml"
    given = (
        "experiment: {file: ../experiments/x.json, vars: {plain: given}, hypothesis: after-method-only, "
        "var_files: [../experiments/values.yaml, ../experiments/more.env], "
        "controls: [../experiments/controls.yaml]}"
    )
    scenario.write_text(generated.SCENARIO.replace("experiment: ../experiments/x.json", given))
    ours, calls = generated.by_gameday(root, made, where)
    assert list(generated.differences(theirs, ours)) == []
    assert ours["run"][0]["output"] == "from a file 11 given"
    assert sorted(calls) == sorted(called)
