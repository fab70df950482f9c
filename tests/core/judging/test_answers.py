"""Answers at the review that say nothing earn nothing, and the rule is the same for whoever reads them."""

from dataclasses import replace

import pytest

from gameday.core import postmortem
from gameday.core.judging import answers
from gameday.core.plans.scenario import Criterion
from gameday.core.values import RecoveredBy
from gameday.testing.histories import SCORECARD, Game

CHECKOUTS = "POST /checkout"
DRILL = Game().fault(at=10).bad(CHECKOUTS, 10, 60).ack(at=20).over(at=80)
EMPTY = ["x", "-", "—", "n/a", "N/A.", "todo", "TBD", "asdf", "asdf asdf", "a b c", "...", "???", "xxx", "", " ",
         "not known", "don't know", "see above", "test", "ok", "done done", "nothing", "aaaa bbbb", "1", "lorem ipsum",
         "index", "qwerty asdf", "keine", "\u200b\u200b", "🤷", "No idea", "n a", "to do", "unknown."]  # fmt: skip
FULL = ["a missing index", "flag off", "no index", "Rolled back release 42.", "Der Index fehlte",
        "索引がありません", "Отсутствует индекс", "p95 doubled", "N+1 database queries", "OOM: pod killed"]  # fmt: skip


@pytest.mark.parametrize("question", ["root-cause", "fix", "fix-validated", "action", "action:1"])
@pytest.mark.parametrize("text", EMPTY)
def test_an_answer_that_says_nothing_is_refused_with_what_to_write(question, text):
    assert "write" in answers.lacking(question, text)


@pytest.mark.parametrize("question", ["root-cause", "fix", "fix-validated", "action"])
@pytest.mark.parametrize("text", FULL)
def test_an_answer_that_says_something_counts_in_any_language(question, text):
    assert answers.lacking(question, text) == ""


@pytest.mark.parametrize("answer", ["yes", "no", "skipped", "x"])
def test_a_step_is_answered_with_a_word(answer):
    assert answers.lacking("step:look", answer) == ""


def test_one_word_is_enough_where_nothing_is_scored():
    assert answers.lacking("went-well", "Detection.") == ""
    assert answers.lacking("went-well", "n/a") != ""


@pytest.mark.parametrize(
    ("measure", "question"),
    [
        ("root_cause_recorded", "root-cause"),
        ("fix_recorded", "fix"),
        ("fix_validated", "fix-validated"),
        ("actions_recorded", "action"),
    ],
)
def test_what_says_nothing_earns_nothing(measure, question):
    criteria = (Criterion(criterion=measure, phase="x", weight=1, measure=measure),)
    game = replace(DRILL, scorecard=replace(SCORECARD, criteria=criteria, caps=()))
    shares = [
        game.answer(question, text, at=99).result().score.criteria[0].share
        for text in ("x", "an index was added")
    ]
    assert shares == [0.0, 1.0]


def test_an_empty_answer_does_not_show_who_acted():
    assert DRILL.answer("fix", "x", at=99).result().attribution.recovered_by is RecoveredBy.UNCLEAR
    assert DRILL.answer("fix", "flag off", at=99).result().attribution.recovered_by is RecoveredBy.TEAM


def test_the_question_stays_open_and_no_work_follows_from_it():
    game = DRILL.answer("root-cause", "tbd", at=99).answer("action", "x", at=99)
    drafted = postmortem.draft(game.history(), game.result())
    assert any("root cause" in question for question in drafted.questions)
    assert "x" not in [item.text for item in drafted.actions]
