"""Ways in which a drill ends early or never starts: on the real shop, with real signals."""

import json
import re
import shutil
import signal

import pytest

from tests.e2e.conftest import Space, eventually

pytestmark = pytest.mark.e2e
RUN = ("run", "scenarios/login-outage.yaml", "--json")


@pytest.fixture
def running(space):
    """A drill without a responder; ended by the test."""
    space.call("shop", "reset")
    child = space.start(*RUN)
    yield child
    if child.poll() is None:
        child.send_signal(signal.SIGTERM)
        child.communicate(timeout=60)


def in_phase(space, phase):
    """Tell whether the live drill has come to a phase."""
    live = json.loads(space.call("status", "--json").stdout or "[]")
    return live and live[0]["phase"] == phase


@pytest.mark.parametrize("phase", ["baseline", "respond"])
def test_ctrl_c_reverts_and_writes_the_postmortem_marked_aborted(space, running, phase):
    eventually(lambda: in_phase(space, phase))
    running.send_signal(signal.SIGINT)
    out, _ = running.communicate(timeout=60)
    result = json.loads(out)
    assert (running.returncode, result["outcome"], result["reverted"]) == (3, "aborted", True)
    text = (space.root / ".gameday/drills" / result["drill"] / "postmortem.md").read_text(encoding="utf-8")
    assert "abort" in text.lower()
    assert json.loads(space.call("shop", "status", "--json").stdout)["healthy"]


def test_an_abort_from_another_terminal_says_why(space, running):
    eventually(lambda: in_phase(space, "respond"))
    assert space.call("abort", "--reason", "real-incident").returncode == 0
    out, err = running.communicate(timeout=60)
    assert (running.returncode, json.loads(out)["reverted"]) == (3, True)
    assert "real-incident" in err


def test_a_second_drill_on_the_environment_is_told_who_holds_it(space, running):
    eventually(lambda: in_phase(space, "respond"))
    second = space.call(*RUN)
    assert second.returncode == 5
    assert "held by drill" in second.stderr
    assert running.poll() is None


def test_a_team_plays_a_drill_by_hand_from_a_second_terminal(space, running):
    eventually(lambda: in_phase(space, "respond"))
    for words in (
        ("ack",),
        ("declare", "--severity", "P1", "--commander", "on-call"),
        ("step", "roll-back"),
        ("shop", "rollback"),
        ("contained",),
        ("note", "The key was never put in place."),
        ("update", "Logins work again.", "--audience", "customers"),
    ):
        assert space.call(*words).returncode == 0, words
    eventually(lambda: _recovered(space))
    assert space.call("recovered").returncode == 0
    out, _ = running.communicate(timeout=90)
    result = json.loads(out)
    assert (running.returncode, result["outcome"], result["recovered_by"]) == (0, "recovered", "team")
    assert result["milestones"]["detected"]["basis"] == "declared"


def _recovered(space):
    live = json.loads(space.call("status", "--json").stdout)
    return live and not live[0]["hurt"]


def test_an_unreachable_target_injects_nothing(space):
    scenario = space.root / "scenarios" / "unreachable.yaml"
    text = (space.root / "scenarios/login-outage.yaml").read_text(encoding="utf-8")
    scenario.write_text(text.replace("environment: shop", "environment: gone"), encoding="utf-8")
    settings = space.root / "gameday.toml"
    gone = '\n[environments.gone]\nbase_url = "http://127.0.0.1:9"\n'
    gone += (
        '[environments.gone.policy]\nproviders = ["python:gameday.shop.faults.*"]\nhosts = ["127.0.0.1"]\n'
    )
    settings.write_text(settings.read_text(encoding="utf-8") + gone, encoding="utf-8")
    ended = space.call("run", str(scenario), "--json")
    assert ended.returncode == 5
    assert "does not answer" in ended.stderr
    assert json.loads(ended.stdout)["error"]


def test_a_store_that_is_away_before_anything_began_is_no_error_of_our_own_and_no_fault_in_force(
    space, tmp_path
):
    apart = Space(tmp_path / "apart")
    shutil.copytree(space.root, apart.root, ignore=shutil.ignore_patterns(".gameday"))
    settings = (apart.root / "gameday.toml").read_text(encoding="utf-8")
    away = re.sub('url = "sqlite:.*"', 'url = "postgresql+psycopg://ada@127.0.0.1:9/none"', settings)
    (apart.root / "gameday.toml").write_text(away, encoding="utf-8")
    ended = apart.call(*RUN)
    assert ended.returncode == 5
    assert json.loads(ended.stdout)["error"]["code"] == "store-unavailable"
    script = "scenarios/responders/login-outage.yaml"
    ended = apart.call("ci", "scenarios/login-outage.yaml", "--responder", script)
    assert ended.returncode == 5
    assert "may still be in force" not in ended.stdout + ended.stderr


def test_an_slo_that_no_request_matches_injects_nothing(space):
    scenario = space.root / "scenarios" / "unmatched.yaml"
    text = (space.root / "scenarios/login-outage.yaml").read_text(encoding="utf-8")
    scenario.write_text(text.replace('"POST /login"', '"POST /logon"'), encoding="utf-8")
    space.call("shop", "reset")
    ended = space.call("run", str(scenario))
    assert ended.returncode == 5
    assert re.search(r"no request matched SLO login", ended.stderr)


def test_mistakes_in_a_scenario_are_told_with_their_places_and_nothing_is_touched(space):
    scenario = space.root / "scenarios" / "wrong.yaml"
    text = (space.root / "scenarios/login-outage.yaml").read_text(encoding="utf-8")
    scenario.write_text(text.replace("hold:", "holt:").replace("users: 40", "users: many"), encoding="utf-8")
    before = space.call("list").stdout
    ended = space.call("run", str(scenario))
    assert ended.returncode == 2
    assert len(re.findall(r"^scenarios/wrong\.yaml:\d+:\d+: ", ended.stderr, re.MULTILINE)) == 2
    assert "hold" in ended.stderr
    assert space.call("list").stdout == before
