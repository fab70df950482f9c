"""Debian's own Alertmanager and Prometheus, unmodified, send to a drill; nothing in between."""

from __future__ import annotations

import signal
import time
import urllib.request
from contextlib import ExitStack

import pytest

from gameday.core.facts import drill as ev
from gameday.core.facts import history
from gameday.core.judging import alerts
from gameday.core.values import Instant
from gameday.formats.settings.reader import Integration
from tests import monitoring, ports
from tests.monitoring import Alertmanager, Prometheus, wait
from tests.signals.listening import SECRET, Listening, hook, listening


@pytest.fixture(autouse=True)
def _installed():
    monitoring.needed("prometheus-alertmanager", "prometheus")


def webhook(to: Listening, token: str = SECRET, **more: object) -> dict:
    """Give what a user pastes into `webhook_configs`."""
    authorization = {"type": "Bearer", "credentials": token}
    return {"url": to.url, "http_config": {"authorization": authorization}, **more}


def fired(to: Listening) -> list[ev.AlertFired]:
    return to.facts(ev.AlertFired)


def names(to: Listening, kind: type = ev.AlertFired) -> list[str]:
    return sorted(fact.alert for fact in to.facts(kind))


def episodes(to: Listening, fault: float) -> list[tuple[str, bool]]:
    """Give, as the judge sees it, each time that a series fired, and whether it was over."""
    known = history.from_events(to.events())
    return [(each.fired.fact.alert, each.resolved) for each in alerts.episodes(known, Instant(fault))]


def test_a_threshold_of_prometheus_is_an_alert_with_prometheus_own_instant_and_is_resolved(tmp_path):
    rule = {
        "alert": "HighErrorRate",
        "expr": "errors > 5",
        "labels": {"severity": "critical", "service": "shop"},
        "annotations": {"summary": "too many errors"},
    }
    with ExitStack() as stack:
        to = stack.enter_context(listening(tmp_path, hook()))
        target, values = stack.enter_context(monitoring.metrics())
        manager = stack.enter_context(Alertmanager(tmp_path / "am", webhook(to)))
        stack.enter_context(Prometheus(tmp_path / "prom", target, manager, rule=rule))
        began, values["errors"] = time.time(), 9.0
        (alert,) = wait(lambda: fired(to))
        (event,) = (each for each in to.events() if isinstance(each.fact, ev.AlertFired))
        values["errors"] = 0.0
        wait(lambda: to.facts(ev.AlertResolved))
        assert (alert.alert, alert.severity, alert.summary) == (
            "HighErrorRate",
            "critical",
            "too many errors",
        )
        assert alert.labels["service"] == "shop"
        assert began - 1 <= event.occurred_at <= event.recorded_at
        assert (event.source, event.trusted) == ("alertmanager", True)
        assert episodes(to, began - 1) == [("HighErrorRate", True)]
        assert to.facts(ev.SignalRejected) == []


def test_a_group_repeated_whenever_one_of_it_changes_and_again_and_again_is_one_alert_a_series(tmp_path):
    with listening(tmp_path, hook()) as to:
        timing = {"group_wait": "100ms", "group_interval": "300ms", "repeat_interval": "600ms"}
        with Alertmanager(tmp_path / "am", webhook(to), **timing) as manager:
            manager.fire("HighErrorRate", service="shop", pod="a")
            wait(lambda: len(fired(to)) == 1)
            manager.fire("HighErrorRate", service="shop", pod="b")
            manager.fire("HighLatency", service="shop")
            wait(lambda: len(fired(to)) == 3)
            wait(lambda: sent_by(manager) >= 5)
        assert names(to) == ["HighErrorRate", "HighErrorRate", "HighLatency"]
        assert len({alert.key for alert in fired(to)}) == 3
        assert to.facts(ev.AlertResolved) == []


def sent_by(manager: Alertmanager) -> int:
    """Give how many notifications an Alertmanager has sent by webhook, by its own metrics."""
    with urllib.request.urlopen(f"{manager.url}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    wanted = 'alertmanager_notifications_total{integration="webhook"}'
    return int(sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(wanted)))


def test_one_series_of_two_is_resolved_while_the_other_fires_on(tmp_path):
    since = time.time()
    with listening(tmp_path, hook()) as to, Alertmanager(tmp_path / "am", webhook(to)) as manager:
        for pod in ("a", "b"):
            manager.fire("HighErrorRate", since=since, service="shop", pod=pod)
        wait(lambda: len(fired(to)) == 2)
        manager.resolve("HighErrorRate", since=since, service="shop", pod="a")
        wait(lambda: to.facts(ev.AlertResolved))
        assert sorted(episodes(to, since - 1)) == [("HighErrorRate", False), ("HighErrorRate", True)]


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_a_restart_of_alertmanager_in_the_middle_is_no_second_alert_and_no_end(tmp_path, how):
    since = time.time()
    with listening(tmp_path, hook()) as to:
        manager = Alertmanager(tmp_path / "am", webhook(to))
        with manager:
            manager.fire("HighErrorRate", since=since, service="shop")
            wait(lambda: fired(to))
            if how == "stopped":
                manager.child.send(signal.SIGTERM)
                wait(lambda: manager.child.poll() is not None)
        with manager:
            manager.fire("HighErrorRate", since=since, service="shop")  # as Prometheus goes on to do
            manager.fire("Other", service="other")
            wait(lambda: "Other" in names(to))
            assert names(to) == ["HighErrorRate", "Other"]
            assert to.facts(ev.AlertResolved) == []
            manager.resolve("HighErrorRate", since=since, service="shop")
            wait(lambda: to.facts(ev.AlertResolved))
        assert ("HighErrorRate", True) in episodes(to, since - 1)


