"""What a payload says, once it is read: the same shape for every system that sends alerts.

Comes in: nothing. Goes out: values that `signals.receiver` turns into events.
Does not: know any system; each has a small file of its own, `SYSTEM.py` with `parse(payload) -> Heard`.
"""

from __future__ import annotations

from dataclasses import dataclass

from gameday.core.facts import drill as ev
from gameday.core.values import Instant

AlertFact = ev.AlertFired | ev.AlertAcknowledged | ev.AlertResolved


@dataclass(frozen=True, kw_only=True, slots=True)
class Alert:
    """One thing that a source says of one alert.

    delivery  names this saying: the same in every repetition, so that it becomes one event
    at        the source's own instant of it, where it has one
    """

    delivery: str
    fact: AlertFact
    at: Instant | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ParsedPayload:
    """All that one payload says. Elements that can't be read are told, and don't spoil the others.

    heartbeat  the payload held the alert that always fires, so that silence can be told from health
    """

    alerts: tuple[Alert, ...] = ()
    rejected: tuple[str, ...] = ()
    heartbeat: bool = False


class UnknownShape(ValueError):
    """The payload is not what this system sends; the text says what is missing."""


def text(value: object, default: str = "") -> str:
    """Give a text, or the default for anything else: labels and summaries are data of any shape."""
    return value if isinstance(value, str) else default


def texts(value: object) -> dict[str, str]:
    """Give the entries of an object that are texts."""
    if not isinstance(value, dict):
        return {}
    return {name: entry for name, entry in value.items() if isinstance(name, str) and isinstance(entry, str)}
