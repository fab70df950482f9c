"""Decides whether a schedule may be added, and makes it from a request and the files that the request names.

Errors name the fields of the request in backticks: `approve_before`. A command line puts its options in their
place, and a server its parameters. `warnings` finds what is kept, but will be missed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import pairwise

from gameday.core.errors import UsageError
from gameday.core.plans import dry_run as planning
from gameday.core.plans import schedule as schedules
from gameday.core.plans.gameday import GameDayPlan
from gameday.core.plans.scenario import Scenario
from gameday.core.plans.schedule import Kind, Recurrence, Schedule, ScheduleId
from gameday.core.plans.schedule_times import DEFAULT_GRACE, DEFAULT_GRACE_ATTENDED
from gameday.core.policy import hours
from gameday.core.values import Instant, Mode, Party, Seconds, format_instant, parse_duration
from gameday.formats.calendar import recurrence
from gameday.formats.text import document
from gameday.ports import ScheduleRow, ScheduleStore

SHORTEST_GRACE: Seconds = 1.0
"""A daemon starts what is due within a second of its time."""
NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?")
NO_CHANNEL = '[integrations.chat] kind = "apprise", secret = "env:CHAT_URL" in gameday.toml'
SET_BY_PLAN = (
    "rrule",
    "cron",
    "at",
    "zone",
    "start",
    "environment",
    "responder",
    "mode",
    "window",
    "participants",
    "approvals",
    "approve_before",
)
"""The fields of a request that the plan of a game day sets itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScheduleRequest:
    """What somebody asks for, as text; what is empty was not given.

    scenario, responder  workspace paths; the scenario, or the plan of a game day
    at                   the one time at which it is due, in place of a rule
    start                from when the rule applies
    seed                 what moments within the window are drawn from
    """

    scenario: str
    seed: str
    id: str = ""
    rrule: str = ""
    cron: str = ""
    at: str = ""
    zone: str = ""
    start: str = ""
    environment: str = ""
    responder: str = ""
    mode: str = ""
    window: str = ""
    hours: tuple[str, ...] = ()
    freezes: tuple[str, ...] = ()
    distance: str = ""
    grace: str = ""
    notice: str = ""
    participants: tuple[str, ...] = ()
    approvals: int = 0
    approve_before: str = ""
    channels: tuple[str, ...] = ()


def admit_scenario(
    request: ScheduleRequest, scenario: Scenario, *, environment: str, by: str, now: Instant
) -> ScheduleRow:
    """Make the schedule of a scenario. Raises UsageError where it may not be added."""
    rule = _rule(request, now)
    _must_be_attended(request, scenario)
    mode = request.mode or Mode.EVALUATE.value
    if mode not in set(Mode):
        raise UsageError(f"'{mode}' is not a mode", hint="evaluate or train")
    _must_have_an_effect(request)
    _must_be_hours(request.hours)
    schedule = Schedule(
        schedule=_id(request.id or scenario.scenario),
        scenario=request.scenario,
        environment=environment,
        recurrence=rule,
        seed=request.seed,
        title=scenario.title,
        responder=request.responder,
        mode=mode,
        window=_seconds("window", request.window),
        hours=request.hours,
        freezes=request.freezes,
        distance=_seconds("distance", request.distance),
        grace=_grace(request) or DEFAULT_GRACE,
        channels=request.channels,
        notice=_seconds("notice", request.notice),
        participants=request.participants,
        approvals=request.approvals,
        approve_before=_seconds("approve_before", request.approve_before),
        lasts=planning.compile(scenario).longest,
        since=now,
        by=by,
    )
    later = (
        "give `at` a later time" if request.at else "gameday schedule preview shows the next ones of a rule"
    )
    return _before_first(schedule, now, hint=later)


def admit_game_day(
    request: ScheduleRequest, plan: GameDayPlan, *, lasts: Seconds, attended: bool, by: str, now: Instant
) -> ScheduleRow:
    """Make the schedule of a game day, whose plan says when, where and with whom. Raises UsageError.

    lasts: how long people should keep free. attended: people take part.
    """
    _must_leave_it_to_the_plan(request)
    notice = _seconds("notice", request.notice)
    if notice and plan.announcement == "none":
        raise UsageError(
            f"{plan.path} announces nothing", hint="leave out `notice`, or write announcement: window"
        )
    _must_be_hours(request.hours)
    default_grace = DEFAULT_GRACE_ATTENDED if attended else DEFAULT_GRACE
    schedule = Schedule(
        schedule=_id(request.id or plan.gameday),
        scenario=plan.path,
        environment=plan.environment,
        recurrence=plan.when,
        seed=request.seed,
        title=plan.title,
        description=plan.description,
        game_day=True,
        attended=attended,
        announcement=plan.announcement,
        channels=tuple(dict.fromkeys((*request.channels, *(place.channel for place in plan.channels)))),
        hours=request.hours,
        freezes=request.freezes,
        distance=_seconds("distance", request.distance),
        grace=_grace(request) or default_grace,
        notice=notice,
        participants=tuple(person.name for person in plan.participants),
        lasts=lasts,
        since=now,
        by=by,
    )
    return _before_first(schedule, now, hint="change the plan's date or recurrence")


def add(store: ScheduleStore, row: ScheduleRow) -> None:
    """Add an admitted schedule. Raises UsageError where its id is taken."""
    if not store.add(row):
        raise UsageError(
            f"there is a schedule '{row.schedule.schedule}' already", hint="give this one another `id`"
        )


