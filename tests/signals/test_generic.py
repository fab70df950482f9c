"""Plain JSON: what a sender may leave out, and when two deliveries are one event."""

import pytest

from gameday.core.facts import drill as ev
from gameday.core.values import parse_instant
from gameday.signals import generic
from gameday.signals.parsed_payload import UnknownShape

AT = "2026-12-01T10:00:41Z"


def test_the_alerts_name_alone_is_an_alert_that_fires():
    (alert,) = generic.parse({"alert": "HighErrorRate"}).alerts
    assert alert.fact == ev.AlertFired(
        key="HighErrorRate", alert="HighErrorRate", severity="", labels={}, summary="", url=""
    )
    assert (alert.delivery, alert.at) == ("HighErrorRate:firing", None)


@pytest.mark.parametrize(
    ("status", "fact"),
    [("acknowledged", ev.AlertAcknowledged), ("resolved", ev.AlertResolved)],
)
def test_an_id_connects_what_becomes_of_an_alert(status, fact):
    (alert,) = generic.parse([{"alert": "a", "id": "a1", "status": status, "at": AT}]).alerts
    assert alert.fact == fact(key="a1", alert="a")
    assert (alert.delivery, alert.at) == (f"a1:{status}@{AT}", parse_instant(AT))


def test_with_another_instant_the_same_status_is_another_event():
    parsed = generic.parse([{"alert": "a", "at": at} for at in (AT, AT, "2026-12-01T10:00:42Z")])
    assert len({alert.delivery for alert in parsed.alerts}) == 2


@pytest.mark.parametrize(
    ("element", "reason"),
    [
        ("text", "not an object"),
        ({}, "no `alert`"),
        ({"alert": 3}, "no `alert`"),
        ({"alert": "a", "status": "silenced"}, "status 'silenced' is not"),
        ({"alert": "a", "at": "soon"}, "soon"),
    ],
)
def test_an_element_that_cannot_be_read_is_named_and_the_next_one_counts(element, reason):
    parsed = generic.parse([element, {"alert": "b"}])
    assert [alert.fact.alert for alert in parsed.alerts] == ["b"]
    assert parsed.rejected[0].startswith("[0]: ")
    assert reason in parsed.rejected[0]


@pytest.mark.parametrize("payload", [None, "text", 3])
def test_anything_but_an_object_or_a_list_is_refused(payload):
    with pytest.raises(UnknownShape, match="neither an object nor a list"):
        generic.parse(payload)
