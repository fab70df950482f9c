"""Drills are generated with their truth, and the judge and the findings must find it."""

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings

from gameday.core import postmortem
from gameday.core.values import MilestoneName, Outcome, RecoveredBy
from gameday.testing.histories import second
from tests.core.judging import generated

MANY = settings(deadline=None, max_examples=60)
SETTLED = generated.stories().filter(generated.settled)


def reached(result, name):
    return second(result.milestones.at(MilestoneName(name)))


def titles(story):
    game = story.game()
    drafted = postmortem.draft(game.history(), game.result())
    return {finding.title for finding in (*drafted.well, *drafted.improve)}


@MANY
@given(SETTLED)
def test_the_time_in_which_users_were_affected_is_found(story):
    impact = story.game().result().impact
    if not story.affected:
        assert impact.started is None
        return
    apart = 1 / generated.RATE / story.share  # seconds between two bad requests
    assert second(impact.started.at) == pytest.approx(story.affected_from, abs=apart + 0.1)
    assert second(impact.ended.at) == pytest.approx(story.healthy, abs=apart + 0.1)
    assert impact.bad == pytest.approx(
        (story.healthy - story.affected_from) * generated.RATE * story.share, abs=3
    )


@MANY
@given(SETTLED)
def test_what_was_done_is_found_when_it_was_done(story):
    result = story.game().result()
    assert reached(result, "acknowledged") == story.at("ack")
    assert reached(result, "triaged") == story.at("declare")
    assert reached(result, "commander_assigned") == story.at("declare")
    assert reached(result, "detected") == story.noticed
    assert reached(result, "alerted") == story.fired


@MANY
@given(SETTLED)
def test_the_outcome_is_what_happened(story):
    outcome = story.game().result().attribution.outcome
    if not story.affected:
        assert outcome is Outcome.ABSORBED
    elif story.recovered:
        assert outcome is Outcome.RECOVERED
    else:  # users' requests contradict every mark of containment until our own rollback
        assert outcome is (Outcome.UNDETECTED if story.noticed is None else Outcome.DETECTED)


@MANY
@given(SETTLED)
def test_nobody_is_credited_with_what_another_did(story):
    by = story.game().result().attribution.recovered_by
    if not story.affected:
        assert by is RecoveredBy.NONE
    elif not story.recovered:
        assert by is RecoveredBy.ROLLBACK
    elif story.trail:
        assert by is story.cure[1]
    else:  # no act was seen: what people state is believed, and otherwise nobody is named
        stated = [
            at for deed in ("step", "contained") if (at := story.at(deed)) and at <= story.healthy + 0.9
        ]
        assert by in (RecoveredBy.TEAM, RecoveredBy.AUTOMATION) if stated else by is RecoveredBy.UNCLEAR


@MANY
@given(SETTLED)
def test_alerts_are_in_time_late_missing_or_not_due(story):
    found = story.game().result().alerts
    due = story.affected_from + 60
    state = "in time"
    if story.fired is None:
        state = "missing" if story.affected and story.healthy >= due else "not due"
    elif story.fired + story.delivery > due:
        state = "late"
    assert found.missing == ((generated.ALERT,) if state == "missing" else ())
    assert found.late == ((generated.ALERT,) if state == "late" else ())
    assert found.not_due == ((generated.ALERT,) if state == "not due" else ())
    assert set(found.unexpected) == {f"Noise{number}" for number in range(len(story.noise))}


@MANY
@given(SETTLED)
def test_findings_report_what_happened_and_nothing_else(story):
    found = titles(story)
    by = story.cure[1] if story.affected else None
    assert ("Our own rollback ended the impact" in found) == (by is RecoveredBy.ROLLBACK)
    if story.trail:
        assert ("The service recovered by itself" in found) == (by is RecoveredBy.ITSELF)
        assert ("Recovered by the team" in found) == (by is RecoveredBy.TEAM)
        assert ("Recovered by the automation" in found) == (by is RecoveredBy.AUTOMATION)
    assert ("The service absorbed the fault" in found) == (not story.affected)
    for deed, word in (("recovered", "Recovery"), ("contained", "Containment")):
        at = story.at(deed)
        false = story.affected and at is not None and story.affected_from < at < story.healthy - 5.5
        true = not story.affected or at is None or at < story.affected_from - 0.5 or at > story.healthy - 4.5
        title = f"{word} was stated while users were still affected"
        assume(false or true)
        assert (title in found) == bool(false)
    missing = f"The alert {generated.ALERT} never fired"
    assert (missing in found) == (
        story.fired is None and story.affected and story.healthy >= story.affected_from + 60
    )
    assert "The fault was reverted" in found


@MANY
@given(SETTLED)
def test_what_only_looks_changes_nothing(story):
    blind = replace(story, looks=())
    assume(story.looks)
    one, other = story.game().result(), blind.game().result()
    assert (one.attribution.recovered_by, one.score.points) == (
        other.attribution.recovered_by,
        other.score.points,
    )


@MANY
@given(SETTLED)
def test_points_are_never_given_for_what_others_did(story):
    assume(story.affected and story.trail and story.cure[1] in (RecoveredBy.ITSELF, RecoveredBy.ROLLBACK))
    shares = {one.criterion: one.share for one in story.game().result().score.criteria}
    assert not shares["time-to-recover"]
