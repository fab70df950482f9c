"""When an occurrence starts, and what keeps it from starting: for good, or for as long as its grace lasts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core.plans import schedule as plans
from gameday.core.plans.schedule import (
    Approval,
    Conditions,
    Kind,
    Miss,
    Reason,
    Recurrence,
    Schedule,
    ScheduleId,
    Start,
    Wait,
)
from gameday.core.plans.schedule_times import DEFAULT_GRACE
from gameday.core.policy import Calendar, Freeze, hours
from gameday.core.values import Instant, parse_instant

DUE = parse_instant("2026-11-24T08:00:00Z")
"""A Tuesday."""
WEEKLY = Schedule(
    schedule=ScheduleId("weekly"),
    scenario="scenarios/slow.yaml",
    environment="stage",
    recurrence=Recurrence(kind=Kind.CRON, text="0 8 * * 2", zone="UTC", start="2026-11-01T00:00:00"),
    seed="s3cret",
    by="ada",
)
DRAWN = replace(WEEKLY, window=7200.0)
OCCURRENCES = st.integers(0, 2_000_000_000).map(lambda second: Instant(float(second)))
SEEDS = st.text(max_size=8)


def decided(schedule=WEEKLY, after=0.0, **conditions):
    return plans.decide(schedule, DUE, Conditions(now=Instant(DUE + after), **conditions))


def reason(decision):
    return type(decision), getattr(decision, "reason", None)


# --- when ---


@given(SEEDS, OCCURRENCES, st.floats(1, 100_000))
def test_a_moment_lies_within_the_window_and_is_drawn_the_same_by_everybody(seed, occurrence, window):
    schedule = replace(WEEKLY, seed=seed, window=window)
    moment = plans.moment(schedule, occurrence)
    assert occurrence <= moment < occurrence + window
    assert plans.moment(replace(schedule, title="other", by="bob"), occurrence) == moment


def test_without_a_window_the_moment_is_the_occurrence():
    assert plans.moment(WEEKLY, DUE) == DUE


def test_another_seed_or_occurrence_draws_another_moment():
    offsets = {plans.moment(replace(DRAWN, seed=str(n)), DUE) for n in range(20)}
    assert len(offsets) > 15
    days = {plans.moment(DRAWN, Instant(DUE + n * 86400)) - n * 86400 for n in range(20)}
    assert len(days) > 15


@given(SEEDS)
def test_a_moment_lies_within_the_hours_where_the_window_has_any(seed):
    open_later = replace(DRAWN, seed=seed, hours=("09:30-10:00",))
    assert hours.until(open_later.hours, plans.moment(open_later, DUE)) is not None


def test_where_no_draw_lies_within_the_hours_it_is_drawn_all_the_same():
    closed = replace(DRAWN, hours=("Sun 00:00-01:00",))
    assert DUE <= plans.moment(closed, DUE) < DUE + DRAWN.window
    assert reason(decided(closed, 3600.0, hours=(closed.hours,))) == (Miss, Reason.OUTSIDE_HOURS)


def test_a_schedule_wakes_for_its_notice_first_and_then_for_its_moment():
    noticed = replace(DRAWN, notice=600.0)
    before = plans.position(noticed, DUE)
    assert (before.wake, before.noticed) == (DUE - 600, False)
    assert plans.position(noticed, DUE, noticed=True).wake == plans.moment(noticed, DUE)
    assert plans.position(noticed, None).wake is None


# --- who ---


def test_an_approval_counts_once_in_time_and_never_of_whoever_added_the_schedule():
    schedule = replace(WEEKLY, approve_before=3600.0)
    given_in_time, too_late = Instant(DUE - 3600), Instant(DUE - 3599)
    approvals = [
        Approval(by="Grace", at=given_in_time),
        Approval(by=" grace ", at=given_in_time),
        Approval(by="ADA", at=given_in_time),
        Approval(by=" ", at=given_in_time),
        Approval(by="alan", at=too_late),
    ]
    assert plans.approvers(schedule, DUE, approvals) == {"grace"}


# --- whether ---


def test_with_nothing_in_the_way_it_starts():
    assert decided() == Start()


@given(st.floats(0, 1200))
def test_it_starts_late_up_to_its_grace_and_not_after_it(after):
    expected = Start if after <= DEFAULT_GRACE else Miss
    assert isinstance(decided(after=after), expected)


FREEZE = Calendar(path="f.ics", freezes=(Freeze(summary="sale", start=DUE, end=Instant(DUE + 60)),))


@pytest.mark.parametrize(
    ("schedule", "conditions", "expected"),
    [
        (WEEKLY, {"paused": True}, (Miss, Reason.PAUSED)),
        (replace(WEEKLY, approvals=1), {}, (Miss, Reason.UNAPPROVED)),
        (WEEKLY, {"hours": (("Mon 09:00-17:00",),)}, (Miss, Reason.OUTSIDE_HOURS)),
        (WEEKLY, {"hours": (("07:00-17:00",), ("09:00-17:00",))}, (Miss, Reason.OUTSIDE_HOURS)),
        (WEEKLY, {"hours": ((), ("07:00-17:00",))}, (Start, None)),
        (WEEKLY, {"calendars": (FREEZE,)}, (Miss, Reason.FROZEN)),
        (WEEKLY, {"calendars": (Calendar(path="f.ics", error="gone"),)}, (Wait, Reason.UNREADABLE)),
        (WEEKLY, {"exposed": ("d1",), "open": ("d1",)}, (Wait, Reason.EXPOSED)),
        (WEEKLY, {"open": ("d1",)}, (Wait, Reason.BUSY)),
        (WEEKLY, {"unanswered": "refused"}, (Wait, Reason.UNANSWERED)),
        (WEEKLY, {"incidents": ("DiskFull",)}, (Wait, Reason.INCIDENT)),
        (replace(WEEKLY, attended=True), {}, (Wait, Reason.UNATTENDED)),
        (replace(WEEKLY, distance=300.0), {"last_ended": Instant(DUE - 60)}, (Wait, Reason.TOO_CLOSE)),
        (replace(WEEKLY, distance=3600.0), {"last_ended": Instant(DUE - 60)}, (Miss, Reason.TOO_CLOSE)),
        (replace(WEEKLY, distance=60.0), {"last_ended": Instant(DUE - 60)}, (Start, None)),
    ],
)
def test_what_may_pass_within_the_grace_is_waited_for_and_the_rest_is_missed(schedule, conditions, expected):
    assert reason(decided(schedule, **conditions)) == expected


def test_the_end_of_a_freeze_is_no_part_of_it():
    assert decided(after=60.0, calendars=(FREEZE,)) == Start()


def test_what_stayed_in_the_way_for_the_whole_grace_is_the_reason_of_the_miss():
    waited = Wait(reason=Reason.BUSY, why="d1 is not closed")
    missed = decided(after=601.0, waited=waited)
    assert (missed.reason, missed.why) == (Reason.BUSY, "d1 is not closed, for longer than its grace")
    assert decided(after=601.0).reason is Reason.LATE
