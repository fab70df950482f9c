"""What the history cannot answer is asked, and what it answers is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gameday.core.facts import drill as ev
from gameday.core.postmortem import playbook_steps, review_questions
from gameday.core.values import Severity
from gameday.testing import histories
from tests.core.postmortem.drafts import drafted
from tests.render import a_drill


def test_many_steps_that_nobody_ticked_are_one_question():
    facts = [f for f in a_drill.facts() if not isinstance(f[2], ev.StepDone | ev.ReviewAnswered)]
    asked = [question for question in drafted(facts).questions if "Nobody ticked" in question]
    ids = "check-slow-queries, ask-who-released-last, raise-connections, tell-support"
    assert asked == [f"Which of these steps were done? Nobody ticked them: {ids}."]


ROOT_CAUSE = "What did the team consider the root cause, and what showed it?"
UPDATES = "Were customers and stakeholders informed? No update is on record."


def asked(game):
    return review_questions.open_questions(game.history(), playbook_steps.Steps())


def test_what_was_answered_is_not_asked_again():
    game = histories.Game().fault(at=10)
    assert ROOT_CAUSE in asked(game)
    assert ROOT_CAUSE not in asked(game.answer("root-cause", "a missing index", at=90))


def test_a_drill_without_a_fault_has_no_root_cause_to_ask_for():
    assert ROOT_CAUSE not in asked(histories.Game())


@pytest.mark.parametrize(
    ("severity", "is_asked"), [(Severity.P1, True), (Severity.P2, True), (Severity.P3, False)]
)
def test_only_a_severe_incident_asks_whether_anybody_was_informed(severity, is_asked):
    game = histories.Game(scenario=replace(histories.SCENARIO, severity=(severity,))).fault(at=10)
    assert (UPDATES in asked(game)) is is_asked
    assert UPDATES not in asked(game.update("We are looking into it.", at=30))
