"""Schedules: which drill comes due when, and what may keep it from starting. Pure functions.

`moment` gives the instant at which an occurrence starts; `decide` gives the `Decision` from the `Conditions`
when it came due. `formats.calendar.recurrence` unrolls the recurrence, and `conduct.scheduler.loop` starts
the drill.

An occurrence is named by its nominal instant, a whole second in UTC. Its moment is that instant, or one
drawn in the window that begins there: from the schedule's seed and the instant alone, so that every
daemon draws the same moment, and nobody without the seed can.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from gameday.core.plans.schedule_times import DEFAULT_GRACE
from gameday.core.policy import Calendar, hours
from gameday.core.values import Instant, Seconds, format_duration, format_instant, instant

ScheduleId = NewType("ScheduleId", str)

DRAWS = 64
"""How many moments are drawn to find one within the hours."""
_LONG_AGO = Instant(0.0)


class Kind(StrEnum):
    """How a recurrence is written."""

    RRULE = "rrule"
    CRON = "cron"


@dataclass(frozen=True, kw_only=True, slots=True)
class Recurrence:
    """When a schedule comes due. `start`: local time without a zone, `2026-03-01T10:00:00`."""

    kind: Kind
    text: str
    zone: str
    start: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """One scenario, or one game day's plan, that comes due again and again.

    scenario, responder  workspace paths; an empty responder: people respond
    game_day             `scenario` is the plan of a game day; attended: it waits for its facilitator
    announcement         none | window | full: what participants learn about it, in calendars, too
    channels             integrations that notify them
    window               the drill starts at a random moment within it; 0: at the occurrence itself
    hours                lines of `core.policy.hours`; the environment's own policy counts as well
    freezes              calendars, as workspace paths or URLs, whose events are times without drills
    distance             between the end of a drill on the environment and the next one's start
    grace                how late it may start; later, it is recorded as missed
    notice               how long before the window its participants are notified
    approvals            how many other people than `by` approve each occurrence, `approve_before` its window
    lasts                how long people should keep free
    since, by            when it was added, and by whom; nothing before `since` counts
    """

    schedule: ScheduleId
    scenario: str
    environment: str
    recurrence: Recurrence
    seed: str
    title: str = ""
    description: str = ""
    game_day: bool = False
    attended: bool = False
    announcement: str = "window"
    channels: tuple[str, ...] = ()
    responder: str = ""
    mode: str = "evaluate"
    window: Seconds = 0.0
    hours: tuple[str, ...] = ()
    freezes: tuple[str, ...] = ()
    distance: Seconds = 0.0
    grace: Seconds = DEFAULT_GRACE
    notice: Seconds = 0.0
    participants: tuple[str, ...] = ()
    approvals: int = 0
    approve_before: Seconds = 0.0
    lasts: Seconds = 0.0
    since: Instant = _LONG_AGO
    by: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SchedulePosition:
    """The state of a schedule: the occurrence that comes next, and when it must be looked at.

    Both are None after the last occurrence. `noticed`: its participants were notified.
    """

    occurrence: Instant | None = None
    wake: Instant | None = None
    noticed: bool = False


class State(StrEnum):
    """What became of an occurrence: claimed → started → ended, or missed."""

    CLAIMED = "claimed"
    STARTED = "started"
    ENDED = "ended"
    MISSED = "missed"


class Reason(StrEnum):
    """Why an occurrence did not start, or has not yet."""

    LATE = "late"
    PAUSED = "paused"
    UNAPPROVED = "unapproved"
    OUTSIDE_HOURS = "outside-hours"
    FROZEN = "frozen"
    UNREADABLE = "unreadable"
    EXPOSED = "exposed"
    BUSY = "busy"
    TOO_CLOSE = "too-close"
    INCIDENT = "incident"
    UNANSWERED = "unanswered"
    UNATTENDED = "unattended"
    STORE = "store"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """What is stored of an occurrence, once for each.

    holder       the daemon that claimed it, by a name that no other claim has
    until        when the claim expires; after it, another daemon may take over
    reason, why  why it was missed, or did not end normally
    """

    schedule: ScheduleId
    occurrence: Instant
    moment: Instant
    environment: str
    state: State
    decided: Instant
    reason: str = ""
    why: str = ""
    holder: str = ""
    until: Instant = _LONG_AGO
    started: Instant | None = None
    ended: Instant | None = None
    exit_code: int | None = None
    drill: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Approval:
    """One person's approval of one occurrence."""

    by: str
    at: Instant


