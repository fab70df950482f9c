"""When the steady state is judged after a revert, and for how long it is waited for."""

import asyncio

import pytest

from gameday.conduct.revert import steady_state
from gameday.core import exposure
from gameday.core.facts import drill as ev
from gameday.core.values import Instant
from gameday.testing.histories import Game


class JumpingClock:
    """Time passes only while somebody waits."""

    def __init__(self):
        self.at = 0.0

    def now(self):
        return Instant(self.at)

    async def sleep(self, seconds):
        self.at += seconds


def judged(answers, within=5.0, wanted=lambda: True):
    """Give the answer that is recorded, and how long that took."""
    rest, clock = list(answers), JumpingClock()

    async def judge():
        met = rest.pop(0) if len(rest) > 1 else rest[0]
        return ev.SteadyStateChecked(stage="before", met=met)

    checked = asyncio.run(steady_state.until_met(judge, clock, within=within, wanted=wanted))
    return checked, clock.at


@pytest.mark.parametrize(
    ("answers", "met", "took"),
    [([True], True, 0), ([False, False, True], True, 2), ([False], False, 5), ([None], None, 5)],
)
def test_the_service_gets_time_to_settle_and_no_more(answers, met, took):
    assert judged(answers) == (ev.SteadyStateChecked(stage="after", met=met), took)


def test_who_does_not_want_to_wait_gets_the_first_answer():
    assert judged([False], wanted=lambda: False)[1] == 0


def test_it_is_judged_until_it_is_met_after_the_last_revert():
    fault = Game().fault(at=10).revert(61)
    assert steady_state.pending(Game().history()) is None
    assert steady_state.pending(fault.history()).path == "experiments/slow.json"
    assert steady_state.pending(fault.verified(110, met=False).history()) is not None
    assert steady_state.pending(fault.verified(110, met=None).history()) is not None
    assert steady_state.pending(fault.verified(110).history()) is None


def test_it_is_not_judged_where_only_the_experiment_itself_could():
    game = Game().add(ev.SteadyStateChecked(stage="before", met=True, detail=exposure.ONLY_WITHIN), at=1)
    assert steady_state.pending(game.fault(at=10).revert(61).history()) is None
