"""Three drills on the real shop, under real load, with real faults; what they say, against the truth."""

import json
import subprocess
from pathlib import Path

import jsonschema
import pytest

from gameday.core.values import parse_instant
from gameday.shop.edge import envoy_config
from tests.paths import ROOT

SCHEMA = json.loads((ROOT / "docs/reference/result.schema.json").read_text(encoding="utf-8"))
pytestmark = pytest.mark.e2e

ALERTS = {
    "api-latency-spike": "HighApiLatency",
    "login-outage": "LoginFailures",
    "replica-crash": "ReplicaDown",
}
MENDED_BY = {
    "api-latency-spike": "flag new-ranking off",
    "login-outage": "rollback",
    "replica-crash": "restart",
}
UNMET = {"replica-crash": envoy_config.EJECT_SECONDS + 0.5}
"""Seconds before the lever in which users may already have met the fault for the last time: the edge leaves
a dead replica out, and looks for whom to bring back each half a second."""


@pytest.fixture(scope="module", params=list(ALERTS))
def scenario(request):
    return request.param


@pytest.fixture(scope="module")
def drill(drills, scenario):
    return drills(scenario)


def test_the_drill_passes_and_recovers_by_the_automation(drill):
    assert (drill.code, drill.result["outcome"], drill.result["recovered_by"]) == (
        0,
        "recovered",
        "automation",
    )
    assert drill.result["reverted"] is True


def test_stdout_holds_the_result_and_nothing_else(drill):
    jsonschema.validate(json.loads(drill.out), SCHEMA)
    on_disk = (drill.folder / "result.json").read_text(encoding="utf-8")
    assert json.loads(drill.out) == json.loads(on_disk)


def test_the_expected_alert_was_heard(drill, scenario):
    assert drill.result["alerts"]["expected"] == [ALERTS[scenario]]
    assert drill.result["alerts"]["missing"] == []


def test_the_fault_began_when_the_shop_says_that_it_did(drill, space, scenario):
    done = [one for one in space.trail("") if one["actor"].startswith("fault")]
    said = parse_instant(drill.at("fault_injected"))
    nearest = min(abs(parse_instant(one["at"]) - said) for one in done)
    assert nearest < 1.0


def test_users_are_well_again_after_the_lever_that_mended_it_and_not_before(drill, space, scenario):
    recovered = parse_instant(drill.at("recovered"))
    levers = [parse_instant(a["at"]) for a in space.trail("") if a["action"].startswith(MENDED_BY[scenario])]
    first = min(at for at in levers if at > parse_instant(drill.at("fault_injected")))
    assert first - 0.2 - UNMET.get(scenario, 0.0) <= recovered <= first + 15.0


def fired(drill, alert):
    """Give the instant at which an alert first fired after the fault."""
    lines = (drill.folder / "history.jsonl").read_text(encoding="utf-8").splitlines()
    found = [fact for fact in map(json.loads, lines) if fact["kind"] == "AlertFired"]
    instants = [parse_instant(fact["occurred_at"]) for fact in found if fact["fact"]["alert"] == alert]
    return min(at for at in instants if at > parse_instant(drill.at("fault_injected")))


def test_the_milestones_come_in_the_order_of_an_incident(drill, scenario):
    """The fault's own alert counts: on a busy machine another one may tell of its latency at any moment."""
    unmet = {"recovered": UNMET.get(scenario, 0.0)}
    instants = [
        fired(drill, ALERTS[scenario])
        if name == "alerted"
        else parse_instant(drill.at(name)) + unmet.get(name, 0.0)
        for name in (
            "fault_injected",
            "impact_started",
            "alerted",
            "acknowledged",
            "triaged",
            "recovered",
            "verified",
        )
    ]
    assert instants == sorted(instants)
    assert parse_instant(drill.at("fault_injected")) <= parse_instant(drill.at("alerted")) <= instants[2]


def test_the_drill_leaves_all_its_files(drill):
    names = {path.name for path in drill.folder.iterdir() if path.stat().st_size}
    files = (
        "history.jsonl load.jsonl journal.json result.json postmortem.md postmortem.html impact.svg junit.xml"
    )
    assert names >= {*files.split(), "playbook.patch"}


def test_the_postmortem_names_the_script_that_played(drill):
    text = (drill.folder / "postmortem.md").read_text(encoding="utf-8")
    assert "Scripted responder shop-automation" in text
    for section in ("Summary", "Timeline", "Root Cause", "Impact Analysis", "Resolution", "Lessons Learned"):
        assert f"## {section}" in text


def test_the_proposed_change_applies_to_the_playbook(drill, space):
    patch = drill.folder / "playbook.patch"
    check = ["git", "apply", "--check", str(patch)]
    assert subprocess.run(check, cwd=space.root, check=False).returncode == 0


def test_the_history_is_whole(drill, space):
    assert space.call("verify", drill.result["drill"]).returncode == 0


def test_judging_again_gives_the_same_bytes(drill, space):
    before = {path.name: path.read_bytes() for path in drill.folder.iterdir()}
    assert space.call("postmortem", drill.result["drill"]).returncode == 0
    assert {path.name: path.read_bytes() for path in drill.folder.iterdir()} == before


def test_no_process_of_the_drill_is_left(drill):
    marker = f"GAMEDAY_DRILL={drill.result['drill']}".encode()
    left = [p for p in Path("/proc").glob("[0-9]*/environ") if marker in _read(p)]
    assert left == []


def _read(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_it_is_listed_shown_scored_and_moved(drill, space, tmp_path):
    name = drill.result["drill"]
    listed = json.loads(space.call("list", "--json").stdout)
    assert name in [row["drill"] for row in listed]
    assert json.loads(space.call("show", name, "--json").stdout) == drill.result
    again = space.call("score", name, "--scorecard", "scorecards/automation.yaml", "--json")
    assert json.loads(again.stdout)["score"]["scorecard"].startswith("automation@")
    file = tmp_path / "drill.zip"
    assert space.call("export", name, str(file)).returncode == 0
    assert space.call("import", str(file)).returncode == 0
