"""Who takes part in a game day in which role, and who may see what is injected."""

from __future__ import annotations

import pytest

from gameday.core.plans.gameday import EXERCISE, TEAM, GameDayPlan, Item, Occasion, Participant
from gameday.core.plans.schedule import Kind, Recurrence

PLAN = GameDayPlan(
    gameday="day",
    title="A day",
    environment="stage",
    when=Recurrence(kind=Kind.RRULE, text="FREQ=DAILY;COUNT=1", zone="UTC", start="2027-01-15T08:00:00"),
    once=True,
    agenda=(Item(scenario="scenarios/one.yaml"), Item(title="Break", lasts=600.0)),
    participants=(
        Participant(name="ada", roles=("facilitator",)),
        Participant(name="rita", roles=("incident commander", "scribe")),
        Participant(name="otto", roles=("observer",)),
        Participant(name="both", roles=("responder", "observer")),
    ),
)


def test_participants_are_sorted_by_their_roles():
    assert PLAN.facilitators == ("ada",)
    assert PLAN.insiders == ("ada", "otto", "both")
    assert [person.name for person in PLAN.team] == ["rita", "both"]


def test_no_role_belongs_to_team_and_exercise():
    assert not set(TEAM) & set(EXERCISE)


def test_an_item_without_a_scenario_is_a_break():
    assert [item.is_break for item in PLAN.agenda] == [False, True]


@pytest.mark.parametrize(
    ("hidden", "viewer", "sees"),
    [(True, "ada", True), (True, "rita", False), (False, "rita", True), (True, "", False)],
)
def test_what_is_hidden_is_seen_by_insiders_only(hidden, viewer, sees):
    occasion = Occasion(game_day="gameday-1", hidden=hidden, insiders=PLAN.insiders)
    assert occasion.shows(viewer) is sees
