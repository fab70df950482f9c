"""Plain JSON from systems that have no module of their own: one object, or a list of them.

    {"id": "a1", "alert": "HighErrorRate", "status": "firing", "at": "2026-12-01T10:00:41Z",
     "severity": "P2", "labels": {"service": "shop"}, "summary": "…", "url": "…", "condition_since": "…"}

Only `alert` is required. `status` is firing, acknowledged or resolved; `id` identifies the alert through its
life (without one, its name does). The same `id`, `status` and `at` again are the same event; a sender that
leaves `at` out can report each status only once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gameday.core.facts import drill as ev
from gameday.core.values import Instant, parse_instant
from gameday.signals.parsed_payload import Alert, AlertFact, ParsedPayload, UnknownShape, text, texts


def parse(payload: object) -> ParsedPayload:
    """Read a payload. Raises UnknownShape for anything but an object or a list."""
    if isinstance(payload, dict):
        payload = [payload]
    if not isinstance(payload, list):
        raise UnknownShape("neither an object nor a list")
    alerts: list[Alert] = []
    rejected: list[str] = []
    for number, element in enumerate(payload):
        try:
            alerts.append(_alert(element))
        except (KeyError, TypeError, ValueError) as error:
            rejected.append(f"[{number}]: {error}")
    return ParsedPayload(alerts=tuple(alerts), rejected=tuple(rejected))


def _alert(element: Mapping[str, Any]) -> Alert:
    if not isinstance(element, Mapping):
        raise TypeError("not an object")
    name = text(element.get("alert"))
    if not name:
        raise ValueError("no `alert`, the alert's name")
    key = text(element.get("id"), name)
    status = text(element.get("status"), "firing")
    at = _instant(element, "at")
    delivery = f"{key}:{status}" + ("" if at is None else f"@{element['at']}")
    return Alert(delivery=delivery, fact=_fact(status, key, name, element), at=at)


def _fact(status: str, key: str, name: str, element: Mapping[str, Any]) -> AlertFact:
    match status:
        case "firing":
            return ev.AlertFired(
                key=key,
                alert=name,
                severity=text(element.get("severity")),
                labels=texts(element.get("labels")),
                summary=text(element.get("summary")),
                url=text(element.get("url")),
                condition_at=_instant(element, "condition_since"),
            )
        case "acknowledged":
            return ev.AlertAcknowledged(key=key, alert=name)
        case "resolved":
            return ev.AlertResolved(key=key, alert=name)
        case _:
            raise ValueError(f"status '{status}' is not firing, acknowledged or resolved")


def _instant(element: Mapping[str, Any], field: str) -> Instant | None:
    value = element.get(field)
    return None if value is None else parse_instant(value)