# --- when ---


def moment(schedule: Schedule, occurrence: Instant) -> Instant:
    """Give the instant at which an occurrence starts: within its hours, if any of the `DRAWS` draws is."""
    if schedule.window <= 0:
        return occurrence
    # Drawn by a hash, not at random: every daemon, after every restart, finds the same moment.
    drawn = [_drawn(schedule, occurrence, number) for number in range(DRAWS if schedule.hours else 1)]
    allowed = (at for at in drawn if not schedule.hours or hours.until(schedule.hours, at) is not None)
    # None within the hours: it is then missed with that reason, rather than moved out of its window.
    return next(allowed, drawn[0])


def _drawn(schedule: Schedule, occurrence: Instant, number: int) -> Instant:
    named = f"{schedule.seed}/{schedule.schedule}/{occurrence:.0f}/{number}"
    share = int.from_bytes(hashlib.sha256(named.encode()).digest()[:8]) / 2**64
    return instant(occurrence + int(share * schedule.window))


def position(schedule: Schedule, occurrence: Instant | None, *, noticed: bool = False) -> SchedulePosition:
    """Give the state of a schedule before an occurrence; None: no occurrence is left."""
    if occurrence is None:
        return SchedulePosition()
    if schedule.notice > 0 and not noticed:
        return SchedulePosition(occurrence=occurrence, wake=Instant(occurrence - schedule.notice))
    return SchedulePosition(occurrence=occurrence, wake=moment(schedule, occurrence), noticed=noticed)


def deadline(schedule: Schedule, occurrence: Instant) -> Instant:
    """Give the instant by which an occurrence has to be approved."""
    return Instant(occurrence - schedule.approve_before)


def approvers(schedule: Schedule, occurrence: Instant, approvals: Sequence[Approval]) -> frozenset[str]:
    """Name the people whose approval counts: given in time, each once, and not whoever added the schedule."""
    limit = deadline(schedule, occurrence)
    return frozenset(known_as(each.by) for each in approvals if each.at <= limit) - {
        "",
        known_as(schedule.by),
    }


def known_as(name: str) -> str:
    """Give a name in the form that is compared."""
    return name.strip().casefold()


def expires(schedule: Schedule, occurrence: Instant) -> Instant:
    """Give the last instant at which an occurrence may start."""
    return Instant(moment(schedule, occurrence) + schedule.grace)


# --- whether ---


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """It may start now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wait:
    """It may not start now, but perhaps within its grace."""

    reason: Reason
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Miss:
    """It will not start."""

    reason: Reason
    why: str


Decision = Start | Wait | Miss


@dataclass(frozen=True, kw_only=True, slots=True)
class Conditions:
    """The state of the world when an occurrence came due.

    hours       sets of lines, each of which must allow it: the schedule's, the environment's
    calendars   the freeze calendars as they were read
    exposed     open drills whose fault may be in force; open: the others; each on this environment
    last_ended  when the last drill on this environment ended
    incidents   real incidents that the environment's alert source reports
    unanswered  why that source gave no answer
    waited      why it could not start when it was last decided
    """

    now: Instant
    paused: bool = False
    approvals: Sequence[Approval] = ()
    hours: Sequence[tuple[str, ...]] = ()
    calendars: Sequence[Calendar] = ()
    exposed: Sequence[str] = ()
    open: Sequence[str] = ()
    last_ended: Instant | None = None
    incidents: Sequence[str] = ()
    unanswered: str = ""
    waited: Wait | None = None


def decide(schedule: Schedule, occurrence: Instant, conditions: Conditions) -> Decision:
    """Decide whether an occurrence that has come due starts now, waits, or is missed."""
    return (
        _late(schedule, occurrence, conditions)
        or _forbidden(schedule, occurrence, conditions)
        # What waiting may change comes after what it can't: nobody should wait for a certain miss.
        or _blocked(schedule, conditions)
        # Last: people are asked to start only what nothing else prevents.
        or _unattended(schedule)
        or Start()
    )


def late(schedule: Schedule, occurrence: Instant, now: Instant, waited: Wait | None = None) -> Miss | None:
    """Miss an occurrence past its grace; the reason is what it waited for before, if anything."""
    if now <= expires(schedule, occurrence):
        return None
    if waited is not None:
        return Miss(reason=waited.reason, why=f"{waited.why}, for longer than its grace")
    lateness = format_duration(now - moment(schedule, occurrence))
    grace = format_duration(schedule.grace)
    return Miss(
        reason=Reason.LATE, why=f"no daemon looked at it in time: found {lateness} late, its grace is {grace}"
    )


def _late(schedule: Schedule, occurrence: Instant, conditions: Conditions) -> Miss | None:
    if conditions.paused:
        return Miss(reason=Reason.PAUSED, why="the schedule is paused")
    return late(schedule, occurrence, conditions.now, conditions.waited)


def _forbidden(schedule: Schedule, occurrence: Instant, conditions: Conditions) -> Miss | None:
    """Miss what waiting won't change."""
    limit = deadline(schedule, occurrence)
    people = approvers(schedule, occurrence, conditions.approvals)
    if len(people) < schedule.approvals:
        due = f"by {_utc(limit)}"
        return Miss(
            reason=Reason.UNAPPROVED,
            why=f"{len(people)} of {schedule.approvals} other people approved it {due}",
        )
    for lines in conditions.hours:
        if lines and hours.until(lines, conditions.now) is None:
            return Miss(reason=Reason.OUTSIDE_HOURS, why=f"drills run only {'; '.join(lines)}")
    return _frozen(conditions) or _never_far_enough(schedule, occurrence, conditions)


