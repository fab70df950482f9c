"""What participants learn in their channels when a game day opens and ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gameday.conduct.gamedays import announcing
from gameday.core.facts.gameday import GameDayPlanned
from gameday.core.gamedays.state import GameDayState, Stage, Turn
from gameday.core.plans.gameday import Channel
from tests.conduct.day import PLAN, SCENARIOS

CHANNELS = (Channel(channel="#drill"), Channel(channel="chat", purpose="updates"))


def plan(announcement):
    return replace(PLAN, announcement=announcement, title="A day", description="We drill.", channels=CHANNELS)


def ended(announcement, exit_code):
    planned = GameDayPlanned(plan=plan(announcement), scenarios=SCENARIOS, attended=True)
    turn = Turn(item=0, attempt=1, on_agenda=PLAN.agenda[0], drill="d1", exit_code=exit_code)
    return GameDayState(game_day="g", planned=planned, stage=Stage.ENDED, turns=(turn,), turn=None)


def test_a_plan_that_announces_nothing_sends_nothing():
    assert announcing.opened(plan("none")) is None
    assert announcing.ended(ended("none", 0)) is None


def test_only_what_is_announced_in_full_has_its_title_and_text():
    assert announcing.opened(plan("window")) == (("#drill", "chat"), "", "")
    assert announcing.opened(plan("full")) == (("#drill", "chat"), "A day", "We drill.")


@pytest.mark.parametrize(("exit_code", "safe"), [(0, True), (1, True), (4, False)])
def test_its_end_is_safe_unless_a_fault_may_still_be_in_force(exit_code, safe):
    assert announcing.ended(ended("window", exit_code)) == (("#drill", "chat"), safe)
