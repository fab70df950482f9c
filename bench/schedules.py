"""A simulated year of schedules, judged by dateutil and icalendar; and the daemon's own costs, for real.

The year: thousands of schedules in five time zones, through all changes of clocks, with freezes from an
ICS file, random windows, restarts, outages and clocks that jump, on the real SQLite store. Each occurrence
that dateutil expects must have exactly one record: started within its grace and in no freeze that
recurring-ical-events sees; or missed, with a reason that holds.

The costs: `gameday serve` on a store of 10,000 schedules: seconds until it serves, processor time while
idle, and how late drills begin.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events
import tables
from dateutil.rrule import rrulestr

from gameday.conduct.scheduler.context import SchedulerContext
from gameday.conduct.scheduler.loop import Scheduler
from gameday.core.plans import schedule as schedules
from gameday.core.plans.schedule import Kind, Record, Schedule, ScheduleId, State
from gameday.core.values import Instant, format_instant, instant
from gameday.formats.calendar import recurrence
from gameday.ports import ScheduleRow
from gameday.signals.calendars import FreezeCalendars
from gameday.storage.schedules import SqlScheduleStore
from gameday.storage.sqlite import SqliteDatabase
from gameday.testing.clock import VirtualClock
from gameday.testing.schedules import FakeIncidents, FakeNotices, FakeStarter
from gameday.testing.store import MemoryStore

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Tokyo", "America/Sao_Paulo")
RULES = (
    "FREQ=WEEKLY;BYDAY=TU",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU",
    "FREQ=MONTHLY;BYDAY=2TU",
    "FREQ=MONTHLY;BYMONTHDAY=-1",
    "FREQ=MONTHLY;BYMONTHDAY=29,30,31",
    "FREQ=DAILY;INTERVAL=11",
    "FREQ=YEARLY;BYMONTH=3,10;BYDAY=-1SU",
    "FREQ=WEEKLY;BYDAY=SU;COUNT=20",
)
BEGIN = datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC"))
END = datetime(2027, 1, 1, tzinfo=ZoneInfo("UTC"))
FREEZES = """BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//bench//EN\r
BEGIN:VEVENT\r
UID:month-end\r
DTSTAMP:20260101T000000Z\r
DTSTART;TZID=Europe/Berlin:20260131T180000\r
DURATION:PT8H\r
RRULE:FREQ=MONTHLY;BYMONTHDAY=-1\r
EXDATE;TZID=Europe/Berlin:20260531T180000\r
SUMMARY:month's end\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:sale\r
DTSTAMP:20260101T000000Z\r
DTSTART:20261123T000000Z\r
DTEND:20261201T000000Z\r
SUMMARY:sale\r
END:VEVENT\r
END:VCALENDAR\r
"""


class JumpyClock(VirtualClock):
    """A wall clock that somebody sets."""

    def __init__(self, start: Instant) -> None:
        super().__init__(start)
        self.offset = 0.0

    def now(self) -> Instant:
        return instant(super().now() + self.offset)


@dataclass(kw_only=True)
class Year:
    """What happened: spans without a daemon or over which the clock was set forward; each start."""

    down: list[tuple[float, float]] = field(default_factory=list)
    starts: Counter[tuple[str, float]] = field(default_factory=Counter)
    late: list[float] = field(default_factory=list)
    restarts: int = 0
    jumps: int = 0
    looks: int = 0


def schedule(number: int, chance: random.Random) -> Schedule:
    """Make a schedule; each twentieth shares its environment with others."""
    zone = ZONES[number % len(ZONES)]
    clock = chance.choice(((2, 30), (1, 45), (3, 0), (10, 0), (23, 59), (chance.randrange(24), 15)))
    start = datetime(2025, 12, 1 + number % 28, *clock)  # noqa: DTZ001  # local time
    rule = recurrence.parse(Kind.RRULE, RULES[number % len(RULES)], zone, start)
    return Schedule(
        schedule=ScheduleId(f"s{number:05}"),
        scenario="scenarios/slow.yaml",
        environment=f"shared{number % 3}" if number % 20 == 0 else f"e{number}",
        recurrence=rule,
        seed="bench",
        window=chance.choice((0.0, 0.0, 7200.0)),
        freezes=("freeze.ics",) if number % 3 == 0 else (),
        notice=chance.choice((0.0, 86_400.0)),
        since=instant(BEGIN.timestamp()),
    )


async def live(
    year: Year, clock: JumpyClock, scheduler_context: SchedulerContext, chance: random.Random
) -> None:
    """Let a year go by, with everything that goes wrong in one."""
    scheduler = Scheduler(scheduler_context)
    end = END.timestamp() + 14_400
    trouble = clock.now() + chance.expovariate(1 / 172_800)
    while clock.now() < end:
        await scheduler.look()
        year.looks += 1
        now = clock.now()
        wake = scheduler_context.schedules.next_wake()
        step = max(0.01, (wake if wake is not None else end) - now)
        state = scheduler.state
        longest = 5.0 if state.waiting else 21.0 if state.running else step
        clock.advance(min(step, longest, max(0.01, trouble - now)))
        if clock.now() >= trouble:
            scheduler = go_wrong(year, clock, scheduler_context, scheduler, chance)
            trouble = clock.now() + chance.expovariate(1 / 172_800)


def go_wrong(
    year: Year,
    clock: JumpyClock,
    scheduler_context: SchedulerContext,
    scheduler: Scheduler,
    chance: random.Random,
) -> Scheduler:
    """Restart the daemon at once or after a while; or set the clock, forward or back."""
    began = clock.now()
    match chance.choice(("restart", "down", "forward", "back")):
        case "restart":
            year.restarts += 1
            return Scheduler(scheduler_context)
        case "down":
            clock.advance(chance.uniform(60, 21_600))
            year.restarts += 1
            year.down.append((began, clock.now()))
            return Scheduler(scheduler_context)
        case "forward":
            clock.offset += chance.uniform(1, 7200)
            year.down.append((began, clock.now()))
        case _:
            clock.offset -= chance.uniform(1, 7200)
    year.jumps += 1
    return scheduler


def expected(one: Schedule) -> set[float]:
    """Ask dateutil, in local time, and attach the zone afterwards."""
    start = datetime.fromisoformat(one.recurrence.start)
    zone = ZoneInfo(one.recurrence.zone)
    rule = rrulestr(one.recurrence.text, dtstart=start)
    last = datetime(2027, 1, 3)  # noqa: DTZ001
    found = {local.replace(tzinfo=zone).timestamp() for local in rule.between(start, last, inc=True)}
    return {at for at in found if BEGIN.timestamp() <= at < END.timestamp()}


def frozen_spans() -> list[tuple[float, float]]:
    """Ask icalendar and recurring-ical-events for the freezes."""
    calendar = icalendar.Calendar.from_ical(FREEZES)
    found = recurring_ical_events.of(calendar).between(BEGIN - timedelta(days=3), END + timedelta(days=3))
    return [(event.start.timestamp(), event.end.timestamp()) for event in found]


def wrong_with(one: Schedule, record: Record, year: Year, frozen: list[tuple[float, float]]) -> str:
    """Say what does not hold of a record; empty: all does."""
    last = record.moment + one.grace
    iced = bool(one.freezes) and any(a <= record.decided < b for a, b in frozen)
    if record.state is State.ENDED:
        in_time = record.started is not None and record.moment <= record.started <= last + 1
        return "started in a freeze" if iced else "" if in_time else "started outside its grace"
    holds = {
        "frozen": iced,
        "late": any(a <= last and record.moment <= b for a, b in year.down),
        "busy": one.environment.startswith("shared"),
    }
    return "" if holds.get(record.reason) else f"{record.state} as {record.reason}, which does not hold"


def judge(all_: list[Schedule], store: SqlScheduleStore, year: Year) -> tuple[Counter[str], Counter[str]]:
    """Compare what is recorded with what the oracles expect."""
    frozen = frozen_spans()
    became: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for one in all_:
        found = {record.occurrence: record for record in store.records(one.schedule, most=100_000)}
        wanted = expected(one)
        wrong["without a record"] += len(wanted - found.keys())
        wrong["not expected"] += sum(at < END.timestamp() for at in found.keys() - wanted)
        for at in wanted & found.keys():
            record = found[at]
            became[record.reason or "started"] += 1
            said = wrong_with(one, record, year, frozen)
            wrong[said] += bool(said)
            fired = year.starts[one.schedule, at]
            wrong["fired more than once"] += fired > 1
            wrong["fired, though missed"] += record.state is State.MISSED and fired > 0
            wrong["not fired, though ended"] += record.state is State.ENDED and fired == 0
            if record.started is not None:
                year.late.append(record.started - record.moment)
    return became, +wrong


def simulate(count: int, seed: int, folder: Path) -> int:
    """Simulate a year, print what became of it; give how many things were wrong."""
    chance = random.Random(seed)
    clock = JumpyClock(instant(BEGIN.timestamp() - 60))
    store = SqlScheduleStore(SqliteDatabase(folder / "year.db"))
    year = Year()
    starter = FakeStarter(clock=clock, store=store, lasts=20.0)

    def count_start(record: Record) -> None:
        year.starts[record.schedule, record.occurrence] += 1
        starter.drills.clear()

    starter.on_start = count_start
    scheduler_context = SchedulerContext(
        clock=clock,
        schedules=store,
        history=MemoryStore(clock),
        starter=starter,
        incidents=FakeIncidents(),
        calendars=FreezeCalendars(lambda _path: FREEZES.encode(), clock),
        notices=FakeNotices(),
        holder="bench",
    )
    all_ = [schedule(number, chance) for number in range(count)]
    for one in all_:
        first = recurrence.first(one.recurrence, instant(BEGIN.timestamp()))
        store.add(ScheduleRow(schedule=one, position=schedules.position(one, first)))
    began = time.perf_counter()
    clock.run(live(year, clock, scheduler_context, chance))
    took = time.perf_counter() - began
    became, wrong = judge(all_, store, year)
    store.close()
    rows = [[name, f"{number:,}"] for name, number in became.most_common()]
    rows += [["restarts", f"{year.restarts}"], ["clock set", f"{year.jumps}"], ["looks", f"{year.looks:,}"]]
    tables.show(f"A year of {count:,} schedules, in {took:.0f} s", ["what", "count"], rows)
    for said, number in wrong.items():
        print(f"WRONG  {said}: {number:,}")
    return wrong.total()


# --- the daemon for real ---


def daemon(folder: Path, count: int, due: int) -> list[tuple[str, float, str, float]]:
    """Start `gameday serve` on many schedules; measure start-up, idling, and how late drills begin."""
    (folder / "gameday.toml").write_text('[store]\nurl = "sqlite:///.gameday/gameday.db"\n')
    store = SqlScheduleStore(SqliteDatabase(folder / ".gameday" / "gameday.db"))
    chance = random.Random(1)
    now = int(time.time())
    fill(store, count, now, chance)
    started = time.perf_counter()
    served = subprocess.Popen(
        [sys.executable, "-m", "gameday", "serve"], cwd=folder, stderr=subprocess.PIPE, text=True
    )
    assert served.stderr is not None
    while "serving" not in served.stderr.readline():
        pass
    startup = time.perf_counter() - started
    time.sleep(2)
    idle = idling(served.pid, 20.0)
    names = fall_due(store, due)
    while any(
        store.record(name, at) is None or store.record(name, at).state is State.CLAIMED for name, at in names
    ):
        time.sleep(0.2)
    lateness = [store.record(name, at).started - at for name, at in names]
    served.send_signal(signal.SIGTERM)
    served.wait(60)
    store.close()
    print(f"{due} due drills began {sorted(lateness)[due // 2]:.3f} s late at the median")
    return [
        ("start-up of serve with 10,000 schedules, s", startup, "<=", 2.0),
        ("idle processor time, share of a core", idle, "<=", 0.01),
        ("a due drill begins, 99th percentile, s", tables.percentile(lateness, 0.99), "<=", 1.0),
    ]


def fill(store: SqlScheduleStore, count: int, now: int, chance: random.Random) -> None:
    """Keep schedules that come due tomorrow or later, all in one transaction's time each."""
    for number in range(count):
        one = schedule(number, chance)
        at = instant(now + 86_400 + number)
        store.add(ScheduleRow(schedule=one, position=schedules.SchedulePosition(occurrence=at, wake=at)))


