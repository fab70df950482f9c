"""Milestones of a built history, and rules to derive them by."""

from dataclasses import replace

from gameday.core.judging import impact, milestones
from gameday.core.plans.scenario import MilestoneRules, Rule
from gameday.testing.histories import Game, second

CHECKOUTS = "POST /checkout"


AFFECTED = Game().fault(at=10).bad(CHECKOUTS, 10, 60)


def derived(game):
    told = game.history()
    return milestones.derive(told, impact.measure(told))


def one(game, name):
    return derived(game).by_name[name]


def seconds(game, name):
    return second(one(game, name).at)


def ruled(game, **rules):
    return replace(game, scenario=replace(game.scenario, milestones=MilestoneRules(**rules)))


def any_of(*conditions):
    return Rule(all=False, conditions=conditions)


def all_of(*conditions):
    return Rule(all=True, conditions=conditions)
