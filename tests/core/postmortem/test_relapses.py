"""Users who were affected again are reported, and so is a recovery that did not hold."""

from __future__ import annotations

from dataclasses import replace

from gameday.core import postmortem
from gameday.core.facts import drill as ev
from gameday.core.plans.scenario import Slo
from gameday.testing import histories

CHECKOUTS = "POST /checkout"
AGAIN = "Users were affected again after the recovery"
AFFECTED = histories.Game().fault(at=10).bad(CHECKOUTS, 10, 60)


def found(game):
    pm = postmortem.draft(game.history(), game.result())
    return {finding.title: finding.detail for finding in pm.improve}


def test_a_recovery_that_held_is_no_relapse():
    assert AGAIN not in found(AFFECTED.over(at=80))


def test_users_affected_after_the_release_are_reported_with_how_long_it_took_and_lasted():
    detail = found(AFFECTED.over(at=80).bad(CHECKOUTS, 90, 95))[AGAIN]
    assert detail.startswith(
        "This began 30.0 s after the recovery, and lasted for 5.0 s. The recovery still counts"
    )


def test_a_relapse_that_goes_on_is_reported_to_the_last_sample():
    assert "until the last sample" in found(AFFECTED.over(at=80).bad(CHECKOUTS, 90, 130))[AGAIN]


def test_a_recovery_observed_live_that_late_requests_disprove_did_not_hold():
    hung = AFFECTED.hung(CHECKOUTS, 60, 79).bad(CHECKOUTS, 79, 120)
    assert "The recovery that ended the response did not hold" in found(hung.over(at=80, how="rolled-back"))


# --- up and down, judged by hand first -----------------------------------------------------------

CATALOG = Slo(slo="catalog", request="GET /catalog")
TWO = replace(histories.Game(), scenario=replace(histories.SCENARIO, slos=(histories.CHECKOUT, CATALOG)))
TWO = replace(TWO, requests=(CHECKOUTS, "GET /catalog")).fault(at=10)
RELAPSED = "Users were affected again before the recovery held"


UNNOTICED = "Users were healthy again before anybody had noticed"
"""A finding about detection, which all of these have: nobody says anything in them."""


def course(game):
    return {
        title
        for title in found(game)
        if title.startswith(("Users", "Other users", "The service went", "A second fault", "An alert kept"))
    } - {UNNOTICED}


def test_a_relapse_before_the_recovery_is_reported_with_the_pause():
    game = AFFECTED.bad(CHECKOUTS, 75, 85).over(at=105)
    assert course(game) == {RELAPSED}
    assert found(game)[RELAPSED].startswith("They had been healthy for 15.0 s.")


def test_users_who_are_affected_time_and_again_are_one_finding():
    game = AFFECTED.bad(CHECKOUTS, 70, 76).bad(CHECKOUTS, 86, 92).over(at=112)
    assert course(game) == {"The service went up and down: users were affected 3 times"}


def test_other_users_who_are_affected_later_have_an_onset_of_their_own():
    game = TWO.bad(CHECKOUTS, 10, 40).bad("GET /catalog", 60, 80).over(at=105)
    assert course(game) == {"Other users were affected later, with an onset of its own: catalog"}


def test_users_of_two_slos_who_are_affected_at_once_are_no_second_onset():
    assert course(TWO.bad(CHECKOUTS, 10, 40).bad("GET /catalog", 30, 60).over(at=105)) == set()


def second(game, at):
    return game.add(ev.FaultInjected(fault="inject-1", action="more"), at=at)


def test_a_second_fault_is_told_apart_from_a_relapse():
    game = second(AFFECTED.bad(CHECKOUTS, 82, 90), at=80).over(at=110)
    assert course(game) == {"A second fault, inject-1, affected users 2.0 s later"}


def test_a_second_fault_while_users_are_affected_is_not_told_apart():
    game = second(AFFECTED, at=30).over(at=80)
    assert course(game) == {"A second fault, inject-1, was injected while users were still affected"}


def test_a_second_fault_that_nobody_felt_says_so():
    assert course(second(AFFECTED, at=70).over(at=100)) == {"A second fault, inject-1, affected no user"}


def test_whose_users_are_still_affected_at_the_end_is_named():
    game = TWO.bad(CHECKOUTS, 10, 120).bad("GET /catalog", 10, 40).over(at=105, how="rolled-back", why="time")
    title = "Users of checkout-latency were still affected at the last sample"
    assert title in found(game)
    assert "Not or no longer affected: catalog." in found(game)[title]


def test_load_that_died_leaves_the_recovery_unknown():
    game = histories.Game().fault(at=10).bad(CHECKOUTS, 10, 60).lost_load(at=40).over(at=80)
    title = "Users of checkout-latency were still affected when the load was lost"
    assert "Whether they recovered later is not known." in found(game)[title]
    assert not [name for name in found(game) if name.startswith("Time to recover: at least")]


def test_an_alert_that_keeps_firing_and_resolving_is_one_finding():
    game = AFFECTED
    for start in (15, 25, 35):
        game = game.alert("HighApiLatency", at=start, key="one")
        game = game.add(
            ev.AlertResolved(key="one", alert="HighApiLatency"), at=start + 5, source="alertmanager"
        )
    assert "HighApiLatency 3 times" in found(game.over(at=80))["An alert kept firing and resolving"]
    assert "An alert kept firing and resolving" not in found(
        AFFECTED.alert("HighApiLatency", at=15).over(at=80)
    )


def test_an_alert_that_flaps_with_its_first_start_is_seen_to_flap():
    game = replace(AFFECTED, until=300.0)
    for start in (15, 95, 175):
        fired, ended = ev.AlertFired(key="one", alert="A"), ev.AlertResolved(key="one", alert="A")
        game = game.add(fired, at=15, known=start, source="alertmanager")
        game = game.add(ended, at=start + 35, known=start + 36, source="alertmanager")
    assert "A 3 times" in found(game.over(at=280))["An alert kept firing and resolving"]
