"""What a payload becomes once it is read: the same values for every system that sends alerts.

`signals.receiver` turns them into events. Each system has a module of its own with
`parse(payload) -> ParsedPayload`; `signals.systems` lists them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from gameday.core.facts import drill as ev
from gameday.core.values import Instant, Seconds, parse_instant

AlertFact = ev.AlertFired | ev.AlertAcknowledged | ev.AlertResolved


@dataclass(frozen=True, kw_only=True, slots=True)
class Alert:
    """One change of one alert, as its source reports it.

    delivery  identifies the change: the same in every repetition, so that it becomes one event
    at        the source's own instant of the change, if it sends one that is possible
    by        who did it, as the source names them
    """

    delivery: str
    fact: AlertFact
    at: Instant | None = None
    by: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ParsedPayload:
    """The alerts of one payload.

    rejected   why an element could not be read; the others count all the same
    heartbeat  the payload held the alert that always fires: the monitor works, even when it is silent
    left_out   how many alerts the sender reports to have left out
    """

    alerts: tuple[Alert, ...] = ()
    rejected: tuple[str, ...] = ()
    heartbeat: bool = False
    left_out: int = 0


class UnknownShape(ValueError):
    """The payload is not what this system sends; the text explains what is missing."""


AHEAD: Seconds = 10 * 365 * 86_400.0
"""How far after its receipt a source's instant may lie; one that is ahead by less is wrong, and is shown."""
_INSTANT = re.compile(r"\s*[+-]?\d{4,}-\d{1,2}-\d{1,2}")


def instant(value: object) -> tuple[Instant | None, str]:
    """Give a source's own instant, or why it is no instant, so that the receipt counts.

    No instant is what cannot be: before 1970, beyond the year 9999, without a zone, no date-time at all.
    Raises ValueError for a text that is not meant as an instant.
    """
    if value is None or value == "":
        return None, ""
    if not isinstance(value, str):
        return None, _impossible(value)
    try:
        at = parse_instant(value)
    except ValueError:
        if not _INSTANT.match(value) and value.strip().lower().lstrip("+-") not in ("nan", "inf", "infinity"):
            raise
        return None, _impossible(value)
    return (at, "") if at > 0 else (None, _impossible(value))


def possible(alert: Alert, received: Instant) -> Alert:
    """Give an alert without an instant that lies too far after its receipt; its fact explains that."""
    if alert.at is None or alert.at <= received + AHEAD:
        return alert
    return replace(alert, at=None, fact=replace(alert.fact, doubt=IN_FUTURE))


IN_FUTURE = "its source's instant lies more than ten years in the future; its receipt counts"


def _impossible(value: object) -> str:
    return f"its source's instant {value!r:.60} is not possible; its receipt counts"


def text(value: object, default: str = "") -> str:
    """Give a text, or the default for anything else: a payload may hold any type under any key."""
    return value if isinstance(value, str) else default


def texts(value: object) -> dict[str, str]:
    """Give the entries of an object that are texts."""
    if not isinstance(value, dict):
        return {}
    return {name: entry for name, entry in value.items() if isinstance(name, str) and isinstance(entry, str)}
