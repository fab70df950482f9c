"""One sentence for each fact of a game day, which names nobody."""

from __future__ import annotations

from gameday.core.facts import gameday as gf
from gameday.core.postmortem import gameday_sentences


def test_a_repeat_that_was_left_out_is_named_as_such():
    said = [gameday_sentences.sentence(gf.ItemSkipped(item=0, attempt=attempt)) for attempt in (1, 2)]
    assert said == ["Item 1 was skipped.", "Item 1, attempt 2, was skipped."]


def test_the_reason_for_a_decision_is_quoted_and_no_part_of_the_sentence():
    skipped, waived = (
        gf.ItemSkipped(item=0, attempt=1, why="no time"),
        gf.SettlingWaived(item=0, attempt=1, reason="ada says so"),
    )
    assert [gameday_sentences.quote(fact) for fact in (skipped, waived)] == ["no time", "ada says so"]
    assert "no time" not in gameday_sentences.sentence(skipped)
    assert "ada" not in gameday_sentences.sentence(waived)


def test_a_step_of_settling_that_could_not_be_judged_is_unknown():
    checked = gf.SettlingChecked(item=0, attempt=1, step="alerts", passed=None, detail="no answer")
    assert gameday_sentences.sentence(checked) == "Settling, alerts: unknown: no answer"
