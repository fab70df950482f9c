"""Decides who may approve an occurrence of a schedule, and until when."""

from __future__ import annotations

from dataclasses import dataclass

from gameday.core.errors import UsageError
from gameday.core.plans import schedule as schedules
from gameday.core.plans.schedule import Approval
from gameday.core.values import Instant, format_instant, parse_instant
from gameday.formats.calendar import recurrence
from gameday.ports import ScheduleRow, ScheduleStore


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalStatus:
    """How far an occurrence is approved, after one more person did.

    given, needed  people
    limit          by when the rest must approve
    repeated       the last person had approved it before
    """

    occurrence: Instant
    given: int
    needed: int
    limit: Instant
    repeated: bool


def approve(
    store: ScheduleStore, row: ScheduleRow, occurrence: str, *, by: str, now: Instant
) -> ApprovalStatus:
    """Record a person's approval of an occurrence; empty: of the next. Raises UsageError.

    A person who approves twice counts once.
    """
    schedule = row.schedule
    at = _occurrence(row, occurrence)
    limit = schedules.deadline(schedule, at)
    if now > limit:
        raise UsageError(f"too late: {_utc(at)} had to be approved by {_utc(limit)}")
    if not schedule.approvals:
        raise UsageError(f"{schedule.schedule} requires no approval")
    # Compared in one form: another spelling of the same name is not another person.
    if schedules.known_as(by) == schedules.known_as(schedule.by):
        raise UsageError(
            f"{by} added {schedule.schedule}: other people approve it", hint="name yourself with `by`"
        )
    before = schedules.approvers(schedule, at, store.approvals(schedule.schedule, at))
    store.approve(schedule.schedule, at, Approval(by=by, at=now))
    people = schedules.approvers(schedule, at, store.approvals(schedule.schedule, at))
    return ApprovalStatus(
        occurrence=at,
        given=len(people),
        needed=schedule.approvals,
        limit=limit,
        repeated=schedules.known_as(by) in before,
    )


def _occurrence(row: ScheduleRow, text: str) -> Instant:
    schedule = row.schedule
    if not text:
        if row.position.occurrence is None:
            raise UsageError(f"no occurrence of {schedule.schedule} is left")
        return row.position.occurrence
    try:
        at = parse_instant(text)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if recurrence.first(schedule.recurrence, at) != at:
        raise UsageError(
            f"{text} is not an occurrence of {schedule.schedule}", hint="gameday schedule next shows them"
        )
    return at


def _utc(at: Instant) -> str:
    return format_instant(at).replace(".000Z", "Z")
