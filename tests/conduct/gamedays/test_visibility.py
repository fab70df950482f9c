"""Who may see a drill in progress, and an agenda, in full."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gameday.conduct.gamedays import visibility
from gameday.conduct.recorder import Recorder
from gameday.core.errors import UsageError
from gameday.core.facts import drill as ev
from gameday.core.plans.gameday import Occasion
from gameday.core.plans.scenario import ScorecardRules
from gameday.core.values import DrillId, Mode
from gameday.testing.clock import VirtualClock
from gameday.testing.history_store import MemoryHistoryStore
from gameday.testing.ids import FakeIds
from tests.conduct.day import DAY, PLAN, SCENARIOS

DRILL = DrillId("d1")


@pytest.fixture
def recorder():
    clock = VirtualClock()
    store = MemoryHistoryStore(clock)
    recorder = Recorder(store=store, clock=clock, ids=FakeIds(), drill=DRILL, source="conductor")
    recorder.record(
        ev.DrillPlanned(
            scenario=SCENARIOS["scenarios/one.yaml"],
            scorecard=ScorecardRules(scorecard="s", version=1, criteria=()),
            mode=Mode.EVALUATE,
            environment="stage",
            comparable="c",
            occasion=Occasion(game_day=DAY, hidden=True, insiders=("ada",)),
        )
    )
    return recorder


def listed(recorder, viewer):
    return [row.scenario for row in visibility.rows(recorder.store, viewer, hidden="hidden")]


def test_while_it_is_in_progress_only_insiders_see_a_hidden_drill(recorder):
    assert listed(recorder, "rita") == ["hidden"]
    assert listed(recorder, "ada") == ["one"]
    visibility.must_see(recorder.store, DRILL, "ada")
    with pytest.raises(UsageError, match="d1 is in progress") as refused:
        visibility.must_see(recorder.store, DRILL, "rita")
    assert refused.value.hint.endswith("facilitators and observers: `who`")


def test_once_it_has_ended_everybody_sees_it(recorder):
    recorder.record(ev.DrillClosed(how="completed", reverted=True))
    assert listed(recorder, "rita") == ["one"]
    visibility.must_see(recorder.store, DRILL, "rita")


@pytest.mark.parametrize(
    ("announcement", "viewer", "attended", "sees"),
    [
        ("full", "rita", True, True),
        ("window", "rita", True, False),
        ("window", "rita", False, True),
        ("none", "ada", True, True),
    ],
)
def test_the_agenda_is_for_insiders_where_people_take_part(announcement, viewer, attended, sees):
    plan = replace(PLAN, announcement=announcement)
    assert "ada" in plan.insiders
    assert visibility.shows_agenda(plan, viewer, attended=attended) is sees


def test_the_injects_are_for_insiders():
    visibility.must_see_injects(insider=True)
    with pytest.raises(UsageError, match="for facilitators and observers"):
        visibility.must_see_injects(insider=False)
