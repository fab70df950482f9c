"""Rollbacks that change nothing, methods without an action, controls that break: real drills of a few seconds."""

import json
import os
import signal
import sqlite3
from contextlib import closing

import pytest

from gameday.testing.truth import TruthServer
from tests.e2e.conftest import eventually
from tests.e2e.truth_space import SETTINGS, TruthSpace, activity, experiment, finish

pytestmark = pytest.mark.e2e


@pytest.fixture
def server():
    with TruthServer() as made:
        yield made


def hypothesis(url):
    probe = {
        "type": "probe",
        "name": "up",
        "tolerance": 200,
        "provider": {"type": "http", "url": f"{url}/", "timeout": 3},
    }
    return {"title": "the server answers", "probes": [probe]}


def useless(url):
    """Make an experiment whose rollback succeeds and changes nothing."""
    rollback = activity("action", "turn it on again", "order", url=url, kind="errors")
    return experiment(
        url, rollbacks=[rollback], extensions=[], **{"steady-state-hypothesis": hypothesis(url)}
    )


def held(space):
    """Give the conductor's pid once the fault is held."""
    try:
        with closing(sqlite3.connect(f"file:{space.database}?mode=ro", uri=True)) as store:
            if not store.execute("SELECT 1 FROM events WHERE kind = 'FaultHeld'").fetchone():
                return None
            (line,) = store.execute("SELECT line FROM events WHERE kind = 'ProcessStarted'").fetchone()
    except sqlite3.OperationalError:
        return None
    return json.loads(line)["fact"]["pid"]


def run_here(space, *words):
    return finish(space.start(*words))


def confirm(space, server):
    """Ask gameday again, before and after a person has undone the fault."""
    again = run_here(space, "revert", "last")
    assert again.returncode == 4, again.stderr
    assert "steady state" in again.stderr
    assert "reverted and closed" not in again.stderr
    server.turn("")
    undone = run_here(space, "revert", "last")
    assert undone.returncode == 0, undone.stderr
    assert run_here(space, "revert", "last").returncode == 0


def test_an_abort_whose_rollbacks_change_nothing_is_not_reverted(server, tmp_path):
    space = TruthSpace(tmp_path).lay_out(server.url, made=useless(server.url), hold="50s")
    child = space.run()
    eventually(lambda: held(space))
    assert run_here(space, "abort", "--reason", "safety").returncode == 0
    ended = finish(child)
    assert (ended.returncode, json.loads(ended.stdout)["reverted"]) == (4, False)
    assert "see why the steady state is not met: probe up gave status 503" in ended.stderr
    assert "everything is reverted" not in ended.stderr
    confirm(space, server)


def test_where_the_keeper_closes_the_drill_the_steady_state_is_judged_too(server, tmp_path):
    space = TruthSpace(tmp_path).lay_out(server.url, made=useless(server.url), hold="50s")
    child = space.run()
    os.kill(eventually(lambda: held(space)), signal.SIGKILL)
    finish(child)
    eventually(lambda: run_here(space, "status", "--json").stdout.strip() in ("", "[]"))
    confirm(space, server)


def test_an_abort_whose_rollbacks_work_meets_the_steady_state(server, tmp_path):
    made = experiment(server.url, **{"steady-state-hypothesis": hypothesis(server.url)})
    space = TruthSpace(tmp_path).lay_out(server.url, made=made, hold="50s")
    child = space.run()
    eventually(lambda: held(space))
    assert run_here(space, "abort", "--reason", "safety").returncode == 0
    ended = finish(child)
    assert (ended.returncode, json.loads(ended.stdout)["reverted"]) == (3, True)
    assert "The steady state was met after the revert" in ended.stderr


@pytest.mark.parametrize("method", ["probe", "nothing"])
def test_a_method_without_an_action_is_held_and_ends(server, tmp_path, method):
    looks = [activity("probe", "look", "exposed", url=server.url)] if method == "probe" else []
    space = TruthSpace(tmp_path).lay_out(server.url, made=experiment(server.url, method=looks))
    dry = run_here(space, "run", "scenarios/quick.yaml", "--dry-run")
    ended = finish(space.run())
    result = json.loads(ended.stdout)
    assert ended.returncode != 3, ended.stderr
    assert result["milestones"]["fault_injected"]["at"]
    assert "no action in the method: gameday takes the" in dry.stderr
    assert "no action in the method" in run_here(space, "validate").stderr + dry.stdout


NOTER = """
def after_rollback_control(context, state, **_):
    state.append("noted")
"""


def test_a_control_that_notes_something_among_the_rollbacks_fails_none_of_them(server, tmp_path):
    control = {"name": "noter", "provider": {"type": "python", "module": "canaries.noter"}}
    space = TruthSpace(tmp_path)
    space.write("canaries/noter.py", NOTER)
    space.write("canaries/__init__.py", "")
    space.lay_out(server.url, settings=SETTINGS, made=experiment(server.url, controls=[control]))
    ended = finish(space.run())
    assert json.loads(ended.stdout)["reverted"], ended.stderr
    assert ended.stderr.count("Rollbacks started") == 1
    assert "Rollback failed" not in ended.stderr