def test_a_pair_of_alertmanagers_is_one_alert_also_when_both_send_and_their_starts_differ(tmp_path):
    gossip = [ports.free(), ports.free()]
    since = time.time()
    with ExitStack() as stack:
        to = stack.enter_context(listening(tmp_path, hook()))
        pair = [
            Alertmanager(
                tmp_path / f"am{n}", webhook(to), cluster=gossip[n], peers=(f"127.0.0.1:{gossip[1 - n]}",)
            )
            for n in range(2)
        ]
        alone = Alertmanager(tmp_path / "alone", webhook(to))
        for each in (*pair, alone):
            stack.enter_context(each)
        for late, each in enumerate(pair):
            each.fire("HighErrorRate", since=since + late / 2, service="shop")
        wait(lambda: fired(to))
        # Not of the cluster, as when the two can't reach each other: it sends for itself.
        alone.fire("HighErrorRate", since=since - 0.5, service="shop")
        wait(lambda: len(fired(to)) > 1)
        assert len({alert.key for alert in fired(to)}) == 1
        assert episodes(to, since - 1) == [("HighErrorRate", False)]
        for each in (*pair, alone):
            each.resolve("HighErrorRate", since=since - 0.5, service="shop")
        wait(lambda: to.facts(ev.AlertResolved))
        assert episodes(to, since - 1) == [("HighErrorRate", True)]


def test_alerts_that_max_alerts_leaves_out_are_counted(tmp_path):
    with listening(tmp_path, hook()) as to:
        with Alertmanager(tmp_path / "am", webhook(to, max_alerts=2), group_wait="500ms") as manager:
            for pod in range(5):
                manager.fire("HighErrorRate", service="shop", pod=str(pod))
            (left_out,) = wait(lambda: [each for each in to.facts(ev.SignalRejected) if each.left_out])
        assert (left_out.left_out, left_out.system) == (3, "pager")
        assert len(fired(to)) == 2


def test_what_is_sent_after_the_drill_reaches_nobody_and_the_next_drill_gets_it_before_its_fault(tmp_path):
    since = time.time() - 60
    integration = hook()
    with listening(tmp_path, integration) as to:
        manager = Alertmanager(tmp_path / "am", webhook(to))
    with manager:
        manager.fire("HighErrorRate", since=since, service="shop")
        wait(lambda: "connection refused" in manager.log())
        assert to.events() == []
        later = tmp_path / "later"
        later.mkdir()
        with listening(later, integration) as again:
            wait(lambda: fired(again))
            known = history.from_events(again.events())
            assert [each.old for each in alerts.episodes(known, Instant(time.time()))] == [True]
    assert to.events() == []


def test_a_wrong_token_is_refused_and_recorded_without_the_token(tmp_path):
    with listening(tmp_path, hook()) as to:
        wrong = "wr0ng-but-secret"
        with Alertmanager(tmp_path / "am", webhook(to, token=wrong)) as manager:
            manager.fire("HighErrorRate", service="shop")
            (refused,) = wait(lambda: to.facts(ev.SignalRejected))
            wait(lambda: "401" in manager.log())
        assert fired(to) == []
        assert "not the bearer token" in refused.reason
        assert wrong not in repr(to.events())


def test_alerts_are_polled_where_nothing_can_push(tmp_path):
    since = time.time()
    elsewhere = {"url": f"http://127.0.0.1:{ports.free()}"}
    with Alertmanager(tmp_path / "am", elsewhere) as manager:
        manager.fire("Old", since=since - 600, service="shop")
        polled = Integration(name="am", kind="alertmanager", poll=manager.url)
        with listening(tmp_path, polled) as to:
            assert names(to) == ["Old"]
            assert to.receiver.heartbeats.keys() == {"am"}
            manager.fire("HighErrorRate", since=since, service="shop")
            wait(lambda: len(fired(to)) == 2)
            manager.resolve("HighErrorRate", since=since, service="shop")
            wait(lambda: to.facts(ev.AlertResolved))
            assert names(to, ev.AlertResolved) == ["HighErrorRate"]
            assert to.facts(ev.SignalRejected) == []
            (event,) = (each for each in to.events() if getattr(each.fact, "alert", "") == "Old")
            assert abs(event.occurred_at - (since - 600)) < 0.01


def test_a_polled_alertmanager_that_restarts_has_resolved_nothing(tmp_path):
    since = time.time()
    manager = Alertmanager(tmp_path / "am", {"url": f"http://127.0.0.1:{ports.free()}"})
    with manager:
        manager.fire("HighErrorRate", since=since, service="shop")
        polled = Integration(name="am", kind="alertmanager", poll=manager.url)
        with listening(tmp_path, polled) as to:
            assert names(to) == ["HighErrorRate"]
            manager.stop()
            (away,) = wait(lambda: to.facts(ev.SignalRejected))
            assert "gave no answer" in away.reason
            manager.start()
            manager.fire("Other", service="other")
            wait(lambda: "Other" in names(to))
            assert to.facts(ev.AlertResolved) == []
            manager.fire("HighErrorRate", since=since, service="shop")
            time.sleep(2.5)  # one more look
            assert names(to) == ["HighErrorRate", "Other"]
            manager.stop()
