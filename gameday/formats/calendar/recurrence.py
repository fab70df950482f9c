"""Recurrences: an RRULE or a cron expression in a time zone -> the instants at which something is due.

The instants are whole seconds in UTC, in order, each once.

RRULE (RFC 5545, 3.3.10), by dateutil in local time without a zone; the zone is attached afterwards, so that
10:00 stays 10:00 when the clocks change. As the RFC says, a local time that the clocks skip counts with the
offset before the gap (02:30 becomes 03:30), and one that occurs twice counts the first time. The start itself
is an occurrence only if the rule matches it.

What RFC 5545 forbids is refused where a rule is written, although dateutil reads it somehow: to it,
FREQ=WEEKLY;BYDAY=2TU is every Tuesday. An end that is a date (UNTIL=20261203) includes that day.

Cron, by cronsim, behaves like Debian's cron: what falls into a gap is due right after it; fixed times are due
once when the clocks go back; `*` and steps follow the real time. It has five fields: a sixth means seconds
first to some programs, and a year last to others.

dateutil looks for a rule's next date up to the year 9999. Each rule is therefore unrolled near that end: it
is moved by whole cycles of 400 years, after which the calendar repeats to the day of the week. So a rule that
never matches is found within a second.
"""

from __future__ import annotations

import heapq
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from dateutil import rrule as rrules
from dateutil.rrule import rrule, rrulestr

from gameday.core import zones
from gameday.core.errors import UsageError
from gameday.core.plans.schedule import Kind, Recurrence
from gameday.core.values import Instant
from gameday.formats.text import document

ONCE = "FREQ=DAILY;COUNT=1"
"""The rule of something that happens once, at its start."""
CYCLE = 400
_LAST = 9999
_MARGIN = timedelta(days=2)
"""Wider than any change of clocks: Samoa once skipped a whole day."""
_PERIODS = {
    rrules.WEEKLY: timedelta(weeks=1),
    rrules.DAILY: timedelta(days=1),
    rrules.HOURLY: timedelta(hours=1),
    rrules.MINUTELY: timedelta(minutes=1),
    rrules.SECONDLY: timedelta(seconds=1),
}
_ONLY_WITH = {
    "BYWEEKNO": ("YEARLY",),
    "BYMONTHDAY": ("YEARLY", "MONTHLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"),
    "BYYEARDAY": ("YEARLY", "HOURLY", "MINUTELY", "SECONDLY"),
}
"""Parts of a rule, and the FREQ with which RFC 5545 allows them."""
_RANGES = {
    "BYSECOND": (0, 59),
    "BYMINUTE": (0, 59),
    "BYHOUR": (0, 23),
    "BYMONTHDAY": (1, 31),
    "BYYEARDAY": (1, 366),
    "BYWEEKNO": (1, 53),
    "BYMONTH": (1, 12),
    "BYSETPOS": (1, 366),
}
"""Numbers that exist; dateutil passes over others in a list."""
_DAYS = {"BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYDAY", "BYEASTER", "WKST"}
"""The parts of a rule that select days."""
_CRON_FIELDS = 5
_EXAMPLE = "such as FREQ=WEEKLY;BYDAY=TU;BYHOUR=10;BYMINUTE=0;BYSECOND=0"


def zone(name: str) -> ZoneInfo:
    """Give a time zone by its IANA name. Raises UsageError with the nearest name."""
    try:
        return zones.named(name)
    except ValueError as error:
        near = document.nearest(name, zones.names())
        hint = f"did you mean '{near}'?" if near else "write an IANA name, such as Europe/Berlin or UTC"
        raise UsageError(f"unknown time zone '{name}'", hint=hint) from error


def parse(kind: Kind, text: str, zone_name: str, start: datetime) -> Recurrence:
    """Check a recurrence. Raises UsageError if it can't be read, or is never due.

    start: local time without a zone, from which an RRULE counts its intervals.
    """
    zone(zone_name)
    stripped = text.strip().removeprefix("RRULE:")
    made = Recurrence(
        kind=kind, text=stripped, zone=zone_name, start=start.replace(microsecond=0).isoformat()
    )
    if kind is Kind.RRULE:
        _check_rule(made)
    else:
        _check_cron(made, start)
    return made


