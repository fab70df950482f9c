"""An alert that fires again is an event of its own; what is repeated or comes late is not."""

from __future__ import annotations

import json

import pytest

from gameday.core.facts import drill as ev
from gameday.core.judging.alerts import DELIVERY
from gameday.core.values import DrillId, Instant
from gameday.signals.inbox.intake import Intake, Source
from gameday.testing.clock import VirtualClock

PAGER = Source(name="pager", system="alertmanager")
BEGAN = Instant(1_767_225_600.0)  # 2026-01-01


def received(*deliveries: tuple[float, str, str]) -> list[str]:
    """Give the ids of the events that deliveries become: seconds after the last one, status, end."""
    events: dict[str, ev.Event] = {}
    clock = VirtualClock(BEGAN)
    took = Intake(
        drill=DrillId("d1"),
        clock=clock,
        receive=lambda several: events.update({each.id: each for each in several if each.id not in events}),
    )
    for seconds, status, ended in deliveries:
        clock.advance(seconds)
        alert = {
            "status": status,
            "labels": {"alertname": "a"},
            "fingerprint": "a",
            "startsAt": "2026-01-01T00:00:00Z",
            "endsAt": f"2026-01-01T00:{ended}Z" if ended else "0001-01-01T00:00:00Z",
        }
        took.take(PAGER, json.dumps({"alerts": [alert]}).encode())
    return [each.removeprefix("alertmanager:a@2026-01-01T00:00:00Z:") for each in events]


FIRING, REPEATED = (5, "firing", ""), (1, "firing", "")
RESOLVED, AGAIN = (60, "resolved", "01:00"), (DELIVERY + 1, "firing", "")


def test_repetitions_are_one_event():
    assert received(FIRING, REPEATED, RESOLVED, (1, "resolved", "01:00")) == ["firing", "resolved"]


def test_firing_again_with_the_start_of_before_is_a_new_event_and_so_is_its_end():
    assert received(
        FIRING, RESOLVED, AGAIN, REPEATED, (40, "resolved", "03:00"), (1, "resolved", "03:00")
    ) == [
        "firing",
        "resolved",
        "firing#2",
        "resolved#2",
    ]


@pytest.mark.parametrize(
    "late", [(DELIVERY - 1, "firing", ""), (1, "resolved", "01:00")], ids=["its start", "its end"]
)
def test_what_the_other_of_two_alertmanagers_sends_late_is_a_repetition(late):
    assert received(FIRING, RESOLVED, late) == ["firing", "resolved"]


def test_an_end_that_is_repeated_after_it_fired_again_ends_nothing():
    assert received(FIRING, RESOLVED, AGAIN, (1, "resolved", "01:00")) == ["firing", "resolved", "firing#2"]
