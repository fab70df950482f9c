"""Adding a schedule, approving an occurrence: words -> values, every one checked before anything is kept.

Comes in: what was asked for. Goes out: a row in the store, or UsageError, InvalidFiles.
Does not: start anything; warn of what is kept all the same (`cli.schedule.warnings`).
"""

from __future__ import annotations

import os
from itertools import pairwise

from gameday import wiring
from gameday.cli.schedule import add_game_day, warnings
from gameday.cli.schedule.add_options import (
    AddOptions,
    grace,
    must_be_id,
    must_have_a_use,
    read_hours,
    seconds,
)
from gameday.cli.shared import notify, times
from gameday.core.errors import UsageError
from gameday.core.plans import dry_run as planning
from gameday.core.plans import schedule as schedules
from gameday.core.plans.schedule import Approval, Kind, Recurrence, Schedule, ScheduleId
from gameday.core.values import Instant, Mode, Party, parse_instant
from gameday.formats.calendar import recurrence
from gameday.formats.gamedays import reader as gameday_plan
from gameday.ports import ScheduleRow, ScheduleStore
from gameday.settings import DrillFiles, Workspace, drill_files
from gameday.system import clock, ids
from gameday.system.actor import current_actor


def add(asked: AddOptions) -> ScheduleRow:
    """Check what was asked for, and keep it."""
    now = clock.now()
    space = wiring.workspace(asked.scenario)
    notify.must_be_channels(asked.channels, space)
    seed = asked.seed or ids.new_event_id()
    if asked.scenario.name.endswith(gameday_plan.ENDINGS):
        schedule = add_game_day.schedule(asked, space, now, seed, current_actor(os.environ))
    else:
        schedule = _schedule(asked, space, now, seed)
    following = recurrence.first(schedule.recurrence, Instant(float(int(now) + 1)))
    if following is None:
        raise UsageError(
            f"every occurrence of {space.name(asked.scenario)} lies in the past", hint=_later(asked)
        )
    _must_fit(schedule, following)
    warnings.warn(schedule, space, following, now)
    row = ScheduleRow(schedule=schedule, position=schedules.position(schedule, following))
    store = wiring.schedules(space.store_url)
    try:
        if not store.add(row):
            raise UsageError(
                f"there is a schedule '{schedule.schedule}' already", hint="name this one with --id"
            )
    finally:
        store.close()
    return row


def _later(asked: AddOptions) -> str:
    if asked.scenario.name.endswith(gameday_plan.ENDINGS):
        return "change the plan's date or recurrence"
    return "--at a later time" if asked.at else "gameday schedule preview shows the next ones of a rule"


def _rule(asked: AddOptions, now: Instant) -> Recurrence:
    zone = asked.zone or "UTC"
    recurrence.zone(zone)
    if asked.at:
        if asked.rrule or asked.cron or asked.start:
            raise UsageError("--at says it all", hint="leave out --rrule, --cron and --from")
        once = recurrence.local_start(asked.at, zone)
        return recurrence.parse(Kind.RRULE, recurrence.ONCE, zone, once)
    if not asked.rrule and not asked.cron:
        raise UsageError(
            "no time given", hint="give the time with --rrule 'FREQ=WEEKLY;BYDAY=TU', --cron or --at"
        )
    kind, text = rule_of(asked.rrule, asked.cron)
    begin = recurrence.local_start(asked.start or times.utc(Instant(float(int(now)))), zone)
    return recurrence.parse(kind, text, zone, begin)


def rule_of(rrule: str, cron: str) -> tuple[Kind, str]:
    """Give the one rule that was asked for. Raises UsageError for none or two."""
    if bool(rrule) == bool(cron):
        raise UsageError("write one of --rrule and --cron", hint="--rrule 'FREQ=WEEKLY;BYDAY=TU'")
    return (Kind.RRULE, rrule) if rrule else (Kind.CRON, cron)


