"""Times as people type them (`2026-12-01T10:00:41Z`, `10:00` or `10:00:41` today, `-2m` ago) and read them.

The current time is an argument: no clock is read here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from gameday.core.errors import UsageError
from gameday.core.values import (
    Instant,
    format_duration,
    format_instant,
    instant,
    parse_duration,
    parse_instant,
)

_TIME_OF_DAY = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")


def join_offsets(words: Sequence[str]) -> list[str]:
    """Join `--at -2m` into one word: argparse would take it for two options."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] == "--at":
            joined[-1] = f"--at={word}"
        else:
            joined.append(word)
    return joined


def parse(text: str, *, now: Instant, begin: Instant) -> Instant:
    """Read a time within a drill. Raises UsageError, also where it is before `begin` or after `now`."""
    at = _read(text.strip(), now, begin)
    if at > now:
        raise UsageError(f"{text} is in the future", hint=f"it is now {format_instant(now)}")
    if at < begin:
        raise UsageError(
            f"{text} is before the drill began", hint=f"the drill began at {format_instant(begin)}"
        )
    return at


def _read(text: str, now: Instant, begin: Instant) -> Instant:
    try:
        if text.startswith("-"):
            return instant(now - parse_duration(text[1:]))
        if matched := _TIME_OF_DAY.fullmatch(text):
            hour, minute, second = (int(part or 0) for part in matched.groups())
            return _time_of_day(hour, minute, second, now, begin)
        return parse_instant(text)
    except ValueError as error:
        raise UsageError(
            f"'{text}' is not a time", hint="write 2026-12-01T10:00:41Z, 10:00, 10:00:41 or -2m"
        ) from error


def _time_of_day(hour: int, minute: int, second: int, now: Instant, begin: Instant) -> Instant:
    """Take the local time of today, or of yesterday where only that lies within the drill."""
    today = datetime.fromtimestamp(now).astimezone()
    wanted = today.replace(hour=hour, minute=minute, second=second, microsecond=0, tzinfo=None)
    at = instant(wanted.astimezone().timestamp())
    # A day earlier on the wall clock, not 86,400 s: the clocks may have changed in between.
    before = instant((wanted - timedelta(days=1)).astimezone().timestamp())
    return before if at > now and before >= begin else at


def utc(at: Instant) -> str:
    """Write an instant as RFC 3339 in UTC, with a fraction only where it has one."""
    return format_instant(at).replace(".000Z", "Z")


def local(at: Instant) -> str:
    """Write an instant in the reader's time zone."""
    return f"{datetime.fromtimestamp(at).astimezone():%a %Y-%m-%d %H:%M %Z}"


def in_zone(at: Instant, zone: str) -> str:
    """Write an instant in a zone by its name, such as a plan's."""
    from gameday.core import zones  # noqa: PLC0415  # responders' commands read no zones

    return f"{datetime.fromtimestamp(at, zones.named(zone)):%a %Y-%m-%d %H:%M %Z}"


def since(at: Instant, began: Instant) -> str:
    """Write how long after something an instant is."""
    return format_duration(max(0.0, at - began))
