"""Plain JSON from systems that have no module of their own: one object, or a list of them.

    {"id": "a1", "alert": "HighErrorRate", "status": "firing", "at": "2026-12-01T10:00:41Z",
     "severity": "P2", "labels": {"service": "shop"}, "summary": "…", "url": "…", "condition_since": "…"}

Only `alert` is required. `status` is firing, acknowledged or resolved; `id` identifies the alert through its
life (without one, its name does); `by` is who did it, such as `bot-paging`. The same `id`, `status` and `at`
again are the same event; a sender that leaves `at` out can report each status only once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gameday.core.facts import drill as ev
from gameday.signals.parsed_payload import Alert, AlertFact, ParsedPayload, UnknownShape, instant, text, texts


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
    at, doubt = instant(element.get("at"))
    delivery = f"{key}:{status}" + (f"@{element['at']}" if at is not None or doubt else "")
    fact = replace(_fact(status, key, name, element), doubt=doubt)
    return Alert(delivery=delivery, fact=fact, at=at, by=text(element.get("by")))


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
                condition_at=instant(element.get("condition_since"))[0],
            )
        case "acknowledged":
            return ev.AlertAcknowledged(key=key, alert=name)
        case "resolved":
            return ev.AlertResolved(key=key, alert=name)
        case _:
            raise ValueError(f"status '{status}' is not firing, acknowledged or resolved")
