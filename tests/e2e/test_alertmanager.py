"""Whole drills whose alerts come from Debian's own Prometheus and Alertmanager, as a user would set them up."""

from __future__ import annotations

import json
import signal
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import pytest

from gameday.core.values import parse_instant
from gameday.testing.truth import TruthServer
from tests import monitoring, ports
from tests.e2e.truth_space import SETTINGS, TruthSpace, finish
from tests.monitoring import Alertmanager, Prometheus, wait

pytestmark = pytest.mark.e2e

TOKEN = "c4nary-t0ken-of-alertmanager"
NAMED = '\nintegrations = ["pager"]\n'
SLOS = [{"slo": "users", "latency": "3s", "objective": "80%", "window": "2s", "min_requests": 5}]
RULE = {
    "alert": "TruthFails",
    "expr": "broken > 0",
    "labels": {"severity": "critical", "service": "truth"},
    "annotations": {"summary": "the server answers 503"},
}


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """Play a drill to its end while a second one wants the same address; give what both left."""
    monitoring.needed("prometheus", "prometheus-alertmanager")
    root = tmp_path_factory.mktemp("alertmanager")
    address = f"127.0.0.1:{ports.free()}"
    settings = SETTINGS.replace('base_url = "{url}"', f'base_url = "{{url}}"{NAMED}') + (
        f'\n[integrations.pager]\nkind = "alertmanager"\nlisten = "{address}"\nsecret = "env:PAGER"\n'
    )
    with ExitStack() as stack:
        server, other = stack.enter_context(TruthServer()), stack.enter_context(TruthServer())

        def broken() -> dict[str, float]:
            return {"broken": float(bool(server.flips and server.flips[-1].fault))}

        target, _ = stack.enter_context(monitoring.metrics(broken))
        space = TruthSpace(root / "one", env={"PAGER": TOKEN}).lay_out(
            server.url,
            settings=settings,
            hold="15s",
            slos=SLOS,
            expect=[{"alert": "TruthFails", "within": "60s"}],
        )
        second = TruthSpace(root / "two", env={"PAGER": TOKEN}).lay_out(other.url, settings=settings)
        authorization = {"credentials": TOKEN}  # Bearer is Alertmanager's default type
        webhook = {
            "url": f"http://{address}/hooks/pager",
            "http_config": {"authorization": authorization},
        }
        manager = stack.enter_context(Alertmanager(root / "am", webhook))
        stack.enter_context(Prometheus(root / "prom", target, manager, rule=RULE))
        looked = finish(space.start("run", "scenarios/quick.yaml", "--dry-run"))
        first = space.run()
        stack.callback(first.send_signal, signal.SIGTERM)  # its fault is undone, if it has not ended
        wait(lambda: answers(f"http://{address}"), within=150)
        refused = finish(second.run())
        ended = finish(first)
        manager.fire("TooLate", service="truth")
        wait(lambda: "connection refused" in manager.log())
        later = finish(space.start("show", "--json"))
        return {
            "looked": looked,
            "ended": ended,
            "refused": refused,
            "later": later,
            "address": address,
            "flips": [flip.fault for flip in other.flips],
            "drill": space.drills / json.loads(ended.stdout)["drill"],
        }


def answers(url: str) -> bool:
    """Report whether anything listens: it refuses what is no POST."""
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def events(drill: Path, kind: str) -> list[dict]:
    lines = (drill / "history.jsonl").read_text().splitlines()
    return [event for event in map(json.loads, lines) if event.get("kind") == kind]


def test_the_alert_is_delivered_detects_in_time_and_is_no_noise(played):
    result = json.loads(played["ended"].stdout)
    assert played["ended"].returncode == 1, played["ended"].stderr  # nobody is there to recover it
    assert (result["alerts"]["expected"], result["alerts"]["missing"]) == (["TruthFails"], [])
    assert (result["alerts"]["unexpected"], result["alerts"]["late"]) == ([], [])
    assert result["milestones"]["alerted"]["at"] > result["milestones"]["fault_injected"]["at"]


def test_it_is_one_alert_at_prometheus_own_instant(played):
    (fired,) = events(played["drill"], "AlertFired")
    assert fired["source"] == "alertmanager"
    delay = parse_instant(fired["recorded_at"]) - parse_instant(fired["occurred_at"])
    assert 0 <= delay < 10


def test_preflight_the_drill_and_a_dry_run_name_where_to_send_to(played):
    url = f"http://{played['address']}/hooks/pager"
    (check,) = (
        each["fact"]
        for each in events(played["drill"], "PreflightChecked")
        if each["fact"]["check"] == "alerts received"
    )
    assert f"send to {url}, with its bearer token" in check["detail"]
    assert f"send to {url}; the address is free" in played["looked"].stdout
    assert (
        f"alerts: pager listens at {played['address']}: send to {url}, with its bearer token"
        in played["ended"].stderr
    )


def test_a_second_drill_that_wants_the_same_address_is_refused_before_anything_is_injected(played):
    refused = played["refused"]
    assert refused.returncode == 5
    assert f"nothing can listen at {played['address']}: it is taken, by another drill" in refused.stderr
    assert "two drills at once need two addresses" in refused.stderr
    assert played["flips"] == []


def test_what_is_sent_after_the_drill_changes_nothing_of_it(played):
    assert "TooLate" not in played["later"].stdout
    assert json.loads(played["later"].stdout)["drill"] == json.loads(played["ended"].stdout)["drill"]


def test_the_token_is_nowhere(played):
    left = [file.read_bytes() for file in played["drill"].parents[1].rglob("*") if file.is_file()]
    printed = [played[name] for name in ("looked", "ended", "refused", "later")]
    texts = [*left, *(part.encode() for each in printed for part in (each.stdout, each.stderr))]
    assert not any(TOKEN.encode() in text for text in texts)
