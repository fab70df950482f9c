"""What `gameday schedule add` was asked for, as words, and the words that need reading.

Comes in: options. Goes out: values, or UsageError. Does not: know a workspace or a store.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from gameday.core.errors import UsageError
from gameday.core.policy import hours
from gameday.core.values import Seconds, parse_duration

SHORTEST_GRACE: Seconds = 1.0
"""A daemon starts what is due within a second of its time."""

NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?")


@dataclass(frozen=True, kw_only=True, slots=True)
class AddOptions:
    """What the user asked for, as words."""

    scenario: Path
    id: str
    rrule: str
    cron: str
    at: str
    zone: str
    start: str
    environment: str
    responder: Path | None
    mode: str
    window: str
    hours: tuple[str, ...]
    freezes: tuple[str, ...]
    distance: str
    grace: str
    notice: str
    participants: tuple[str, ...]
    approvals: int
    approve_before: str
    seed: str
    channels: tuple[str, ...] = ()


def must_be_id(name: str) -> str:
    """Give a schedule's id. Raises UsageError."""
    if not NAME.fullmatch(name):
        raise UsageError(f"'{name}' is not an id", hint="write lower-case letters, digits and hyphens")
    return name


def seconds(option: str, text: str) -> Seconds:
    """Read a duration; none is 0. Raises UsageError."""
    try:
        return parse_duration(text) if text else 0.0
    except ValueError as wrong:
        raise UsageError(f"{option}: {wrong}") from wrong


def grace(asked: AddOptions) -> Seconds:
    """Read how late it may start; 0 where nothing was said. Raises UsageError for what nothing could meet."""
    read = seconds("--grace", asked.grace)
    if asked.grace and read < SHORTEST_GRACE:
        raise UsageError(
            f"--grace: within {asked.grace} nothing could start", hint=f"{SHORTEST_GRACE:g}s or more"
        )
    return read


def must_have_a_use(asked: AddOptions) -> None:
    """Refuse what would be kept and never looked at. Raises UsageError."""
    if asked.approve_before and not asked.approvals:
        raise UsageError("--approve-before: no approval is asked for", hint="--approvals 1")
    if (asked.participants or asked.channels) and not asked.notice:
        raise UsageError("nobody is notified without a notice", hint="--notice 24h")


def read_hours(line: str) -> None:
    """Check a line of hours. Raises UsageError."""
    try:
        hours.parse(line)
    except ValueError as wrong:
        raise UsageError(f"--hours: {wrong}") from wrong