def _schedule(asked: AddOptions, space: Workspace, now: Instant, seed: str) -> Schedule:
    """Make the schedule of a scenario. Raises InvalidFiles, UsageError."""
    rule = _rule(asked, now)
    files = drill_files(
        space, asked.scenario, responder=asked.responder, environment=asked.environment, imports=False
    )
    _must_be_attended(asked, space, files)
    mode = asked.mode or Mode.EVALUATE.value
    if mode not in set(Mode):
        raise UsageError(f"'{mode}' is not a mode", hint="evaluate or train")
    must_have_a_use(asked)
    for line in asked.hours:
        read_hours(line)
    return Schedule(
        schedule=ScheduleId(must_be_id(asked.id or files.scenario.scenario)),
        scenario=space.name(asked.scenario),
        environment=files.environment.name,
        recurrence=rule,
        seed=seed,
        title=files.scenario.title,
        responder=space.name(asked.responder) if asked.responder else "",
        mode=mode,
        window=seconds("--window", asked.window),
        hours=asked.hours,
        freezes=asked.freezes,
        distance=seconds("--distance", asked.distance),
        grace=grace(asked) or schedules.DEFAULT_GRACE,
        channels=asked.channels,
        notice=seconds("--notice", asked.notice),
        participants=asked.participants,
        approvals=asked.approvals,
        approve_before=seconds("--approve-before", asked.approve_before),
        lasts=planning.compile(files.scenario).longest,
        since=now,
        by=current_actor(os.environ),
    )


def _must_be_attended(asked: AddOptions, space: Workspace, files: DrillFiles) -> None:
    """Refuse to start a drill of people without anybody's go."""
    if files.scenario.responders is Party.TEAM and not asked.responder and not asked.approvals:
        raise UsageError(
            f"people respond to {space.name(asked.scenario)}: it doesn't start unattended",
            hint="--approvals 1 asks for a go before each, or name a script with --responder",
        )


def _must_fit(schedule: Schedule, first: Instant) -> None:
    """Refuse a window that reaches into the next."""
    coming = recurrence.next_ones(schedule.recurrence, first, 16)
    shortest = min((after - before for before, after in pairwise(coming)), default=None)
    if shortest is not None and schedule.window >= shortest:
        raise UsageError(
            "the window reaches into the next one", hint=f"--window below {shortest / 60:g}m, or a rarer rule"
        )


def approve(store: ScheduleStore, row: ScheduleRow, occurrence: str, by: str) -> str:
    """Keep another person's yes to an occurrence, and say what is still missing. Raises UsageError."""
    schedule, now, who = row.schedule, clock.now(), by.strip() or current_actor(os.environ)
    at = _occurrence(row, occurrence)
    limit = schedules.deadline(schedule, at)
    if now > limit:
        raise UsageError(f"too late: {times.utc(at)} had to be approved by {times.utc(limit)}")
    if not schedule.approvals:
        raise UsageError(f"{schedule.schedule} asks for no approval")
    if schedules.known_as(who) == schedules.known_as(schedule.by):
        raise UsageError(
            f"{who} added {schedule.schedule}: other people approve it",
            hint="GAMEDAY_ACTOR or --by says who you are",
        )
    before = schedules.approvers(schedule, at, store.approvals(schedule.schedule, at))
    store.approve(schedule.schedule, at, Approval(by=who, at=now))
    people = schedules.approvers(schedule, at, store.approvals(schedule.schedule, at))
    again = f"{who} approved it already; " if schedules.known_as(who) in before else ""
    return f"{again}{times.local(at)} {_standing(len(people), schedule.approvals, limit)}"


def _standing(given: int, needed: int, limit: Instant) -> str:
    if given < needed:
        return f"has {given} of {needed} approvals; the rest is due by {times.local(limit)}"
    more = f", more than the {needed} that it needs" if given > needed else ""
    return f"is approved, by {given} {'person' if given == 1 else 'people'}{more}"


def _occurrence(row: ScheduleRow, text: str) -> Instant:
    schedule = row.schedule
    if not text:
        if row.position.occurrence is None:
            raise UsageError(f"no occurrence of {schedule.schedule} is left")
        return row.position.occurrence
    try:
        at = parse_instant(text)
    except ValueError as wrong:
        raise UsageError(str(wrong)) from wrong
    if recurrence.first(schedule.recurrence, at) != at:
        raise UsageError(
            f"{text} is no occurrence of {schedule.schedule}", hint="gameday schedule next shows them"
        )
    return at
