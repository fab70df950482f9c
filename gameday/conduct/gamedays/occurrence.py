"""Records in the schedules that a game day was started by hand, so that no daemon starts the same one, too.

A daemon that started the game day keeps the record itself: then there is nothing to do.
"""

from __future__ import annotations

from dataclasses import replace

from gameday import ports
from gameday.core.errors import Busy
from gameday.core.plans import schedule as schedules
from gameday.core.plans.schedule import Record, State
from gameday.core.plans.schedule_times import RECORD_TIME
from gameday.core.values import DrillId, Instant
from gameday.formats.calendar import recurrence


def begin(
    store: ports.ScheduleStore,
    path: str,
    occurrence: Instant,
    game_day: DrillId,
    *,
    holder: str,
    now: Instant,
) -> None:
    """Record that the game day of an occurrence has begun. Raises Busy while a scheduled drill runs."""
    for row in store.rows():
        schedule = row.schedule
        if not schedule.game_day or schedule.scenario != path:
            continue
        record = store.record(schedule.schedule, occurrence)
        begun = Record(
            schedule=schedule.schedule,
            occurrence=occurrence,
            moment=schedules.moment(schedule, occurrence),
            environment=schedule.environment,
            state=State.STARTED,
            decided=now,
            holder=holder,
            until=Instant(now + RECORD_TIME),
            started=now,
            drill=game_day,
        )
        if record is None and row.position.occurrence == occurrence:
            _claim(store, row, begun)
        # MISSED, too: a game day that opens late did take place.
        elif record is not None and record.state in {State.CLAIMED, State.MISSED}:
            store.change(record, begun)


def _claim(store: ports.ScheduleStore, row: ports.ScheduleRow, begun: Record) -> None:
    following = recurrence.first(row.schedule.recurrence, Instant(begun.occurrence + 1))
    claim = store.claim(begun, row, schedules.position(row.schedule, following))
    if claim is ports.Claim.BUSY:
        raise Busy(
            f"a scheduled drill on {begun.environment} is about to start, or has not ended",
            hint="gameday schedule records shows it",
        )


def end(store: ports.ScheduleStore, game_day: DrillId, code: int, now: Instant) -> None:
    """Record that a game day has ended, where `begin` recorded its beginning."""
    for record in store.records():
        if record.drill == game_day and record.state is State.STARTED:
            store.change(record, replace(record, state=State.ENDED, ended=now, exit_code=code))
