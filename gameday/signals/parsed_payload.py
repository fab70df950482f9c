"""What a payload becomes once it is read: the same values for every system that sends alerts.

`signals.receiver` turns them into events. Each system has a module of its own with
`parse(payload) -> ParsedPayload`; `signals.systems` lists them.
"""

from __future__ import annotations

from dataclasses import dataclass

from gameday.core.facts import drill as ev
from gameday.core.values import Instant

AlertFact = ev.AlertFired | ev.AlertAcknowledged | ev.AlertResolved


@dataclass(frozen=True, kw_only=True, slots=True)
class Alert:
    """One change of one alert, as its source reports it.

    delivery  identifies the change: the same in every repetition, so that it becomes one event
    at        the source's own instant of the change, if it sends one
    """

    delivery: str
    fact: AlertFact
    at: Instant | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ParsedPayload:
    """The alerts of one payload.

    rejected   why an element could not be read; the others count all the same
    heartbeat  the payload held the alert that always fires: the monitor works, even when it is silent
    """

    alerts: tuple[Alert, ...] = ()
    rejected: tuple[str, ...] = ()
    heartbeat: bool = False


class UnknownShape(ValueError):
    """The payload is not what this system sends; the text explains what is missing."""


def text(value: object, default: str = "") -> str:
    """Give a text, or the default for anything else: a payload may hold any type under any key."""
    return value if isinstance(value, str) else default


def texts(value: object) -> dict[str, str]:
    """Give the entries of an object that are texts."""
    if not isinstance(value, dict):
        return {}
    return {name: entry for name, entry in value.items() if isinstance(name, str) and isinstance(entry, str)}
