"""What the frozen plan of a drill knows."""

from dataclasses import replace

from gameday.core.plans.gameday import Occasion
from gameday.testing.histories import Game

PLAN = Game().history().plan


def test_a_plan_that_names_nobody_knows_everybody():
    assert PLAN.knows("ada")
    assert PLAN.knows("")


def test_a_plan_knows_its_people_in_whatever_case_and_nobody_else():
    named = replace(PLAN, people=("ada", "Grace"), commander="linus", responder="shop-automation")
    assert all(map(named.knows, ("Ada", " grace ", "linus", "shop-automation")))
    assert not named.knows("mallory")
    assert not named.knows("")


def test_a_plan_knows_who_takes_part_in_its_game_day():
    occasion = Occasion(game_day="g", hidden=True, participants=("ada",), facilitators=("grace",))
    assert replace(PLAN, occasion=occasion).knows("ada")
    assert replace(PLAN, occasion=occasion).knows("grace")
    assert not replace(PLAN, occasion=occasion).knows("mallory")
