"""A pipeline ends as its worst scenario does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gameday.core import trends
from gameday.core.errors import ExitCode
from gameday.core.trends import Report, Row, Thresholds
from tests.core.trends.results import finished_drill

PASSED, FAILED, IN_FORCE = finished_drill(), finished_drill(1, passed=False), finished_drill(reverted=False)


def report(*drills):
    rows = [
        Row(
            scenario="s",
            file="s.yaml",
            environment="stage",
            drills=(drill,),
            judgement=trends.judge((drill,), Thresholds()),
        )
        for drill in drills
    ]
    return Report(rows=tuple(rows), seconds=1.0)


@given(st.lists(st.sampled_from([PASSED, FAILED, IN_FORCE]), min_size=1, max_size=4))
def test_it_passes_only_when_each_scenario_did(drills):
    assert (report(*drills).code is ExitCode.PASSED) == all(drill is PASSED for drill in drills)


def test_a_fault_in_force_is_worse_than_any_failure():
    assert report(PASSED, FAILED, IN_FORCE, FAILED).code is ExitCode.FAULT_IN_FORCE


def test_a_pipeline_without_a_scenario_does_not_pass():
    assert report().code is ExitCode.INTERNAL
