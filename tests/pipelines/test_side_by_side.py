"""Two environments at once, for real: each brought up and down by its hooks, both faults in force together."""

from __future__ import annotations

import json

import pytest

from tests import ports
from tests.pipelines.conftest import RESPONDER, SCENARIO, SETTINGS
from tests.render import junit_schema

pytestmark = pytest.mark.e2e
UP = """python3 -m http.server "$2" --bind 127.0.0.1 >/dev/null 2>&1 & echo $! > "$1.pid"
until python3 -c 'import socket, sys; socket.create_connection(("127.0.0.1", int(sys.argv[1])))' "$2" 2>/dev/null
do sleep 0.05; done
"""
DOWN = 'kill "$(cat "$1.pid")" && rm "$1.pid"\n'


def environment(name):
    """Give the settings of an environment that its hooks bring up on a free port and take down again."""
    port = ports.free()
    return f"""
[environments.{name}]
base_url = "http://127.0.0.1:{port}"
up = ["sh", "up.sh", "{name}", "{port}"]
down = ["sh", "down.sh", "{name}"]
[environments.{name}.policy]
providers = ["process:/usr/bin/touch", "process:/usr/bin/rm"]
"""


@pytest.fixture
def played(checkout):
    """Play a drill on each of two environments, and give when each fault was in force."""
    (checkout.root / "up.sh").write_text(UP)
    (checkout.root / "down.sh").write_text(DOWN)
    (checkout.root / "gameday.toml").write_text(SETTINGS + environment("left") + environment("right"))
    for name in ("left", "right"):
        text = SCENARIO.format(name=name, hold="6s").replace("environment: here", f"environment: {name}")
        (checkout.root / "scenarios" / f"{name}.yaml").write_text(text)
        (checkout.root / "scenarios" / "responders" / f"{name}.yaml").write_text(RESPONDER)
    words = ("gameday", "ci", "scenarios/left.yaml", "scenarios/right.yaml", "--junit", "junit.xml")
    code, said = checkout.call(*words)
    assert code == 0, said
    return checkout


def in_force(checkout, row):
    """Give when a drill's fault was injected and when it was reverted."""
    folder = row["drills"][0]["folder"]
    with (checkout.root / folder / "history.jsonl").open() as lines:
        facts = [json.loads(line) for line in lines]
    times = {one["kind"]: one["recorded_at"] for one in facts if one.get("kind", "").startswith("Fault")}
    return times["FaultInjected"], times["FaultReverted"]


def test_both_faults_are_in_force_together_and_both_environments_are_taken_down(played):
    report = json.loads((played.root / ".gameday" / "ci" / "ci.json").read_text())
    (began, ended), (other_began, other_ended) = (in_force(played, row) for row in report["scenarios"])
    assert max(began, other_began) < min(ended, other_ended)
    assert list(played.root.glob("*.pid")) == []
    assert junit_schema.complaints((played.root / "junit.xml").read_text()) == []
    assert not played.fault.exists()
