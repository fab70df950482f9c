"""Drills in which nobody responds end as `chaos run` does: with the steady state, as it was before the rollbacks."""

import json

import pytest

from gameday.testing.truth import TruthServer
from tests.e2e.truth_space import TruthSpace, activity, experiment, finish

USERS = ("load", "slos")


@pytest.fixture(scope="module")
def server():
    with TruthServer() as made:
        yield made


def hypothesis(url, path="/"):
    probe = {
        "type": "probe",
        "name": "up",
        "tolerance": 200,
        "provider": {"type": "http", "url": f"{url}{path}", "timeout": 3},
    }
    return {"title": "the server answers", "probes": [probe]}


def played(space, server, kind):
    made = experiment(
        server.url,
        method=[activity("action", "change it", "order", url=server.url, kind=kind)],
        extensions=[],
        **{"steady-state-hypothesis": hypothesis(server.url)},
    )
    space.lay_out(server.url, made=made)
    scenario = json.loads((space.root / "scenarios/quick.yaml").read_text())
    scenario = {key: value for key, value in scenario.items() if key not in USERS}
    scenario["phases"] = {"baseline": "0s", "onset": "1s", "response": "20s", "verify": "0s"}
    space.write("scenarios/quick.yaml", {**scenario, "hold": "none"})
    ended = finish(space.run())
    journal = next(space.drills.glob("*/journal.json"))
    return ended, json.loads(ended.stdout), json.loads(journal.read_text())


@pytest.mark.parametrize(("kind", "code", "verdict"), [("off", 0, "passed"), ("errors", 1, "failed")])
def test_the_verdict_is_that_of_the_hypothesis_and_of_the_journal(server, tmp_path, kind, code, verdict):
    ended, result, journal = played(TruthSpace(tmp_path), server, kind)
    assert (ended.returncode, result["score"]["verdict"]) == (code, verdict), ended.stderr
    states = journal["steady_states"]
    assert result["steady_state"] == {
        "before": states["before"]["steady_state_met"],
        "during": None,
        "after": states["after"]["steady_state_met"],
        "after_revert": True,
        "deviated": journal["deviated"],
    }
    assert result["reverted"] is True
    assert ("not met after the method" in result["score"]["why"]) is bool(code)