def _never_far_enough(schedule: Schedule, occurrence: Instant, conditions: Conditions) -> Miss | None:
    """Miss at once what will still be too close when its grace ends: the last drill's end is fixed."""
    close = _too_close(schedule, conditions)
    limit = expires(schedule, occurrence)
    if close is None or conditions.last_ended is None or conditions.last_ended + schedule.distance <= limit:
        return None
    return Miss(reason=close.reason, why=f"{close.why}, and its grace ends at {_utc(limit)}")


def _frozen(conditions: Conditions) -> Miss | None:
    for calendar in conditions.calendars:
        for freeze in calendar.freezes:
            if freeze.start <= conditions.now < freeze.end:
                why = f"'{freeze.summary}' until {_utc(freeze.end)} ({calendar.path})"
                return Miss(reason=Reason.FROZEN, why=why)
    return None


def _blocked(schedule: Schedule, conditions: Conditions) -> Wait | None:
    """Wait for what may end within the grace."""
    unread = [
        f"{calendar.path} can't be read, and may hold a freeze: {calendar.error}"
        for calendar in conditions.calendars
        if calendar.error
    ]
    obstacles = (
        (Reason.UNREADABLE, bool(unread), "; ".join(unread)),
        (
            Reason.EXPOSED,
            bool(conditions.exposed),
            f"a fault of {', '.join(conditions.exposed)} may be in force",
        ),
        (Reason.BUSY, bool(conditions.open), f"{', '.join(conditions.open)} is not closed"),
        (
            Reason.UNANSWERED,
            bool(conditions.unanswered),
            f"real incidents can't be ruled out: {conditions.unanswered}",
        ),
        (Reason.INCIDENT, bool(conditions.incidents), f"a real incident: {', '.join(conditions.incidents)}"),
    )
    for reason, applies, why in obstacles:
        if applies:
            return Wait(reason=reason, why=why)
    return _too_close(schedule, conditions)


def _too_close(schedule: Schedule, conditions: Conditions) -> Wait | None:
    if schedule.distance <= 0 or conditions.last_ended is None:
        return None
    nearest = Instant(conditions.last_ended + schedule.distance)
    if conditions.now >= nearest:
        return None
    apart = f"{format_duration(schedule.distance)} from the last drill's end at {_utc(conditions.last_ended)}"
    return Wait(reason=Reason.TOO_CLOSE, why=f"not before {_utc(nearest)}: {apart}")


def _unattended(schedule: Schedule) -> Wait | None:
    """Let people start what they take part in: some of them may still be joining."""
    if not schedule.attended:
        return None
    why = f"it waits for its facilitator: gameday plan start {schedule.scenario}"
    return Wait(reason=Reason.UNATTENDED, why=why)


def _utc(at: Instant) -> str:
    return f"{format_instant(at)[:16]}Z"
