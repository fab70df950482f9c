"""`gameday schedule`: adds, shows and changes schedules. `gameday serve` starts what is due."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gameday.cli.shared import help_groups, output, times
from gameday.cli.shared.flags import Json
from gameday.core.errors import UsageError
from gameday.core.plans.schedule_times import DEFAULT_GRACE, DEFAULT_GRACE_ATTENDED
from gameday.core.values import format_instant

if TYPE_CHECKING:
    from gameday.core.plans.schedule import Record
    from gameday.ports import ScheduleRow, ScheduleStore

app = typer.Typer(cls=help_groups.Commands, no_args_is_help=True)

Id = Annotated[str, typer.Argument(help="The schedule's id.")]
Rrule = Annotated[
    str, typer.Option(help="An RFC 5545 rule: FREQ=WEEKLY;BYDAY=TU;BYHOUR=10;BYMINUTE=0;BYSECOND=0")
]
Cron = Annotated[
    str, typer.Option(help="A cron expression: minute hour day month weekday, such as '0 10 * * TUE'.")
]
Zone = Annotated[
    str, typer.Option(help="IANA time zone, such as Europe/Berlin. (default: UTC)", show_default=False)
]
From = Annotated[
    str, typer.Option("--from", help="Date or local time from which the schedule applies. (default: now)")
]
Reveal = Annotated[
    bool, typer.Option("--reveal", help="Show scenarios and exact start times. Not for responders' eyes.")
]


@app.command()
def add(
    scenario: Annotated[Path, typer.Argument(help="A scenario, or the plan of a game day.")],
    *,
    id_: Annotated[str, typer.Option("--id", help="The schedule's id. (default: the scenario's)")] = "",
    rrule: Rrule = "",
    cron: Cron = "",
    at: Annotated[str, typer.Option(help="Once, at this date and time, such as 2026-12-01T10:00.")] = "",
    zone: Zone = "",
    from_: From = "",
    environment: Annotated[str, typer.Option(help="The environment to use. (default: the scenario's)")] = "",
    responder: Annotated[
        Path | None, typer.Option(help="A script that plays the team or its automation.")
    ] = None,
    mode: Annotated[
        str, typer.Option(help="evaluate (scored) or train (not scored). (default: evaluate)")
    ] = "",
    window: Annotated[str, typer.Option(help="Start at a random moment within this time, such as 2h.")] = "",
    hours: Annotated[
        list[str] | None,
        typer.Option(help="Start only within these hours: 'Mon-Fri 09:00-17:00 Europe/Berlin'."),
    ] = None,
    freeze: Annotated[
        list[str] | None, typer.Option(help="An ICS file or URL; no drill starts during its events.")
    ] = None,
    distance: Annotated[
        str, typer.Option(help="The minimum time after the last drill on that environment, such as 12h.")
    ] = "",
    grace: Annotated[
        str,
        typer.Option(
            help="How late a drill may start; after that it is missed. "
            f"(default: {DEFAULT_GRACE / 60:g}m; with people {DEFAULT_GRACE_ATTENDED / 3600:g}h)"
        ),
    ] = "",
    notice: Annotated[
        str, typer.Option(help="Notify the participants this long before the window, such as 24h.")
    ] = "",
    participant: Annotated[list[str] | None, typer.Option(help="Who is notified; may be repeated.")] = None,
    channel: Annotated[
        list[str] | None,
        typer.Option(help="Where they are notified: an integration of gameday.toml; may be repeated."),
    ] = None,
    approvals: Annotated[int, typer.Option(min=0, help="How many people must approve each occurrence.")] = 0,
    approve_before: Annotated[
        str, typer.Option(help="The deadline for approvals, as a time before the window, such as 4h.")
    ] = "",
    seed: Annotated[
        str, typer.Option(help="The seed of the random moments. (default: a random seed, which is stored)")
    ] = "",
    json: Json = False,
) -> None:
    """Add a schedule. Nothing starts unless `gameday serve` runs."""
    from gameday.cli.schedule import add as schedule_add  # noqa: PLC0415  # what a command needs is loaded when it runs
    from gameday.conduct.scheduler.admission import ScheduleRequest  # noqa: PLC0415

    request = ScheduleRequest(
        scenario=str(scenario),
        id=id_,
        rrule=rrule,
        cron=cron,
        at=at,
        zone=zone,
        start=from_,
        environment=environment,
        responder=str(responder or ""),
        mode=mode,
        window=window,
        hours=tuple(hours or ()),
        freezes=tuple(freeze or ()),
        distance=distance,
        grace=grace,
        notice=notice,
        participants=tuple(participant or ()),
        channels=tuple(channel or ()),
        approvals=approvals,
        approve_before=approve_before,
        seed=seed,
    )
    row = schedule_add.add(request)
    if json:
        output.data_json(_row(row))
        return
    output.talk(
        f"schedule {row.schedule.schedule} stored: {row.schedule.scenario} on {row.schedule.environment}"
    )
    if row.position.occurrence is not None:
        output.talk(f"next: {times.local(row.position.occurrence)}")
    output.hint(
        f"its facilitator starts it: gameday plan start {row.schedule.scenario}; gameday serve sends notices"
        if row.schedule.attended
        else "gameday serve starts what is due"
    )


@app.command()
def preview(
    *,
    rrule: Rrule = "",
    cron: Cron = "",
    zone: Zone = "UTC",
    from_: From = "",
    count: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 10,
    json: Json = False,
) -> None:
    """Print the next times of a rule, in UTC. Needs no store and no workspace."""
    from gameday.cli.schedule import add as schedule_add  # noqa: PLC0415
    from gameday.formats.calendar import recurrence  # noqa: PLC0415
    from gameday.system import clock  # noqa: PLC0415

    kind, text = schedule_add.chosen_rule(rrule, cron)
    recurrence.zone(zone)
    start = recurrence.local_start(from_ or format_instant(clock.now())[:19] + "Z", zone)
    made = recurrence.parse(kind, text, zone, start)
    found = recurrence.next_ones(made, recurrence.start_of(made), count)
    if json:
        output.data_json([times.utc(at) for at in found])
        return
    where = recurrence.zone(zone)
    for instant in found:
        there = datetime.fromtimestamp(instant, where)
        output.data(f"{times.utc(instant)}  {there:%a %Y-%m-%d %H:%M:%S %Z}")


@app.command(name="list")
def list_schedules(*, json: Json = False) -> None:
    """List the schedules."""
    with _store() as store:
        rows = store.rows()
    if json:
        output.data_json([_row(row) for row in rows])
        return
    if not rows:
        output.talk("no schedule yet")
        output.hint("gameday schedule add SCENARIO --rrule RULE --zone ZONE")
        return
    from gameday.formats.calendar.recurrence import ONCE  # noqa: PLC0415
    from gameday.render.table import TextTable  # noqa: PLC0415

    head = ("Schedule", "Scenario", "Environment", "Rule", "Zone", "Next window")
    lines = tuple(
        (
            row.schedule.schedule,
            row.schedule.scenario,
            row.schedule.environment,
            "once" if row.schedule.recurrence.text == ONCE else row.schedule.recurrence.text,
            row.schedule.recurrence.zone,
            _next(row),
        )
        for row in rows
    )
    output.data(TextTable(head=head, rows=lines).text(output.columns()))


@app.command(name="next")
def next_ones(
    schedule: Annotated[str, typer.Argument(help="The schedule. (default: all)")] = "",
    *,
    count: Annotated[int, typer.Option(min=1, max=10_000, help="How many.")] = 10,
    reveal: Reveal = False,
    json: Json = False,
) -> None:
    """Show the next windows; with --reveal, scenarios and exact start times, too."""
    from gameday.cli.schedule import calendar  # noqa: PLC0415
    from gameday.conduct.scheduler import upcoming  # noqa: PLC0415
    from gameday.core.values import Instant  # noqa: PLC0415

    with _store() as store:
        rows = [_found(store, schedule)] if schedule else list(store.rows())
    slots = upcoming.slots(rows, Instant(float("inf")), most=count)
    calendar.show(upcoming.visible(slots, reveal=reveal), reveal=reveal, json=json)


@app.command()
def records(
    schedule: Annotated[str, typer.Argument(help="The schedule. (default: all)")] = "",
    *,
    count: Annotated[int, typer.Option(min=1, help="How many.")] = 20,
    json: Json = False,
) -> None:
    """List past occurrences, latest first: started, ended, or missed and why."""
    with _store() as store:
        found = store.records(schedule, most=count)
    if json:
        output.data_json([_record(record) for record in found])
        return
    from gameday.render.table import TextTable  # noqa: PLC0415

    head = ("Due", "Schedule", "Became", "Exit", "Why, or its drill")
    lines = tuple(
        (
            times.local(record.occurrence),
            record.schedule,
            f"{record.state} {f'({record.reason})' if record.reason else ''}",
            "" if record.exit_code is None else str(record.exit_code),
            record.why or record.drill,
        )
        for record in found
    )
    output.data(TextTable(head=head, rows=lines).text(output.columns()) or "nothing was due yet")


@app.command()
def pause(schedule: Id) -> None:
    """Pause a schedule. What comes due meanwhile is recorded as missed."""
    _set_paused(schedule, paused=True)


@app.command()
def resume(schedule: Id) -> None:
    """Resume a paused schedule: what comes due from now on starts."""
    _set_paused(schedule, paused=False)


@app.command()
def remove(schedule: Id) -> None:
    """Remove a schedule. The records of its occurrences are kept."""
    from gameday.core.plans.schedule import ScheduleId  # noqa: PLC0415

    with _store() as store:
        _found(store, schedule)
        store.remove(ScheduleId(schedule))
    output.talk(f"schedule {schedule} removed")


@app.command()
def approve(
    schedule: Id,
    *,
    occurrence: Annotated[
        str, typer.Option(help="The occurrence's time, such as 2026-12-01T09:00Z. (default: the next)")
    ] = "",
    by: Annotated[
        str, typer.Option("--by", "--as", help="Who approves. (default: GAMEDAY_ACTOR, else your login)")
    ] = "",
) -> None:
    """Approve one occurrence, before its deadline."""
    from gameday.cli.schedule import add as schedule_add  # noqa: PLC0415

    with _store() as store:
        approved = schedule_add.approve(store, _found(store, schedule), occurrence, by)
    output.talk(approved)


# --- the store ---


@contextmanager
def _store() -> Iterator[ScheduleStore]:
    """Open the schedules of this workspace, and let go of them."""
    from gameday import wiring  # noqa: PLC0415

    with closing(wiring.schedules(wiring.workspace().store_url)) as store:
        yield store


def _found(store: ScheduleStore, name: str) -> ScheduleRow:
    """Give a schedule by its id. Raises UsageError with the nearest."""
    from gameday.core.plans.schedule import ScheduleId  # noqa: PLC0415
    from gameday.formats.text import document  # noqa: PLC0415

    try:
        return store.row(ScheduleId(name))
    except LookupError:
        near = document.nearest(name, [row.schedule.schedule for row in store.rows()])
        hint = f"did you mean '{near}'?" if near else "gameday schedule list shows them"
        raise UsageError(f"no schedule '{name}'", hint=hint) from None


def _set_paused(name: str, *, paused: bool) -> None:
    from gameday.conduct.scheduler import admission  # noqa: PLC0415

    with _store() as store:
        row = _found(store, name)
        if paused:
            store.pause(row.schedule.schedule, paused=True)
        else:
            admission.resume(store, row)
    output.talk(f"{name} is {'paused' if paused else 'resumed'}")


def _next(row: ScheduleRow) -> str:
    if row.paused:
        return "paused"
    return "no occurrence left" if row.position.occurrence is None else times.local(row.position.occurrence)


def _row(row: ScheduleRow) -> dict[str, object]:
    schedule, at = row.schedule, row.position.occurrence
    return {
        "schedule": schedule.schedule,
        "scenario": schedule.scenario,
        "environment": schedule.environment,
        "rule": {schedule.recurrence.kind.value: schedule.recurrence.text},
        "zone": schedule.recurrence.zone,
        "paused": row.paused,
        "next": None if at is None else times.utc(at),
    }


def _record(record: Record) -> dict[str, object]:
    return {
        "schedule": record.schedule,
        "occurrence": times.utc(record.occurrence),
        "state": record.state.value,
        "reason": record.reason or None,
        "why": record.why or None,
        "started": None if record.started is None else times.utc(record.started),
        "ended": None if record.ended is None else times.utc(record.ended),
        "exit_code": record.exit_code,
        "drill": record.drill or None,
    }
