"""What became of each expected alert, and which others fired."""

from __future__ import annotations

from gameday.core import postmortem
from gameday.core.judging.result import Alerts
from gameday.testing import histories
from tests.core.postmortem.drafts import drafted, titles
from tests.render import a_drill


def test_missing_late_and_unexpected_alerts_are_findings():
    found = titles(drafted())
    assert "The alert DatabaseSaturated never fired" in found
    assert "The alert EdgeRetries fired, and the scenario does not expect it" in found
    late = a_drill.result(alerts=Alerts(expected=("HighApiLatency",), late=("HighApiLatency",)))
    assert "The alert HighApiLatency fired late" in titles(drafted(result=late))


def test_coverage_counts_from_the_start_of_impact():
    line = next(c for c in drafted().coverage if c.alert == "HighApiLatency")
    assert (line.state, line.within, line.after) == ("in time", 60.0, 10.6)


def test_an_alert_that_was_firing_before_the_fault_detects_nothing():
    game = histories.Game().alert("DiskFull", at=2).fault(at=10).bad("POST /checkout", 10, 60)
    game = game.alert("DiskFull", at=20).alert("HighApiLatency", at=18).over(at=80)
    lines = {line.alert: line for line in postmortem.draft(game.history(), game.result()).coverage}
    assert lines["DiskFull"].state == "firing before"
    assert (lines["HighApiLatency"].state, lines["HighApiLatency"].after) == ("in time", 8.0)
