"""Between two drills: expected alerts are resolved, the reset ran, the steady state is met, or a person decides."""

from dataclasses import replace

import pytest

from gameday.core.errors import NotReady
from gameday.core.facts import drill as ev
from gameday.core.facts import gameday as gf
from gameday.core.plans.gameday import Item
from tests.conduct.day import END, PLAN, Day, go, unattended


def test_it_waits_until_the_expected_alerts_are_resolved():
    day = Day().say(10, go(0)).say(900, END)
    day.drills.resolves = False
    resolved = ev.AlertResolved(key="drill-1-1", alert="oneDown")
    day.say(110, resolved)
    day.play()
    settled = next(one for one in day.history().each(gf.Settled))
    assert settled.at - day.began == pytest.approx(110, abs=2)
    assert [(one.step, one.passed) for one in day.facts(gf.SettlingChecked)] == [
        ("alerts", True),
        ("reset", True),
        ("steady-state", True),
    ]


@pytest.mark.parametrize(
    ("wrong", "step", "said"),
    [
        (lambda d: setattr(d.drills, "resolves", False), "alerts", "oneDown still fires"),
        (lambda d: setattr(d.resetter, "exit_code", 7), "reset", "`reset` ended with 7: it said so"),
        (lambda d: setattr(d.probes, "steady_met", False), "steady-state", "as the test says"),
        (lambda d: setattr(d.probes, "steady_met", None), "steady-state", "as the test says"),
    ],
)
def test_what_does_not_settle_waits_for_the_facilitator_who_may_waive_it_on_record(wrong, step, said):
    day = Day().at(1, wrong).say(10, go(0)).say(700, go(2)).say(1800, END)
    day.say(500, gf.SettlingWaived(item=0, attempt=1, reason="we know"))
    standing = day.play()
    failed = day.facts(gf.SettlingFailed)
    assert [(one.step, one.detail) for one in failed] == [(step, said)]
    assert standing.turns[0].waived == "we know"
    begun = [one.at - day.began for one in day.history().each(gf.ItemBegun)]
    assert begun[1] == pytest.approx(500, abs=1)


def test_extend_tries_to_settle_again():
    day = Day().say(10, go(0)).at(5, lambda d: setattr(d.resetter, "exit_code", 1)).say(900, END)
    day.at(100, lambda d: setattr(d.resetter, "exit_code", 0))
    day.say(101, gf.TimeExtended(item=0, attempt=1, seconds=60.0, what="settling"))
    standing = day.play()
    assert standing.turns[0].settled
    assert len(day.resetter.ran) == 2


def test_without_people_what_does_not_settle_ends_the_day():
    day = Day(unattended(), attended=False)
    day.resetter.exit_code = 1
    standing = day.play()
    assert (standing.why, len(day.drills.played)) == ("unsettled", 1)


class Silent:
    async def ongoing(self, environment):
        raise NotReady("the alert source gave no answer")


class Alertmanager:
    def __init__(self, day_clock):
        self.clock = day_clock

    async def ongoing(self, environment):
        return ["oneDown", "Other"] if self.clock() < 150 else ["Other"]


def test_the_alert_source_is_asked_where_there_is_one():
    day = Day().say(10, go(0)).say(900, END)
    day.more["incidents"] = Alertmanager(lambda: day.clock.now() - day.began)
    day.play()
    settled = next(one for one in day.history().each(gf.Settled))
    assert settled.at - day.began == pytest.approx(150, abs=3)


def test_an_alert_source_that_is_silent_settles_nothing():
    day = Day(incidents=Silent()).say(10, go(0)).say(900, END)
    day.play()
    assert day.facts(gf.SettlingFailed)[0].detail == "the alert source gave no answer"
    assert not day.facts(gf.Settled)


def test_a_day_of_one_scenario_needs_no_settling_at_its_end():
    day = Day(replace(PLAN, agenda=(Item(scenario="scenarios/one.yaml"),))).say(5, go(0)).say(100, END)
    day.play()
    assert day.resetter.ran == []
