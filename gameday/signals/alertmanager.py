"""Alertmanager's webhook, version 4, and everything that imitates it.

Comes in: the payload as JSON. Goes out: what it says of each alert; each alert's own status counts,
not the group's. Does not: fetch anything, or trust what labels say.

Format: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config. Alertmanager repeats
all alerts of a group whenever one changes: an alert's saying is named by fingerprint, start and status.
`annotations.condition_since` (RFC 3339), which our shop's monitor sends, is when the condition became true.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from gameday.core.facts import drill as ev
from gameday.core.values import Instant, parse_instant
from gameday.signals.parsed_payload import Alert, ParsedPayload, UnknownShape, text, texts

SYSTEM = "alertmanager"

WATCHDOG = "Watchdog"
"""The alert of kube-prometheus that always fires: it proves that the whole chain works."""


def parse(payload: object) -> ParsedPayload:
    """Read a payload. Raises UnknownShape when it holds no list of alerts."""
    if not isinstance(payload, dict) or not isinstance(payload.get("alerts"), list):
        raise UnknownShape("no list `alerts` in it")
    alerts: list[Alert] = []
    rejected: list[str] = []
    heartbeat = False
    for number, found in enumerate(payload["alerts"]):
        if _name(found) == WATCHDOG:
            heartbeat = heartbeat or found.get("status") == "firing"
            continue
        try:
            alerts.append(_alert(found))
        except (KeyError, TypeError, ValueError) as wrong:
            rejected.append(f"alerts[{number}]: {wrong}")
    return ParsedPayload(alerts=tuple(alerts), rejected=tuple(rejected), heartbeat=heartbeat)


def _name(found: object) -> str:
    labels = texts(found.get("labels")) if isinstance(found, dict) else {}
    return labels.get("alertname", "")


def _alert(found: Mapping[str, Any]) -> Alert:
    if not isinstance(found, Mapping):
        raise TypeError("not an object")
    labels, annotations = texts(found.get("labels")), texts(found.get("annotations"))
    name = labels.get("alertname") or annotations.get("summary")
    if not name:
        raise ValueError("neither label alertname nor annotation summary")
    started = parse_instant(found["startsAt"])
    key = f"{_fingerprint(found, labels)}@{found['startsAt']}"
    match found["status"]:
        case "resolved":
            resolved = ev.AlertResolved(key=key, alert=name)
            return Alert(delivery=f"{key}:resolved", fact=resolved, at=_ended(found, started))
        case "firing":
            fired = ev.AlertFired(
                key=key,
                alert=name,
                severity=labels.get("severity", ""),
                labels=labels,
                summary=annotations.get("summary", ""),
                url=text(found.get("generatorURL")),
                condition_at=_condition_since(annotations),
            )
            return Alert(delivery=f"{key}:firing", fact=fired, at=started)
        case other:
            raise ValueError(f"status {other!r} is neither firing nor resolved")


def _fingerprint(found: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    """Give Alertmanager's own fingerprint; before 0.20 it sent none, and labels name an alert."""
    if own := text(found.get("fingerprint")):
        return own
    parts = "\0".join(f"{name}\0{value}" for name, value in sorted(labels.items()))
    return hashlib.sha256(parts.encode("utf-8", "replace")).hexdigest()[:16]


def _ended(found: Mapping[str, Any], started: Instant) -> Instant | None:
    """Give the end; year 1 and anything before the start mean that the source has none."""
    ended = parse_instant(found["endsAt"])
    return ended if ended >= started else None


def _condition_since(annotations: Mapping[str, str]) -> Instant | None:
    try:
        return parse_instant(annotations["condition_since"])
    except (KeyError, ValueError):
        return None