def resume(store: ScheduleStore, row: ScheduleRow) -> None:
    """Resume a paused schedule. A notice that came due meanwhile is sent now."""
    store.pause(row.schedule.schedule, paused=False)
    before = row.position
    store.move(row, schedules.position(row.schedule, before.occurrence, noticed=before.noticed))


def must_be_channels(channels: Iterable[str], known: Collection[str]) -> None:
    """Refuse a channel to which nothing could be sent. Raises UsageError with the nearest."""
    for name in channels:
        if name not in known:
            near = document.nearest(name, known)
            others = f"gameday.toml has {', '.join(known)}" if known else NO_CHANNEL
            raise UsageError(f"no channel '{name}'", hint=f"did you mean '{near}'?" if near else others)


def chosen_rule(rrule: str, cron: str) -> tuple[Kind, str]:
    """Give the one rule that was written. Raises UsageError for none or two."""
    if bool(rrule) == bool(cron):
        raise UsageError("write one of `rrule` and `cron`", hint="`rrule` 'FREQ=WEEKLY;BYDAY=TU'")
    return (Kind.RRULE, rrule) if rrule else (Kind.CRON, cron)


# --- when ---


def _rule(request: ScheduleRequest, now: Instant) -> Recurrence:
    zone = request.zone or "UTC"
    recurrence.zone(zone)
    if request.at:
        if request.rrule or request.cron or request.start:
            raise UsageError("`at` already gives the time", hint="leave out `rrule`, `cron` and `start`")
        return recurrence.parse(Kind.RRULE, recurrence.ONCE, zone, recurrence.local_start(request.at, zone))
    if not request.rrule and not request.cron:
        raise UsageError(
            "no time given", hint="give the time with `rrule` 'FREQ=WEEKLY;BYDAY=TU', `cron` or `at`"
        )
    kind, text = chosen_rule(request.rrule, request.cron)
    # Whole seconds, as occurrences have.
    begin = request.start or format_instant(Instant(float(int(now))))
    return recurrence.parse(kind, text, zone, recurrence.local_start(begin, zone))


def _before_first(schedule: Schedule, now: Instant, *, hint: str) -> ScheduleRow:
    """Place a schedule before its first occurrence. Raises UsageError where none is to come."""
    first = recurrence.first(schedule.recurrence, Instant(float(int(now) + 1)))
    if first is None:
        raise UsageError(f"every occurrence of {schedule.scenario} lies in the past", hint=hint)
    _must_fit(schedule, first)
    return ScheduleRow(schedule=schedule, position=schedules.position(schedule, first))


def _must_fit(schedule: Schedule, first: Instant) -> None:
    """Refuse a window that reaches into the next."""
    # Several, since gaps differ: a rule such as TU,WE has a short and a long one.
    coming = recurrence.next_ones(schedule.recurrence, first, 16)
    shortest = min((after - before for before, after in pairwise(coming)), default=None)
    if shortest is not None and schedule.window >= shortest:
        raise UsageError(
            "the window reaches into the next one",
            hint=f"choose a `window` below {shortest / 60:g}m, or a rarer rule",
        )


# --- what is asked for ---


def _must_be_attended(request: ScheduleRequest, scenario: Scenario) -> None:
    """Refuse to start a drill of people without anybody's go."""
    if scenario.responders is Party.TEAM and not request.responder and not request.approvals:
        raise UsageError(
            f"people respond to {request.scenario}: it doesn't start unattended",
            hint="`approvals` 1 asks for a go before each, or name a script with `responder`",
        )


def _must_have_an_effect(request: ScheduleRequest) -> None:
    """Refuse what would be stored and never looked at."""
    if request.approve_before and not request.approvals:
        raise UsageError("`approve_before`: no approval is required", hint="`approvals` 1")
    if (request.participants or request.channels) and not request.notice:
        raise UsageError("nobody is notified without a notice", hint="`notice` 24h")


def _must_leave_it_to_the_plan(request: ScheduleRequest) -> None:
    """Refuse what the plan sets, so that nobody wonders which of the two counts."""
    for field in SET_BY_PLAN:
        if getattr(request, field):
            raise UsageError(f"`{field}` is for a scenario: the plan sets it itself", hint="change the plan")


def _id(name: str) -> ScheduleId:
    if not NAME.fullmatch(name):
        raise UsageError(f"'{name}' is not an id", hint="write lower-case letters, digits and hyphens")
    return ScheduleId(name)


def _seconds(field: str, text: str) -> Seconds:
    """Read a duration; without one, 0."""
    try:
        return parse_duration(text) if text else 0.0
    except ValueError as error:
        raise UsageError(f"`{field}`: {error}") from error


def _grace(request: ScheduleRequest) -> Seconds:
    """Read how late it may start; 0 where the default counts."""
    grace = _seconds("grace", request.grace)
    if request.grace and grace < SHORTEST_GRACE:
        raise UsageError(
            f"`grace`: nothing could start within {request.grace}", hint=f"{SHORTEST_GRACE:g}s or more"
        )
    return grace


def _must_be_hours(lines: Iterable[str]) -> None:
    for line in lines:
        try:
            hours.parse(line)
        except ValueError as error:
            raise UsageError(f"`hours`: {error}") from error
