"""What one drill is sent becomes events: once, named, and stored before the sender is answered."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core.errors import StoreUnavailable
from gameday.core.facts import drill as ev
from gameday.core.values import DrillId, Instant
from gameday.signals.inbox import intake
from gameday.signals.inbox.intake import Intake, Source
from gameday.signals.systems import SYSTEMS
from gameday.testing.clock import VirtualClock

PAGER = Source(name="pager", system="alertmanager")
START = Instant(1_800_000_000.0)


def taking(receive=None) -> tuple[Intake, list[ev.Event], VirtualClock]:
    events: list[ev.Event] = []
    clock = VirtualClock(START)
    return Intake(drill=DrillId("d1"), clock=clock, receive=receive or events.extend), events, clock


def alert(name: str = "a", **more: object) -> dict:
    return {"status": "firing", "labels": {"alertname": name}, "fingerprint": name, **more}


def test_an_alert_is_an_event_of_its_system_and_what_is_unreadable_is_named_by_its_integration():
    took, events, _ = taking()
    body = json.dumps({"alerts": [alert(), {"status": "firing"}], "truncatedAlerts": 2}).encode()
    taken = took.take(PAGER, body)
    assert (taken.accepted, len(taken.rejected)) == (1, 1)
    assert [event.source for event in events] == ["alertmanager"] * 3
    assert [event.fact.system for event in events[1:]] == ["pager", "pager"]
    assert events[0].id == "alertmanager:a@None:firing"


def test_what_can_not_be_stored_is_not_taken():
    def full(_events):
        raise StoreUnavailable("full")

    took, _, _ = taking(full)
    with pytest.raises(StoreUnavailable):
        took.take(PAGER, json.dumps({"alerts": [alert()]}).encode())
    took.note(PAGER, "refused")  # whoever is refused stops no drill


def test_refusals_are_one_event_a_minute_for_each_source_and_reason():
    took, events, clock = taking()
    other = Source(name="other", system="generic")
    for seconds in (0, 1, 58, 2, 58):
        clock.advance(seconds)
        took.note(PAGER, "wrong token")
        took.note(other, "wrong token")
    reasons = [(event.fact.system, event.recorded_at - START) for event in events]
    assert reasons == [("pager", 0), ("other", 0), ("pager", 61), ("other", 61)]
    assert len({event.id for event in events}) == 4


@given(body=st.binary(max_size=200) | st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["alerts", "status", "labels", "fingerprint", "startsAt", "truncatedAlerts", "alert"]),
        inner, max_size=5),
    max_leaves=8,
).map(lambda value: json.dumps(value).encode()), system=st.sampled_from(sorted(SYSTEMS)))  # fmt: skip
def test_whatever_is_sent_it_is_read_or_kept_as_unreadable(body, system):
    took, events, _ = taking()
    taken = took.take(Source(name="n", system=system), body)
    assert taken.accepted + bool(taken.rejected) <= len(events)
    assert all(len(event.id) < 300 and repr(event).encode() for event in events)
    assert all(len(each.fact.excerpt) <= intake.EXCERPT for each in events if hasattr(each.fact, "excerpt"))
