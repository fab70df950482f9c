"""Alertmanager's webhook: what makes two deliveries one change, and what of an alert is not taken at its word."""

from hypothesis import given
from hypothesis import strategies as st

from gameday.core.facts import drill as ev
from gameday.core.values import parse_instant
from gameday.signals import alertmanager

START, END = "2026-12-01T10:00:00Z", "2026-12-01T10:05:00Z"
NONE = "0001-01-01T00:00:00Z"
LABELS = st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=4)


def element(**changes):
    labels = {"alertname": "PaymentsDown", "severity": "P1"}
    return {"status": "firing", "labels": labels, "startsAt": START, "endsAt": NONE, **changes}


def parse(*elements):
    return alertmanager.parse({"status": "firing", "alerts": list(elements)})


def test_an_alerts_own_status_counts_and_not_the_groups():
    fired, resolved = parse(element(), element(status="resolved", endsAt=END)).alerts
    assert isinstance(fired.fact, ev.AlertFired)
    assert isinstance(resolved.fact, ev.AlertResolved)
    assert (fired.at, resolved.at) == (parse_instant(START), parse_instant(END))


@given(labels=LABELS)
def test_without_a_fingerprint_the_labels_identify_an_alert_in_whatever_order_they_come(labels):
    named = {"alertname": "a", **labels}
    turned = dict(reversed(named.items()))
    (first,), (second,) = (parse(element(labels=each)).alerts for each in (named, turned))
    assert first.delivery == second.delivery


def test_other_labels_are_another_alert():
    pods = [element(labels={"alertname": "a", "pod": pod}) for pod in ("a", "b")]
    assert len({alert.fact.key for alert in parse(*pods).alerts}) == 2


def test_the_same_alert_that_fires_again_later_is_another_one():
    again = element(startsAt=END)
    assert len({alert.delivery for alert in parse(element(), element(), again).alerts}) == 2


def test_an_end_before_the_start_is_no_end():
    (alert,) = parse(element(status="resolved")).alerts
    assert alert.at is None


def test_a_condition_that_cannot_be_read_is_left_out_and_the_alert_counts():
    (alert,) = parse(element(annotations={"condition_since": "this morning"})).alerts
    assert alert.fact.condition_at is None


def test_one_element_that_cannot_be_read_does_not_cost_the_others():
    parsed = parse(element(), element(labels={}), "text", element(status="pending"))
    assert len(parsed.alerts) == 1
    assert [reason.split(":")[0] for reason in parsed.rejected] == ["alerts[1]", "alerts[2]", "alerts[3]"]


def test_a_watchdog_that_is_resolved_is_no_heartbeat():
    watchdog = {"labels": {"alertname": alertmanager.WATCHDOG}}
    assert parse(element(**watchdog)).heartbeat
    assert not parse(element(**watchdog, status="resolved")).heartbeat
