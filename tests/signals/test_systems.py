"""Each sample payload of each system is parsed into what its `.expected.json` holds.

A new sample is a JSON file in `payloads/SYSTEM/`, as the system really sends it, and its `.expected.json` next to it.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core.values import format_instant
from gameday.signals import systems
from gameday.signals.parsed_payload import ParsedPayload, UnknownShape

PAYLOADS = Path(__file__).parent / "payloads"
SAMPLES = sorted(p for p in PAYLOADS.glob("*/*.json") if not p.name.endswith(".expected.json"))

json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
alert_like = st.fixed_dictionaries(
    {},
    optional={
        name: json_values
        | st.sampled_from(["firing", "resolved", "2026-12-01T10:00:00Z", "0001-01-01T00:00:00+23:59"])
        for name in (
            "status",
            "labels",
            "annotations",
            "startsAt",
            "endsAt",
            "fingerprint",
            "alert",
            "id",
            "at",
        )
    },
)


def as_json(parsed: ParsedPayload) -> dict:
    alerts = [
        {
            "delivery": alert.delivery,
            "kind": type(alert.fact).__name__,
            "at": None if alert.at is None else format_instant(alert.at, digits=6),
            "fact": dataclasses.asdict(alert.fact),
            **({"by": alert.by} if alert.by else {}),
        }
        for alert in parsed.alerts
    ]
    whole = {"alerts": alerts, "rejected": list(parsed.rejected), "heartbeat": parsed.heartbeat}
    return {**whole, "left_out": parsed.left_out} if parsed.left_out else whole


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_a_payload_says_what_is_expected(sample):
    parsed = systems.SYSTEMS[sample.parent.name](json.loads(sample.read_text()))
    assert as_json(parsed) == json.loads(sample.with_suffix(".expected.json").read_text())


@pytest.mark.parametrize("system", systems.SYSTEMS)
def test_each_system_has_samples(system):
    assert any(sample.parent.name == system for sample in SAMPLES)


@pytest.mark.parametrize("system", systems.SYSTEMS)
@given(payload=json_values | st.lists(alert_like) | st.builds(lambda a: {"alerts": a}, st.lists(alert_like)))
def test_no_payload_breaks_the_reader(system, payload):
    try:
        parsed = systems.SYSTEMS[system](payload)
    except UnknownShape:
        return
    assert isinstance(parsed, ParsedPayload)
