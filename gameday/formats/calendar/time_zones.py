"""The zones of one calendar: a TZID or X-WR-TIMEZONE -> the zones that it may mean.

A name may be IANA's, Windows' (by icalendar's table), IANA's after a vendor's prefix
(`/example.com/Europe/Berlin`), or one that the calendar defines by a VTIMEZONE, which dateutil reads.
Definitions belong to their calendar: each Outlook writes "Customized Time Zone" for something else. Where a
calendar defines a name that is known as well, the two may differ, as definitions grow old: both count, and a
time freezes from the first to the last.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from dateutil.tz import tzical
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from gameday.core import zones
from gameday.core.errors import UsageError
from gameday.core.plans.schedule import Kind
from gameday.formats.calendar import recurrence
from gameday.formats.calendar.components import Component, Line

_OFFSET = re.compile(r"([+-]?)(\d\d)(\d\d)(\d\d)?")
_FORMAT = "%Y%m%dT%H%M%S"


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeZones:
    """The zones of a calendar, by name in small letters. unreadable: what is wrong with other definitions."""

    defined: dict[str, tuple[tzinfo, ...]]
    unreadable: dict[str, str]

    def named(self, name: str) -> tuple[tzinfo, ...]:
        """Give the zones that a name may mean. Raises ValueError for a name that nobody knows."""
        known = _known(name)
        found = self.defined.get(_plain(name), ()) + ((known,) if known else ())
        if not found:
            wrong = self.unreadable.get(_plain(name), "")
            raise ValueError(
                f"the time zone '{name[:60]}' can't be read: {wrong}"
                if wrong
                else f"the time zone '{name[:60]}' is unknown"
            )
        return found


def defined_in(calendar: Component) -> TimeZones:
    """Read the definitions of a calendar. One that can't be read is a mistake only where its name is used."""
    zones_of = TimeZones(defined={}, unreadable={})
    for component in calendar.walk("VTIMEZONE"):
        names = [_plain(line.text) for line in component.all("TZID")]
        try:
            if len(names) != 1:
                raise ValueError(f"one VTIMEZONE has {len(names)} names")  # noqa: TRY301  # as what it can't read
            zone = _zone(component)
        except (ValueError, TypeError, LookupError, ArithmeticError) as error:
            zones_of.unreadable.update(dict.fromkeys(names, str(error)[:120]))
            continue
        zones_of.defined[names[0]] = (*zones_of.defined.get(names[0], ()), zone)
    return zones_of


def _plain(name: str) -> str:
    return name.strip().strip("/").lower()


def _known(name: str) -> tzinfo | None:
    """Give the zone that a name means anywhere: IANA's, Windows', or IANA's after a prefix."""
    cleaned = name.strip().strip("/")
    parts = cleaned.split("/")
    suffixes = ["/".join(parts[start:]) for start in range(1, len(parts))] if name.startswith("/") else []
    for candidate in (cleaned, WINDOWS_TO_OLSON.get(cleaned, ""), *suffixes):
        if candidate in zones.names():
            return zones.named(candidate)
    return None


# --- VTIMEZONE, as dateutil needs it ---


def _zone(component: Component) -> tzinfo:
    lines = [
        "BEGIN:VTIMEZONE",
        "TZID:defined",
        *(line for part in component.inner if part.name in {"STANDARD", "DAYLIGHT"} for line in _part(part)),
        "END:VTIMEZONE",
    ]
    zone = tzical(io.StringIO("\n".join(lines))).get()
    assert isinstance(zone, tzinfo)
    return zone


def _part(part: Component) -> Iterator[str]:
    """Give what decides on the time: names, comments and unknown properties are left out."""
    start, before, after = (part.one(name) for name in ("DTSTART", "TZOFFSETFROM", "TZOFFSETTO"))
    if start is None or before is None or after is None:
        raise ValueError(f"{part.name} lacks one of DTSTART, TZOFFSETFROM, TZOFFSETTO")
    begins = _local(start.value, timedelta())
    yield f"BEGIN:{part.name}"
    yield f"DTSTART:{_written(begins)}"
    yield f"TZOFFSETFROM:{before.value.strip()}"
    yield f"TZOFFSETTO:{after.value.strip()}"
    for line in part.all("RRULE"):
        yield f"RRULE:{_rule(line, begins, _offset(before))}"
    for line in part.all("RDATE"):
        dates = [_written(_local(text, _offset(before))) for text in line.value.split(",")]
        yield f"RDATE:{','.join(dates)}"
    yield f"END:{part.name}"


def _rule(line: Line, begins: datetime, before: timedelta) -> str:
    """Give a rule with its end in local time: dateutil would read one in UTC as local."""
    parts = recurrence.parts(line.value)
    often = [name for name in ("BYHOUR", "BYMINUTE", "BYSECOND") if "," in parts.get(name, "")]
    if parts.get("FREQ") not in {"YEARLY", "MONTHLY"} or often:
        raise ValueError(f"clocks don't change that often: {line.value[:60]}")
    ends = parts.pop("UNTIL", None)
    text = ";".join(f"{name}={value}" for name, value in parts.items())
    try:
        recurrence.parse(Kind.RRULE, text, "UTC", begins)
    except UsageError as error:
        raise ValueError(error.message) from error
    if ends is None:
        return text
    return f"{text};UNTIL={_written(_local(ends, before))}"


def _local(text: str, offset: timedelta) -> datetime:
    """Read a date or a time; one in UTC is moved to the clocks with an offset. A date begins at midnight."""
    cleaned = text.strip().upper()
    local = cleaned.removesuffix("Z")
    read = datetime.strptime(local, _FORMAT if "T" in local else "%Y%m%d")  # noqa: DTZ007  # local
    return read + offset if cleaned.endswith("Z") else read


def _written(local: datetime) -> str:
    # strftime writes the year 1, which some programs begin with, in one digit.
    return f"{local.year:04}{local:%m%dT%H%M%S}"


def _offset(line: Line) -> timedelta:
    found = _OFFSET.fullmatch(line.value.strip())
    if found is None:
        raise ValueError(f"'{line.value[:20]}' is not an offset")
    sign, hours, minutes, seconds = found.groups()
    size = timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds or 0))
    return -size if sign == "-" else size
