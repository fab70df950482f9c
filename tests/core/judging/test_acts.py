from dataclasses import replace

import pytest

from gameday.core.judging import acts
from gameday.core.plans.scenario import Playbook, PlaybookStep
from gameday.core.values import Party
from gameday.testing.histories import Game, at

GAME = Game().fault(at=10)


def names(game):
    return [action.fact.action for action in acts.effective(game.history(), at(10))]


def party(actor, via="trail", **plan):
    history = replace(GAME, **plan).action("flag off", at=20, actor=actor, via=via).history()
    return acts.party_of(history, acts.effective(history, at(10))[0].fact)


def test_only_what_may_have_changed_the_target_since_the_fault_is_an_act():
    game = GAME.action("early", at=5).action("flag off", at=20).action("restart", at=21, exit_code=1)
    game = game.action("kubectl get pods", at=22).action("flag on", at=23, actor="fault:flag")
    assert names(game) == ["flag off"]


@pytest.mark.parametrize(
    ("actor", "expected"),
    [
        ("on-call", Party.TEAM),
        ("system:admin", Party.TEAM),
        ("controllership", Party.TEAM),
        ("bot-7", Party.AUTOMATION),
        ("automation:autoscaler", Party.AUTOMATION),
        ("system:node:n1", Party.NONE),
        ("horizontal-pod-autoscaler", Party.NONE),
        ("Replicaset-Controller", Party.NONE),
    ],
)
def test_an_actor_is_a_person_an_automation_or_a_controller(actor, expected):
    assert party(actor) is expected


def test_a_script_acts_as_whom_it_plays():
    assert party("x", via="responder", responder="x", responder_as=Party.AUTOMATION) is Party.AUTOMATION
    assert party("x", responder="x", responder_as=Party.AUTOMATION) is Party.AUTOMATION
    assert party("x", responder="y", responder_as=Party.AUTOMATION) is Party.TEAM


def test_a_step_whose_commands_only_look_is_no_act():
    text = "1. Look: `kubectl get pods`\n2. Stop it: `flag off`, then `kubectl get pods`\n3. Ask around\n"
    steps = tuple(PlaybookStep(id=f"s{line}", text="x", line=line) for line in (1, 2, 3))
    game = replace(GAME, playbook=Playbook(path="x.md", text=text, steps=steps))
    for step in ("s1", "s2", "s3"):
        game = game.step(step, at=20)
    assert [step.fact.step for step in acts.steps(game.history(), at(10))] == ["s2", "s3"]


def test_a_trail_that_can_be_read_later_shows_what_was_done_before():
    lost = GAME.trail(at=1).trail(at=20, readable=False)
    assert acts.watched(lost.history(), at(15))
    assert not acts.watched(lost.history(), at(25))
    assert acts.watched(lost.trail(at=50).history(), at(25))
