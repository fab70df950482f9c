"""`gameday schedule add` and `approve`: reads the files, has `conduct.scheduler` decide, words the answer."""

from __future__ import annotations

import asyncio
import os
from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path

from gameday import wiring
from gameday.cli.shared import output, times
from gameday.cli.shared.field_errors import option_names
from gameday.conduct.scheduler import admission, approvals, warnings
from gameday.conduct.scheduler.admission import ScheduleRequest
from gameday.conduct.scheduler.approvals import ApprovalStatus
from gameday.core.plans.schedule import Kind
from gameday.core.values import Instant
from gameday.formats.gamedays import reader as gameday_plan
from gameday.ports import ScheduleRow, ScheduleStore
from gameday.settings import Workspace
from gameday.settings.drill import drill_files
from gameday.settings.gameday import game_day_files
from gameday.system import clock, ids
from gameday.system.actor import current_actor

OPTIONS = {field.name: f"--{field.name.replace('_', '-')}" for field in fields(ScheduleRequest)} | {
    "start": "--from",
    "freezes": "--freeze",
    "participants": "--participant",
    "channels": "--channel",
}
"""The option of each field of a request."""


def add(request: ScheduleRequest) -> ScheduleRow:
    """Add a schedule, with warnings of what it will miss. Raises InvalidFiles, UsageError.

    request: its paths as they were typed, and an empty seed where one is to be drawn.
    """
    now = clock.now()
    space = wiring.workspace(Path(request.scenario))
    with option_names(**OPTIONS):
        admission.must_be_channels(request.channels, wiring.announcer(space).channels)
        row = _admit(_from_workspace(request, space), space, now)
        calendars = wiring.calendars(space)
        for warning in asyncio.run(warnings.find(row, calendars, now=now, format_time=times.local)):
            output.warn(warning)
        with closing(wiring.schedules(space.store_url)) as store:
            admission.add(store, row)
    return row


def _from_workspace(request: ScheduleRequest, space: Workspace) -> ScheduleRequest:
    return replace(
        request,
        scenario=space.name(Path(request.scenario)),
        responder=space.name(Path(request.responder)) if request.responder else "",
        seed=request.seed or ids.new_event_id(),
    )


def _admit(request: ScheduleRequest, space: Workspace, now: Instant) -> ScheduleRow:
    by, path = current_actor(os.environ), space.root / request.scenario
    if request.scenario.endswith(gameday_plan.ENDINGS):
        files = game_day_files(space, path)
        return admission.admit_game_day(
            request, files.plan, lasts=files.lasts, attended=files.attended, by=by, now=now
        )
    responder = space.root / request.responder if request.responder else None
    drill = drill_files(space, path, responder=responder, environment=request.environment)
    return admission.admit_scenario(
        request, drill.scenario, environment=drill.environment.name, by=by, now=now
    )


def chosen_rule(rrule: str, cron: str) -> tuple[Kind, str]:
    """Give the one rule that was written. Raises UsageError for none or two."""
    with option_names(**OPTIONS):
        return admission.chosen_rule(rrule, cron)


def approve(store: ScheduleStore, row: ScheduleRow, occurrence: str, by: str) -> str:
    """Record an approval, and word what is still missing. Raises UsageError."""
    who = by.strip() or current_actor(os.environ)
    with option_names(by="GAMEDAY_ACTOR or --by"):
        status = approvals.approve(store, row, occurrence, by=who, now=clock.now())
    repeated = f"{who} approved it already; " if status.repeated else ""
    return f"{repeated}{times.local(status.occurrence)} {_words(status)}"


def _words(status: ApprovalStatus) -> str:
    given, needed = status.given, status.needed
    if given < needed:
        return f"has {given} of {needed} approvals; the rest is due by {times.local(status.limit)}"
    more = f", more than the {needed} that it needs" if given > needed else ""
    return f"is approved, by {given} {'person' if given == 1 else 'people'}{more}"
