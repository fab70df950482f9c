"""Plain JSON for whatever has no file of its own: one object, or a list of them.

    {"id": "a1", "alert": "HighErrorRate", "status": "firing", "at": "2026-12-01T10:00:41Z",
     "severity": "P2", "labels": {"service": "shop"}, "summary": "…", "url": "…", "condition_since": "…"}

Comes in: the payload as JSON. Goes out: what it says of each alert. Only `alert` is required; `status`
is firing, acknowledged or resolved, and `id` names the alert through its life (its name, without one).
The same `id`, `status` and `at` again are the same event; who leaves `at` out can tell each only once.
Does not: map other shapes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gameday.core.facts import drill as ev
from gameday.core.values import Instant, parse_instant
from gameday.signals.parsed_payload import Alert, AlertFact, ParsedPayload, UnknownShape, text, texts

SYSTEM = "generic"


def parse(payload: object) -> ParsedPayload:
    """Read a payload. Raises UnknownShape when it is neither an object nor a list."""
    if isinstance(payload, dict):
        payload = [payload]
    if not isinstance(payload, list):
        raise UnknownShape("neither an object nor a list")
    alerts: list[Alert] = []
    rejected: list[str] = []
    for number, found in enumerate(payload):
        try:
            alerts.append(_alert(found))
        except (KeyError, TypeError, ValueError) as wrong:
            rejected.append(f"[{number}]: {wrong}")
    return ParsedPayload(alerts=tuple(alerts), rejected=tuple(rejected))


def _alert(found: Mapping[str, Any]) -> Alert:
    if not isinstance(found, Mapping):
        raise TypeError("not an object")
    name = text(found.get("alert"))
    if not name:
        raise ValueError("no `alert`, the alert's name")
    key = text(found.get("id"), name)
    status = text(found.get("status"), "firing")
    at = _instant(found, "at")
    delivery = f"{key}:{status}" + ("" if at is None else f"@{found['at']}")
    return Alert(delivery=delivery, fact=_fact(status, key, name, found), at=at)


def _fact(status: str, key: str, name: str, found: Mapping[str, Any]) -> AlertFact:
    match status:
        case "firing":
            return ev.AlertFired(
                key=key,
                alert=name,
                severity=text(found.get("severity")),
                labels=texts(found.get("labels")),
                summary=text(found.get("summary")),
                url=text(found.get("url")),
                condition_at=_instant(found, "condition_since"),
            )
        case "acknowledged":
            return ev.AlertAcknowledged(key=key, alert=name)
        case "resolved":
            return ev.AlertResolved(key=key, alert=name)
        case _:
            raise ValueError(f"status '{status}' is none of firing, acknowledged, resolved")


def _instant(found: Mapping[str, Any], field: str) -> Instant | None:
    value = found.get(field)
    return None if value is None else parse_instant(value)
