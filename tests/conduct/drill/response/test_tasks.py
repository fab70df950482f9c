"""What runs alongside a response: the trail, and the probes that the milestones need."""

from dataclasses import replace

from gameday.core.facts import drill as ev
from gameday.core.plans.scenario import Condition, MilestoneRules, Rule
from tests.conduct.stage import AUTOMATION, FAULT, SCENARIO, Stage


def test_the_trail_is_followed_while_the_team_responds():
    stage = Stage()
    action = ev.ActionTaken(action="flag off", via="trail", actor="team")
    stage.at(20, lambda s: s.trail.actions.append(action))
    history = stage.play()
    assert action in [taken.fact for taken in history.each(ev.ActionTaken)]


PROBE = '{"type": "probe", "name": "orders"}'
BY_PROBE = replace(
    SCENARIO,
    milestones=MilestoneRules(
        detected=Rule(all=False, conditions=(Condition(sign="acknowledged"),)),
        recovered=Rule(all=True, conditions=(Condition(probe=PROBE, every=2.0),)),
    ),
)


def answer(stage, ok):
    stage.probes.answers[PROBE] = ok


def test_of_a_milestones_probe_each_change_is_recorded_and_nothing_in_between():
    stage = Stage(BY_PROBE).at(0, lambda s: answer(s, False)).at(20, lambda s: answer(s, None))
    stage.at(40, lambda s: answer(s, False)).at(60, lambda s: answer(s, True))
    history = stage.say(90, ev.EndRequested()).play()
    judged = list(history.each(ev.ProbeJudged))
    assert [each.fact.ok for each in judged] == [False, None, False, True]
    for each, changed in zip(judged[1:], (20, 40, 60), strict=True):
        assert changed <= each.at - stage.began <= changed + 2.1


def test_no_probe_is_asked_outside_the_response():
    stage = Stage(BY_PROBE).say(30, ev.EndRequested()).at(30.5, lambda s: answer(s, False))
    history = stage.play()
    assert history.first(ev.ProbeJudged).at >= history.first(ev.FaultHeld).at
    assert [each.fact.ok for each in history.each(ev.ProbeJudged)] == [True]


class BrokenTrail:
    async def watch(self):
        yield None, ev.TrailWatched(readable=True)
        raise LookupError("a mistake of our own")


def test_a_task_that_fails_ends_the_response_and_the_fault_is_reverted():
    stage = Stage(AUTOMATION)
    stage.use(replace(stage.context, trail=BrokenTrail()))
    history = stage.play()
    assert stage.error is not None
    assert history.last(ev.FaultReverted).fact.fault == FAULT
    assert not stage.world.fault
