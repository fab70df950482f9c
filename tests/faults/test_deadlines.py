"""What an activity may take: its own limit, else one by its stage; background activities have none."""

import pytest

from gameday.core.facts import drill as ev
from gameday.core.values import instant
from gameday.faults.child_protocol import ReportedFact
from gameday.faults.deadlines import DEFAULT_LIMIT, DEFAULT_ROLLBACK_LIMIT, Deadlines


def started(stage="method", *, limit=None, background=False):
    fact = ev.ActivityStarted(fault="f1", stage=stage, activity="a", kind="action", background=background)
    return ReportedFact(fact=fact, at=instant(1.0), limit=limit)


def finished(stage="method"):
    fact = ev.ActivityFinished(fault="f1", stage=stage, activity="a", kind="action", status="succeeded")
    return ReportedFact(fact=fact, at=instant(2.0))


@pytest.mark.parametrize(
    ("message", "limit"),
    [
        (started(), DEFAULT_LIMIT),
        (started("rollback"), DEFAULT_ROLLBACK_LIMIT),
        (started(limit=5.0), 5.0),
        (started(limit=5.0, background=True), 5.0),
    ],
)
def test_an_open_activity_has_its_limit(message, limit):
    deadlines = Deadlines()
    deadlines.note(message)
    assert deadlines.left() == pytest.approx(limit, abs=1)
    assert deadlines.overdue() == ""


def test_a_background_activity_without_a_limit_has_no_deadline():
    deadlines = Deadlines()
    deadlines.note(started(background=True))
    assert deadlines.left() is None


def test_an_activity_that_has_ended_has_no_deadline():
    deadlines = Deadlines()
    deadlines.note(started())
    deadlines.note(finished())
    assert deadlines.left() is None


def test_what_is_overdue_is_named():
    deadlines = Deadlines()
    deadlines.note(started(limit=0.0))
    assert deadlines.left() == 0
    assert deadlines.overdue() == "method activity a did not end within 0 s"
