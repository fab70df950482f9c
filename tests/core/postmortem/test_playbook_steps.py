"""What became of the playbook: done, skipped, slow, and what it lacks."""

from __future__ import annotations

from dataclasses import replace

from gameday.core.facts import drill as ev
from gameday.core.postmortem import playbook_steps
from gameday.formats.scenario import playbook as markdown
from gameday.testing import histories
from tests.core.postmortem.drafts import drafted, titles, with_plan
from tests.render import a_drill


def test_a_step_that_nobody_ticked_is_a_question_and_a_step_reported_as_skipped_a_finding():
    pm = drafted()
    assert "Was the step “Raise the connection limit” done? Nobody ticked it." in pm.questions
    assert "The step “Ask who released last” was skipped" in titles(pm)
    assert not any("Raise the connection limit" in title for title in titles(pm))


def test_a_full_stop_does_not_hide_that_the_playbook_tells_an_action():
    text = a_drill.PLAYBOOK.replace("Raise the connection limit", "Run gameday shop flag new-ranking off.")
    book = markdown.read(text, "p.md")
    assert not any("does not tell" in title for title in titles(drafted(with_plan(playbook=book))))


BOOK = markdown.read("# Checkout\n\n1. Look at the queries\n2. Turn the flag off\n", "playbooks/checkout.md")
RESPONSE = histories.Game(playbook=BOOK).fault(at=10).bad("POST /checkout", 10, 80).ack(at=15)


def reviewed(game):
    return playbook_steps.review(game.history(), game.result(), BOOK)


def test_without_a_playbook_there_are_no_steps():
    assert playbook_steps.review(RESPONSE.history(), RESPONSE.result(), None) == playbook_steps.Steps()


def test_a_step_is_done_by_a_tick_or_by_an_answer_at_the_review():
    look, flag = (step.id for step in BOOK.steps)
    steps = reviewed(RESPONSE.step(look, at=20).answer(f"step:{flag}", "Yes, late", at=100))
    assert [step.id for step in steps.done] == [look, flag]
    assert (steps.skipped, steps.unticked) == ((), ())


def test_a_step_that_took_less_than_half_a_minute_is_never_slow():
    look = BOOK.steps[0].id
    plan = replace(RESPONSE.scenario, objectives=replace(RESPONSE.scenario.objectives, contain=10.0))
    hurried = replace(RESPONSE, scenario=plan)
    assert reviewed(hurried.step(look, at=44)).slow == ()
    assert [slow.seconds for slow in reviewed(hurried.step(look, at=46)).slow] == [31.0]


def test_a_command_and_the_trails_words_for_its_effect_are_one_action_by_its_fullest_wording():
    acted = RESPONSE.step(BOOK.steps[0].id, at=20).action("shop scale api 3", at=30)
    steps = reviewed(acted.action("gameday shop scale api 3", at=30, via="responder"))
    assert [(lacking.action, lacking.after) for lacking in steps.lacking] == [
        ("gameday shop scale api 3", BOOK.steps[0].id)
    ]


def test_what_failed_what_the_fault_did_and_what_came_after_the_revert_lacks_in_no_playbook():
    acted = RESPONSE.action("scale api 3", at=30, exit_code=1).action("slow on", at=11, actor="fault-keeper")
    assert reviewed(acted.revert(at=90).action("scale api 4", at=95)).lacking == ()


def test_a_long_step_is_named_by_whole_words():
    long = replace(
        BOOK.steps[0], text="Look at the slow queries of the last five minutes, and at who runs them"
    )
    name = playbook_steps.short(long)
    assert len(name) <= playbook_steps.SHORT + 1
    assert name == "Look at the slow queries of the last five minutes, and at…"


STATED = markdown.read(
    "# Checkout\n\n1. Take it: `gameday ack`.\n2. Say it: `gameday declare --severity P2 --commander NAME`.\n"
    "3. Tell them: `gameday update`.\n4. Tell them again: `gameday update`.\n"
    "5. Undo it, and say so: `shop rollback`, `gameday contained`.\n6. Mark it: `gameday recovered`.\n",
    "playbooks/checkout.md",
)


def test_a_step_that_is_a_statement_is_done_by_the_statement():
    game = histories.Game(playbook=STATED).fault(at=10).bad("POST /checkout", 10, 80).ack(at=15)
    game = game.declare("P2", at=20).add(ev.UpdateSent(audience="team", text="x"), at=25)
    game = game.add(ev.MilestoneMarked(milestone="contained"), at=60)
    game = game.add(ev.MilestoneMarked(milestone="recovered"), at=80)
    steps = playbook_steps.review(game.history(), game.result(), STATED)
    numbers = {step.id: number for number, step in enumerate(STATED.steps, start=1)}
    # one update proves one step, and a step with a command that is no statement is asked for
    assert [numbers[step.id] for step in steps.done] == [1, 2, 3, 6]
    assert [numbers[step.id] for step in steps.unticked] == [4, 5]


def test_a_milestone_that_was_granted_is_no_statement():
    game = histories.Game(playbook=STATED).fault(at=10).bad("POST /checkout", 10, 80)
    game = game.add(ev.MilestoneMarked(milestone="recovered", granted=True), at=60)
    assert playbook_steps.review(game.history(), game.result(), STATED).done == ()
