"""Times for people: in their own zone, or in that of a plan."""

from __future__ import annotations

import pytest

from gameday.cli.shared import times
from gameday.core.values import parse_instant


@pytest.mark.parametrize(
    ("zone", "written"),
    [("Europe/Berlin", "Tue 2026-12-01 10:00 CET"), ("America/New_York", "Tue 2026-12-01 04:00 EST")],
)
def test_a_time_in_a_plans_zone_names_it(zone: str, written: str):
    assert times.in_zone(parse_instant("2026-12-01T09:00:00Z"), zone) == written