def occurrences(recurrence: Recurrence, since: Instant) -> Iterator[Instant]:
    """Give the instants from `since` on, that one included, in order, each once."""
    match recurrence.kind:
        case Kind.RRULE:
            instants = _ruled(recurrence, since)
        case Kind.CRON:
            instants = _cron(recurrence, since)
    last = -math.inf
    for at in instants:
        # Two local times in and after a gap of the clocks can be the same instant.
        if at >= since and at > last:
            last = at
            yield at


def first(recurrence: Recurrence, since: Instant) -> Instant | None:
    """Give the first instant from `since` on, that one included."""
    return next(occurrences(recurrence, since), None)


def next_ones(recurrence: Recurrence, since: Instant, count: int) -> tuple[Instant, ...]:
    """Give up to `count` instants from `since` on."""
    return tuple(islice(occurrences(recurrence, since), count))


def local_start(text: str, zone_name: str) -> datetime:
    """Read a date, a local time or an instant with an offset, as local time in a zone. Raises UsageError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"'{text}' is not a valid date or time",
            hint="write 2026-03-01, 2026-03-01T10:00 or 2026-03-01T09:00Z",
        ) from error
    if moment.tzinfo is None:
        return moment
    return moment.astimezone(zone(zone_name)).replace(tzinfo=None)


def start_of(recurrence: Recurrence) -> Instant:
    """Give the instant from which a recurrence counts."""
    return _instant(datetime.fromisoformat(recurrence.start), zone(recurrence.zone))


def _instant(local: datetime, where: ZoneInfo) -> Instant:
    """Attach a zone. fold=0 takes the offset before a gap, and the first of two times."""
    return Instant(local.replace(tzinfo=where, fold=0).timestamp())


# --- RRULE ---


def _check_rule(recurrence: Recurrence) -> None:
    try:
        must_be_lawful(recurrence.text)
        rule, _ = _rule(recurrence)
        begins = next(iter(rule), None) if _has_a_day(recurrence.text, rule) else None
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise UsageError(f"'{recurrence.text}' is not a recurrence rule: {error}", hint=_EXAMPLE) from error
    if begins is not None:
        return
    until = re.search(r"UNTIL=([^;]+)", recurrence.text.upper())
    if until:
        raise UsageError(
            f"'{recurrence.text}' is never due between {recurrence.start} and its end {until[1]}"
        )
    raise _never(recurrence.text)


def _has_a_day(text: str, rule: rrule) -> bool:
    """Check whether any day matches: within other days, dateutil looks at each hour, minute or second."""
    if rule._freq < rrules.HOURLY:  # type: ignore[attr-defined]  # noqa: SLF001
        return True
    parts = [part for part in text.upper().split(";") if part.partition("=")[0] in _DAYS]
    start = rule._dtstart  # type: ignore[attr-defined]  # noqa: SLF001
    return next(iter(rrulestr(";".join(["FREQ=DAILY", *parts]), dtstart=start)), None) is not None


def _never(text: str) -> UsageError:
    return UsageError(f"'{text}' is never due", hint="name days that exist; there is no 30th of February")


@lru_cache(maxsize=16_384)
def _rule(recurrence: Recurrence) -> tuple[rrule, int]:
    """Read a rule, move it towards the end of the calendar, and give the years it was moved by, too."""
    where = zone(recurrence.zone)
    start = datetime.fromisoformat(recurrence.start)
    _must_be_a_rule(recurrence.text.upper())
    text = re.sub(r"UNTIL=(\d{8}T\d{6})Z", lambda match: f"UNTIL={_until(match[1], where)}", recurrence.text)
    # A day is meant as a whole: dateutil would end at its first second.
    whole = re.sub(r"UNTIL=(\d{8})(?=;|$)", r"UNTIL=\1T235959", text)
    rule = rrulestr(whole, dtstart=start)
    assert isinstance(rule, rrule)
    years = (_LAST - start.year) // CYCLE * CYCLE
    moved = rule.replace(dtstart=_moved(start, years))
    until = rule._until  # type: ignore[attr-defined]  # noqa: SLF001  # dateutil shows it nowhere else
    return (moved if until is None else moved.replace(until=_moved(until, years))), years


def _must_be_a_rule(text: str) -> None:
    """Refuse what dateutil would misread, or never return from."""
    if not re.fullmatch(r"[A-Z]+=[^;=\s]+(;[A-Z]+=[^;=\s]+)*", text):
        raise ValueError("a rule has the form NAME=VALUE;NAME=VALUE, without DTSTART, RDATE or EXDATE")
    parts = dict(part.split("=") for part in text.split(";"))
    if "BYSETPOS" in parts and parts.get("FREQ") in {"SECONDLY", "MINUTELY", "HOURLY"}:
        raise ValueError("BYSETPOS needs FREQ=DAILY or less frequent")
    if not re.fullmatch(r"0*[1-9]\d{0,4}", parts.get("INTERVAL", "1")):
        raise ValueError("INTERVAL must be from 1 to 99999")


def parts(text: str) -> dict[str, str]:
    """Give the parts of a rule by name, in capitals. Raises ValueError for malformed and repeated parts."""
    found: dict[str, str] = {}
    for part in re.sub(r"\s", "", text).upper().rstrip(";").split(";"):
        name, equals, value = part.partition("=")
        if not (name and equals and value) or "=" in value:
            raise ValueError(f"'{part}' is not NAME=VALUE")
        if name in found:
            raise ValueError(f"{name} occurs more than once")
        found[name] = value
    return found


def must_be_lawful(text: str) -> None:
    """Refuse what RFC 5545, 3.3.10, forbids but dateutil accepts. Stored rules are not checked again."""
    found = parts(text)
    frequency = found.get("FREQ", "")
    if {"COUNT", "UNTIL"} <= set(found):
        raise ValueError("a rule ends by COUNT or by UNTIL, not by both")
    for name, allowed in _ONLY_WITH.items():
        if name in found and frequency not in allowed:
            raise ValueError(f"{name} has no meaning with FREQ={frequency}, only with {', '.join(allowed)}")
    _must_number_days_lawfully(found, frequency)
    _must_be_numbers_that_exist(found)
    if "BYSETPOS" in found and not any(name.startswith("BY") and name != "BYSETPOS" for name in found):
        raise ValueError("BYSETPOS needs another BY… to choose from")
    if not re.fullmatch(r"\d{8}(T\d{6}Z?)?", found.get("UNTIL", "20261203")):
        raise ValueError("UNTIL is written 20261203, 20261203T100000 or 20261203T100000Z")


def _must_number_days_lawfully(found: Mapping[str, str], frequency: str) -> None:
    """Refuse a number of a weekday (2TU) where no month and no year says what is counted."""
    days = found.get("BYDAY", found.get("BYWEEKDAY", ""))
    numbered = [day for day in days.split(",") if day and day[0] in "+-0123456789"]
    if numbered and (frequency not in {"MONTHLY", "YEARLY"} or "BYWEEKNO" in found):
        unclear = "BYWEEKNO" if "BYWEEKNO" in found else f"FREQ={frequency}"
        meant = f"write FREQ=MONTHLY;BYDAY={numbered[0]}, or leave the number out"
        raise ValueError(f"{numbered[0]} has no meaning with {unclear}; {meant}")


def _must_be_numbers_that_exist(found: Mapping[str, str]) -> None:
    for name, (lowest, highest) in _RANGES.items():
        for value in found[name].split(",") if name in found else ():
            if not _is_within(value, lowest, highest):
                raise ValueError(f"{name}={value} is not from {lowest} to {highest}")


def _is_within(value: str, lowest: int, highest: int) -> bool:
    """Check a number; where the lowest is 1, it may count from the end (-1), too."""
    if not re.fullmatch(r"[+-]?\d{1,3}", value):
        return False
    number = int(value)
    return lowest <= (abs(number) if lowest == 1 else number) <= highest


def _until(utc: str, where: ZoneInfo) -> str:
    """Give an end in UTC as local time, as dateutil needs it with a start without a zone."""
    end = datetime.strptime(utc, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    return end.astimezone(where).strftime("%Y%m%dT%H%M%S")


def _moved(local: datetime, years: int) -> datetime:
    """Move a date by whole cycles; beyond the calendar, to its end."""
    year = local.year + years
    return datetime.max if year > _LAST else local.replace(year=year)  # noqa: DTZ901  # local time


def _ruled(recurrence: Recurrence, since: Instant) -> Iterator[Instant]:
    """Attach the zone to a rule's local times.

    Local times within a gap map to instants that may be later than those of the first local times after it.
    They are held until a local time comes that exists: nothing earlier can follow that one.
    """
    where = zone(recurrence.zone)
    held: list[Instant] = []
    for local in _locals(recurrence, where, since):
        at = _instant(local, where)
        heapq.heappush(held, at)
        # A local time that exists survives the way to UTC and back; one within a gap does not.
        if datetime.fromtimestamp(at, where).replace(tzinfo=None) == local:
            while held and held[0] <= at:
                yield heapq.heappop(held)
    yield from sorted(held)


def _locals(recurrence: Recurrence, where: ZoneInfo, since: Instant) -> Iterator[datetime]:
    """Give a rule's local times, from a little before an instant on."""
    rule, years = _rule(recurrence)
    begin = datetime.fromtimestamp(max(since, 0.0), where).replace(tzinfo=None) - _MARGIN
    low = _moved(begin, years)
    for local in _forwarded(rule, low):
        if local >= low:
            yield local.replace(year=local.year - years)


