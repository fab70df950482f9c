"""Users who were affected again are reported, and so is a recovery that did not hold."""

from __future__ import annotations

from gameday.core import postmortem
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
