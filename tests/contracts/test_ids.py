"""What every Ids promises: ids that are unique, and a drill's that is readable and safe as a file name."""

from __future__ import annotations

import pytest

from gameday.system.ids import SystemIds
from gameday.testing.ids import FakeIds


@pytest.fixture(params=[SystemIds, FakeIds], ids=["system", "fake"])
def ids(request):
    return request.param()


def test_no_two_events_have_one_id(ids):
    assert len({ids.event() for _ in range(200)}) == 200


def test_no_two_drills_have_one_id(ids):
    assert len({ids.drill("checkout-slow") for _ in range(20)}) == 20


def test_a_drill_s_id_names_its_scenario_and_is_safe_as_a_file_name(ids):
    drill = ids.drill("checkout-slow")
    assert "checkout-slow" in drill
    assert set(drill) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
