"""Signatures of stored facts."""

from __future__ import annotations

import json

import pytest

from gameday.core.facts import drill as ev
from gameday.core.values import DrillId, EventId, FaultId, instant
from gameday.formats.stored import events, signatures

KEY = b"k" * 64
FAULT = ev.FaultRequested(fault=FaultId("main"), experiment="{}", path="x.json", cwd="/w", variables=("A",))
EVENT = ev.Event(
    id=EventId("e1"), drill=DrillId("d1"), recorded_at=instant(1.8e9), source="keeper", fact=FAULT
)
DOCUMENT = json.loads(json.dumps(events.encode(EVENT)))


def signed(**changed):
    signature = signatures.sign(KEY, events.encode(EVENT), store="s", environment="shop")
    return {**DOCUMENT, signatures.FIELD: signature, **changed}


def test_the_kinds_are_those_of_the_facts():
    assert {kind.__name__ for kind in ev.SIGNED} == signatures.KINDS


def test_a_signature_holds_after_a_way_through_json():
    assert signatures.holds(KEY, signed(), store="s", environment="shop")


@pytest.mark.parametrize(
    ("key", "store", "environment", "changed"),
    [
        (b"l" * 64, "s", "shop", {}),
        (KEY, "t", "shop", {}),
        (KEY, "s", "prod", {}),
        (KEY, "sshop", "", {}),
        (KEY, "s", "shop", {"drill": "d2"}),
        (KEY, "s", "shop", {"kind": "ProcessStarted"}),
        (KEY, "s", "shop", {"id": "e2"}),
        (KEY, "s", "shop", {"fact": {**DOCUMENT["fact"], "cwd": "/x"}}),
        (KEY, "s", "shop", {"fact": {**DOCUMENT["fact"], "more": 1}}),
        (KEY, "s", "shop", {signatures.FIELD: ""}),
        (KEY, "s", "shop", {signatures.FIELD: None}),
        (KEY, "s", "shop", {signatures.FIELD: ["x"]}),
        (KEY, "s", "shop", {signatures.FIELD: "\udcff"}),
    ],
)
def test_it_holds_for_nothing_else(key, store, environment, changed):
    assert not signatures.holds(key, signed(**changed), store=store, environment=environment)


def test_what_is_decoded_without_a_check_counts_as_unsigned():
    assert events.decode(DOCUMENT).signed is False
    assert events.decode(DOCUMENT, signed=True).signed is True
    note = ev.Event(
        id=EventId("n"), drill=DrillId("d1"), recorded_at=instant(1.8e9), source="cli",
        fact=ev.NoteWritten(text="a"),
    )  # fmt: skip
    assert events.decode(events.encode(note)).signed is True
