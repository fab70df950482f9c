"""`gameday calendar`: shows what is scheduled next, in the terminal or as a feed for people's calendars.

Scenarios and exact start times are shown only with --reveal. The feed is served over HTTP by
`gameday serve --listen`; --output writes it to a file for another server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from gameday import wiring
from gameday.cli.schedule import feed
from gameday.cli.shared import output, times
from gameday.conduct.scheduler import upcoming
from gameday.conduct.scheduler.upcoming import Slot
from gameday.core.errors import ExitCode
from gameday.core.policy import Calendar
from gameday.core.values import Instant
from gameday.ports import ScheduleRow
from gameday.render.table import TextTable
from gameday.settings import Workspace
from gameday.system import clock
from gameday.system.files import write_whole

DAY = 86_400.0
FEED = 10_000
"""Entries of a feed that is written into a file."""


def main(*, days: int, ics: bool, file: Path | None, url: str, reveal: bool, json: bool) -> int:
    """Show the schedules' next days, write them as a feed, or say where the feed is."""
    space = wiring.workspace()
    if url:
        output.secret(feed.url(space, url, reveal=reveal))
        return ExitCode.PASSED
    if ics or file:
        _write(feed.write(space, reveal=reveal, ahead=days * DAY, most=FEED), file)
        return ExitCode.PASSED
    store = wiring.schedules(space.store_url)
    rows = store.rows()
    store.close()
    now = clock.now()
    until = Instant(now + days * DAY)
    slots = upcoming.visible(upcoming.slots(rows, until), reveal=reveal)
    show(slots, reveal=reveal, json=json)
    if not json:
        _freezes(space, rows, now, until)
    return ExitCode.PASSED


def _write(text: str, file: Path | None) -> None:
    if file is None:
        output.data(text)
        return
    write_whole(file, text)
    output.talk(f"written to {file}")


def show(slots: Sequence[Slot], *, reveal: bool, json: bool) -> None:
    """Print slots as a table or as JSON."""
    if json:
        output.data_json([_slot(slot, reveal=reveal) for slot in slots])
        return
    if not slots:
        output.talk("nothing is scheduled")
        return
    head = (
        "From",
        "Until",
        "Environment",
        "What",
        "",
        *(("Schedule", "Scenario", "Starts") if reveal else ()),
    )
    rows = tuple(
        (
            times.in_zone(slot.start, slot.schedule.recurrence.zone),
            times.in_zone(slot.end, slot.schedule.recurrence.zone),
            slot.schedule.environment,
            upcoming.summary_for(slot.schedule, reveal=reveal)[0],
            "paused" if slot.paused else "",
            *(_revealed(slot) if reveal else ()),
        )
        for slot in slots
    )
    output.data(TextTable(head=head, rows=rows).text(output.columns()))


def _revealed(slot: Slot) -> tuple[str, str, str]:
    return (
        slot.schedule.schedule,
        slot.schedule.scenario,
        times.in_zone(slot.moment, slot.schedule.recurrence.zone),
    )


def _slot(slot: Slot, *, reveal: bool) -> dict[str, object]:
    row: dict[str, object] = {
        "environment": slot.schedule.environment,
        "title": upcoming.summary_for(slot.schedule, reveal=reveal)[0],
        "game_day": slot.schedule.game_day,
        "start": times.utc(slot.start),
        "end": times.utc(slot.end),
        "paused": slot.paused,
    }
    if reveal:
        row |= {
            "schedule": slot.schedule.schedule,
            "scenario": slot.schedule.scenario,
            "moment": times.utc(slot.moment),
        }
    return row


def _freezes(space: Workspace, rows: Sequence[ScheduleRow], now: Instant, until: Instant) -> None:
    """Name the freezes ahead, and warn of calendars that can't be had."""
    rules = [place.rules for place in space.settings.environments.values() if place.rules]
    paths = [path for one in rules for path in one.freezes]
    paths += [path for row in rows for path in row.schedule.freezes]
    for calendar in asyncio.run(_read(space, tuple(dict.fromkeys(paths)), now, until)):
        if calendar.error:
            output.warn(f"{calendar.path} can't be read: {calendar.error}; nothing that it freezes starts")
        for freeze in calendar.freezes:
            span = f"{times.local(freeze.start)} to {times.local(freeze.end)}"
            output.data(f"frozen: {span}: {freeze.summary} ({calendar.path})")


async def _read(space: Workspace, paths: Sequence[str], start: Instant, end: Instant) -> Sequence[Calendar]:
    reader = wiring.calendars(space)
    return await asyncio.gather(*(reader.read(path, start, end) for path in paths))
