"""Who did what, as the facts name them."""

from dataclasses import replace

import pytest

from gameday.core import actors as who
from gameday.core.actors import Actor
from gameday.core.facts import drill as ev
from gameday.core.facts import history
from gameday.core.judging import result
from gameday.core.plans.scenario import Condition, MilestoneRules, Rule
from gameday.core.values import Party
from gameday.testing.histories import SCENARIO, Game

CHECKOUTS = "POST /checkout"
HURT = Game().trail(1).fault(at=10).bad(CHECKOUTS, 10, 60).alert("HighApiLatency", 15, key="k")


def typed(game, by):
    """Let the last fact have been typed by somebody."""
    return replace(game, events=(*game.events[:-1], replace(game.events[-1], by=by)))


def actors(game, *people):
    built = game.history()
    first, *others = built.events
    planned = replace(first, fact=replace(first.fact, people=people))
    whole = history.from_events((planned, *others), built.load)
    judged = result.judge(whole)
    return who.read(whole, judged.milestones, judged.attribution)


def test_each_is_named_by_what_proves_the_milestone():
    game = typed(HURT.ack(20), "ada")
    game = typed(game.declare("P2", 25), "eve").action("flag off", 59, actor="ada").over(at=80)
    found = actors(game, "ada", "ben")
    assert found.acknowledged == found.detected == Actor(name="ada", kind="person", known=True)
    assert found.declared == Actor(name="eve", kind="person", known=False)
    assert found.recovered == found.contained == Actor(name="ada", kind="person", known=True)
    assert found.aborted is None
    assert actors(game).declared == Actor(name="eve", kind="person", known=None)  # the plan names nobody


def test_nobody_is_named_for_what_nobody_did_or_is_shown_to_have_done():
    assert actors(HURT.over(at=80)).recovered is None  # by itself
    assert actors(replace(HURT, events=HURT.events[1:]).over(at=80)).recovered is None  # unclear
    assert actors(HURT.bad(CHECKOUTS, 60, 82).over(at=80, how="rolled-back", why="time")).recovered is None
    unnamed = actors(HURT.ack(20).over(at=80))
    assert unnamed.detected == Actor(name=None, kind="person")


@pytest.mark.parametrize(
    ("actor", "kind"),
    [
        ("bot-fixer", "bot"),
        ("automation/restart", "automation"),
        ("hpa-controller", "automation"),
        ("ada", "person"),
    ],
)
def test_people_bots_and_automations_are_told_apart(actor, kind):
    found = actors(HURT.action("scale up", 59, actor=actor).over(at=80))
    assert found.recovered == Actor(name=actor, kind=kind)


def test_a_script_is_an_automation_whatever_it_plays():
    scripted = replace(HURT, responder="shop-team", responder_as=Party.TEAM)
    acted = scripted.add(ev.IncidentAcknowledged(), at=20, source="responder").over(at=80)
    assert actors(acted).detected == Actor(name="shop-team", kind="automation")


def test_a_bot_that_acknowledges_is_a_bot_where_an_automation_responds():
    automatic = replace(HURT, scenario=replace(SCENARIO, responders=Party.AUTOMATION))
    found = actors(typed(automatic.ack(20), "pager-bot").over(at=80))
    assert found.acknowledged == Actor(name="pager-bot", kind="bot")


def test_an_alert_that_is_the_rule_of_detection_is_its_monitors():
    rules = MilestoneRules(
        detected=Rule(all=False, conditions=(Condition(alert="HighApiLatency", state="firing"),))
    )
    found = actors(replace(HURT, scenario=replace(SCENARIO, milestones=rules)).over(at=80))
    assert found.detected == Actor(name="alertmanager", kind="automation")


def test_whoever_marks_containment_is_named_for_it():
    marked = typed(HURT.bad(CHECKOUTS, 60, 100, share=0.1).mark("contained", 61), "ada")
    assert actors(marked.over(at=95, how="rolled-back", why="time")).contained in (
        Actor(name="ada", kind="person"),
        None,
    )


@pytest.mark.parametrize(
    ("reason", "by", "found"),
    [
        ("facilitator", "ada", Actor(name="ada", kind="person", known=True)),
        ("safety", "eve", Actor(name="eve", kind="person", known=False)),
        ("facilitator", "", Actor(name=None, kind="person")),
        ("interrupted", "", Actor(name=None, kind=None)),
        ("guardrail", "", Actor(name="gameday", kind="automation")),
        ("conductor-lost", "", Actor(name="gameday", kind="automation")),
    ],
)
def test_who_aborted_is_named(reason, by, found):
    assert actors(typed(HURT.abort(30, reason), by).close(40, "aborted"), "ada").aborted == found


def test_a_mitigation_that_was_granted_is_the_teams_and_not_the_facilitators():
    granted = typed(HURT.mark("recovered", 50, granted=True), "ada").revert(51).ended(75)
    assert actors(granted).recovered == Actor(name=None, kind="person")