def _forwarded(rule: rrule, low: datetime) -> rrule:
    """Begin a rule later by whole intervals, so that past years need not be unrolled.

    A rule with COUNT, and one whose periods differ in length, begins where it did.
    """
    period = _PERIODS.get(rule._freq)  # type: ignore[attr-defined]  # noqa: SLF001
    start: datetime = rule._dtstart  # type: ignore[attr-defined]  # noqa: SLF001
    if rule._count is not None or period is None:  # type: ignore[attr-defined]  # noqa: SLF001
        return rule
    step = period * rule._interval  # type: ignore[attr-defined]  # noqa: SLF001
    skipped = (low - start) // step - 2
    return rule.replace(dtstart=start + skipped * step) if skipped > 0 else rule


# --- cron ---


def _check_cron(recurrence: Recurrence, start: datetime) -> None:
    fields = len(recurrence.text.split())
    if fields != _CRON_FIELDS:
        hint = "minute hour day month weekday: 0 10 * * TUE"
        raise UsageError(
            f"'{recurrence.text}' is not a cron expression: it has {fields} fields, and not five", hint=hint
        )
    if next(occurrences(recurrence, _instant(start, zone(recurrence.zone))), None) is None:
        raise _never(recurrence.text)


def _cron(recurrence: Recurrence, since: Instant) -> Iterator[Instant]:
    begin = max(since, start_of(recurrence))
    # CronSim gives what comes after its start; one second earlier includes the start itself.
    before = datetime.fromtimestamp(math.ceil(begin), zone(recurrence.zone)) - timedelta(seconds=1)
    try:
        times = CronSim(recurrence.text, before)
    except CronSimError as error:
        raise UsageError(
            f"'{recurrence.text}' is not a cron expression: {error}",
            hint="minute hour day month weekday: 0 10 * * TUE",
        ) from error
    for at in times:
        yield Instant(at.timestamp())