def fall_due(store: SqlScheduleStore, due: int) -> list[tuple[ScheduleId, Instant]]:
    """Let schedules fall due one after the other, each on an environment of its own.

    Their scenario is not there: what is measured ends where the drill's own process has confirmed.
    """
    first = int(time.time()) + 3
    names = []
    for number in range(due):
        at = instant(first + number)
        rule = recurrence.parse(
            Kind.RRULE, "FREQ=DAILY;COUNT=1", "UTC", recurrence.local_start(format_instant(at), "UTC")
        )
        one = Schedule(
            schedule=ScheduleId(f"due{number}"),
            scenario="none.yaml",
            environment=f"d{number}",
            recurrence=rule,
            seed="",
        )
        store.add(ScheduleRow(schedule=one, position=schedules.position(one, at)))
        names.append((one.schedule, at))
    return names


def idling(pid: int, seconds: float) -> float:
    """Give the share of a core that a process uses."""
    before = ticks(pid)
    time.sleep(seconds)
    return (ticks(pid) - before) / os.sysconf("SC_CLK_TCK") / seconds


def ticks(pid: int) -> int:
    """Give the processor time of a process: proc(5), stat, fields 14 and 15."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--due", type=int, default=60)
    parser.add_argument("--only", choices=("year", "daemon"))
    options = parser.parse_args()
    bounds: list[tuple[str, float, str, float]] = []
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        if options.only != "daemon":
            wrong = simulate(options.schedules, options.seed, Path(folder))
            bounds.append(("things wrong in the year", wrong, "<=", 0))
        if options.only != "year":
            bounds += daemon(Path(folder), options.schedules, options.due)
    tables.finish(bounds)


if __name__ == "__main__":
    main()
