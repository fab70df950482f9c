"""What is known of the experiment's hypothesis: before, during and after its method, and after the rollbacks."""

from dataclasses import replace

import pytest

from gameday.core import exposure
from gameday.core.facts import drill as ev
from gameday.core.judging import steady_state
from gameday.testing.histories import Game


def read(*checks):
    """Read a history with the given (second, stage, met)."""
    game = Game()
    for second, stage, met in checks:
        game = game.add(ev.SteadyStateChecked(stage=stage, met=met), at=second)
    return steady_state.read(game.history())


def test_a_drill_that_judged_none_knows_nothing_and_has_not_deviated():
    found = read()
    assert found == steady_state.NOT_JUDGED
    assert not found.deviated


@pytest.mark.parametrize(("after", "deviated"), [(True, False), (False, True), (None, False)])
def test_it_has_deviated_where_it_was_not_met_after_the_method_whatever_the_rollbacks_restored(
    after, deviated
):
    found = read((1, "before", True), (20, exposure.AFTER_METHOD, after), (30, "after", True))
    assert (found.before, found.after, found.after_revert) == (True, after, True)
    assert found.deviated is deviated


def test_a_continuous_hypothesis_that_failed_once_was_not_met_during_the_drill():
    assert read((10, "during", True)).during is True
    assert read((10, "during", True), (11, "during", False), (12, "during", True)).during is False


def test_the_last_answer_of_a_stage_counts():
    assert read((30, "after", False), (34, "after", True)).after_revert is True


def test_an_experiment_without_a_hypothesis_has_nothing_to_judge():
    check = ev.SteadyStateChecked(stage="before", met=True, detail=exposure.NO_HYPOTHESIS)
    game = Game().add(check, at=1).add(replace(check, stage="after"), at=30)
    assert steady_state.read(game.history()) == steady_state.NOT_JUDGED
