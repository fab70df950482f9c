"""What was stated, compared with what users experienced. Each history was judged by hand first."""

from dataclasses import replace

import pytest

from gameday.core import postmortem
from gameday.core.plans.scenario import Inject
from gameday.core.postmortem import statements
from gameday.testing.histories import SCENARIO, Game

CHECKOUTS = "POST /checkout"
BEFORE = Game().fault(at=10)
AFFECTED = BEFORE.bad(CHECKOUTS, 10, 60).alert("HighApiLatency", at=18).ack(at=20).declare("P2", at=25)
FALSE_RECOVERY = "Recovery was stated while users were still affected"
FALSE_CONTAINMENT = "Containment was stated while users were still affected"
FALSE_UPDATE = "The end of the incident was stated while users were still affected"
GUESS = "An acknowledgement came before any signal"
EARLY = "The incident was declared before the fault, and not again"


def found(game):
    pm = postmortem.draft(game.history(), game.result())
    return {finding.title: finding for finding in (*pm.well, *pm.improve)}


def test_statements_that_users_bear_out_are_no_finding():
    told = AFFECTED.mark("contained", at=58).mark("recovered", at=75).update("Resolved.", at=76).over(at=80)
    assert not {FALSE_RECOVERY, FALSE_CONTAINMENT, FALSE_UPDATE, GUESS, EARLY} & set(found(told))


def test_a_recovery_stated_while_users_were_affected_is_reported_with_their_requests():
    finding = found(AFFECTED.mark("recovered", at=30).mark("recovered", at=40).over(at=80))[FALSE_RECOVERY]
    assert finding.detail.startswith("0 % of the requests of checkout-latency were good then.")
    assert "Users were affected for another 30.0 s after it. It was stated 2 times" in finding.detail
    assert len(finding.evidence) == 2


def test_a_recovery_stated_shortly_before_it_is_none():
    assert FALSE_RECOVERY not in found(AFFECTED.mark("recovered", at=56).over(at=80))


def test_containment_stated_while_every_request_failed_is_reported():
    assert FALSE_CONTAINMENT in found(AFFECTED.mark("contained", at=30).over(at=80))


def test_containment_stated_once_most_requests_are_good_is_not_reported():
    game = BEFORE.bad(CHECKOUTS, 10, 30).bad(CHECKOUTS, 30, 60, share=0.1)
    assert FALSE_CONTAINMENT not in found(game.ack(at=20).mark("contained", at=32).over(at=80))


@pytest.mark.parametrize(
    ("text", "over"),
    [
        ("All clear, checkout is back to normal.", True),
        ("The incident is resolved", True),
        ("This is not resolved yet.", False),
        ("We'll write again once it is fixed", False),
        ("We are looking into it.", False),
        ("Trying to get it restored. Next update in 10 minutes.", False),
    ],
)
def test_an_update_says_that_it_is_over_or_not(text, over):
    assert statements.says_over(text) is over
    assert (FALSE_UPDATE in found(AFFECTED.update(text, at=30).over(at=80))) is over


@pytest.mark.parametrize(("said", "late"), [(75, False), (370, True)])
def test_an_all_clear_long_after_users_were_healthy_is_late(said, late):
    game = replace(AFFECTED, until=420.0).mark("recovered", at=said).over(at=400)
    assert any(title.startswith("The all-clear came 5 min 10 s after") for title in found(game)) is late


def test_an_acknowledgement_before_any_signal_is_reported_without_blame_or_work():
    finding = found(BEFORE.bad(CHECKOUTS, 40, 60).ack(at=20).over(at=80))[GUESS]
    assert (finding.work, finding.tone) == ("", "gap")


@pytest.mark.parametrize(
    "game",
    [
        BEFORE.bad(CHECKOUTS, 10, 60).ack(at=20),
        BEFORE.bad(CHECKOUTS, 40, 60).alert("HighApiLatency", at=15).ack(at=20),
        replace(BEFORE, scenario=replace(SCENARIO, injects=(Inject(after=5.0, message="Help"),)))
        .bad(CHECKOUTS, 40, 60)
        .inject(0, at=15)
        .ack(at=20),
        BEFORE.silent(CHECKOUTS, 10, 80).ack(at=20),
    ],
    ids=["users", "alert", "message", "not known"],
)
def test_an_acknowledgement_after_a_signal_is_no_guess(game):
    assert GUESS not in found(game.over(at=80))


def test_an_incident_declared_before_the_fault_only_is_reported():
    game = Game().declare("P2", at=5).fault(at=10).bad(CHECKOUTS, 10, 60)
    assert EARLY in found(game.over(at=80))
    assert EARLY not in found(game.declare("P2", at=20).over(at=80))


# --- severity ------------------------------------------------------------------------------------


def severities(*declared):
    game = BEFORE.bad(CHECKOUTS, 10, 60).ack(at=15)
    for severity, at in declared:
        game = game.declare(severity, at)
    return found(game.over(at=80))


def test_a_severity_that_was_corrected_is_no_mistake():
    finding = severities(("P4", 20), ("P2", 30))["Declared P2 (High)"]
    assert finding.detail == "First declared P4, and corrected 10.0 s later."
    assert severities(("P1", 20), ("P2", 30))["Declared P2 (High)"].tone == "well"


def test_a_severity_lowered_once_contained_is_no_mistake():
    titles = severities(("P2", 20), ("P4", 70))
    assert "Declared P2 (High)" in titles
    assert not [title for title in titles if "lowered" in title]


def test_a_severity_lowered_while_users_are_affected_is_reported():
    assert "The severity was lowered from P2 to P4 while users were affected" in severities(
        ("P2", 20), ("P4", 30)
    )


def test_the_worst_that_was_declared_is_compared():
    assert "Declared P3 (Medium) where P2 (High) was right" in severities(("P4", 20), ("P3", 30))
