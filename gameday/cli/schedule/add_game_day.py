"""Putting a game day's plan on the calendar: the plan says when, where and with whom.

Comes in: what was asked for. Goes out: a schedule, or UsageError for what the plan says itself.
Does not: keep it; `cli.schedule.add` does.
"""

from __future__ import annotations

from gameday.cli.schedule.add_options import AddOptions, grace, must_be_id, read_hours, seconds
from gameday.core.errors import UsageError
from gameday.core.plans.schedule import DEFAULT_GRACE, DEFAULT_GRACE_ATTENDED, Schedule, ScheduleId
from gameday.core.values import Instant
from gameday.settings import Workspace
from gameday.settings.gameday import game_day_files


def schedule(asked: AddOptions, space: Workspace, now: Instant, seed: str, by: str) -> Schedule:
    """Make the schedule of a plan. Raises InvalidFiles, UsageError."""
    _must_not_say_more(asked)
    files = game_day_files(space, asked.scenario)
    plan = files.plan
    notice = seconds("--notice", asked.notice)
    if notice and plan.announcement == "none":
        raise UsageError(f"{plan.path} announces nothing", hint="leave out --notice, or announcement: window")
    for line in asked.hours:
        read_hours(line)
    usual = DEFAULT_GRACE_ATTENDED if files.attended else DEFAULT_GRACE
    return Schedule(
        schedule=ScheduleId(must_be_id(asked.id or plan.gameday)),
        scenario=plan.path,
        environment=plan.environment,
        recurrence=plan.when,
        seed=seed,
        title=plan.title,
        description=plan.description,
        game_day=True,
        attended=files.attended,
        announcement=plan.announcement,
        channels=tuple(dict.fromkeys((*asked.channels, *(one.channel for one in plan.channels)))),
        hours=asked.hours,
        freezes=asked.freezes,
        distance=seconds("--distance", asked.distance),
        grace=grace(asked) or usual,
        notice=notice,
        participants=tuple(one.name for one in plan.participants),
        lasts=files.lasts,
        since=now,
        by=by,
    )


def _must_not_say_more(asked: AddOptions) -> None:
    """Refuse what the plan says itself, so that nobody wonders which of the two counts."""
    said = {
        "--rrule": asked.rrule,
        "--cron": asked.cron,
        "--at": asked.at,
        "--zone": asked.zone,
        "--from": asked.start,
        "--environment": asked.environment,
        "--responder": asked.responder,
        "--mode": asked.mode,
        "--window": asked.window,
        "--participant": asked.participants,
        "--approvals": asked.approvals,
        "--approve-before": asked.approve_before,
    }
    for option, value in said.items():
        if value:
            raise UsageError(f"{option} is for a scenario: the plan says it itself", hint="change the plan")
