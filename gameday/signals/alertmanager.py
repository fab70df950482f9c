"""Alertmanager's webhook, version 4, and everything that imitates it.

Each alert's own status counts, not the group's. Alertmanager repeats all alerts of a group whenever one
changes, so a delivery is named by fingerprint, start and status. `annotations.condition_since` (RFC 3339),
which our shop's monitor sends, is when the condition became true. No URL in a label is ever fetched.

Format: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from gameday.core.facts import drill as ev
from gameday.core.values import Instant, parse_instant
from gameday.signals.parsed_payload import Alert, ParsedPayload, UnknownShape, text, texts

WATCHDOG = "Watchdog"
"""The alert of kube-prometheus that always fires: it proves that the whole chain works."""


def parse(payload: object) -> ParsedPayload:
    """Read a payload. Raises UnknownShape when it holds no list of alerts."""
    if not isinstance(payload, dict) or not isinstance(payload.get("alerts"), list):
        raise UnknownShape("it has no list `alerts`")
    alerts: list[Alert] = []
    rejected: list[str] = []
    heartbeat = False
    for number, element in enumerate(payload["alerts"]):
        if _name(element) == WATCHDOG:
            heartbeat = heartbeat or element.get("status") == "firing"
            continue
        try:
            alerts.append(_alert(element))
        except (KeyError, TypeError, ValueError) as error:
            rejected.append(f"alerts[{number}]: {error}")
    return ParsedPayload(alerts=tuple(alerts), rejected=tuple(rejected), heartbeat=heartbeat)


def _name(element: object) -> str:
    labels = texts(element.get("labels")) if isinstance(element, dict) else {}
    return labels.get("alertname", "")


def _alert(element: Mapping[str, Any]) -> Alert:
    if not isinstance(element, Mapping):
        raise TypeError("not an object")
    labels, annotations = texts(element.get("labels")), texts(element.get("annotations"))
    name = labels.get("alertname") or annotations.get("summary")
    if not name:
        raise ValueError("neither label alertname nor annotation summary")
    started = parse_instant(element["startsAt"])
    # With the start: the fingerprint is the same each time that an alert fires.
    key = f"{_fingerprint(element, labels)}@{element['startsAt']}"
    match element["status"]:
        case "resolved":
            resolved = ev.AlertResolved(key=key, alert=name)
            return Alert(delivery=f"{key}:resolved", fact=resolved, at=_ended(element, started))
        case "firing":
            fired = ev.AlertFired(
                key=key,
                alert=name,
                severity=labels.get("severity", ""),
                labels=labels,
                summary=annotations.get("summary", ""),
                url=text(element.get("generatorURL")),
                condition_at=_condition_since(annotations),
            )
            return Alert(delivery=f"{key}:firing", fact=fired, at=started)
        case other:
            raise ValueError(f"status {other!r} is neither firing nor resolved")


def _fingerprint(element: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    """Give Alertmanager's own fingerprint. Before 0.20 it sent none: then the labels identify an alert."""
    if own := text(element.get("fingerprint")):
        return own
    parts = "\0".join(f"{name}\0{value}" for name, value in sorted(labels.items()))
    # Senders that cut texts by UTF-16 leave half a surrogate pair, which JSON takes and UTF-8 does not.
    return hashlib.sha256(parts.encode("utf-8", "replace")).hexdigest()[:16]


def _ended(element: Mapping[str, Any], started: Instant) -> Instant | None:
    """Give the end. Year 1, or anything before the start, means that the source has none."""
    ended = parse_instant(element["endsAt"])
    return ended if ended >= started else None


def _condition_since(annotations: Mapping[str, str]) -> Instant | None:
    try:
        return parse_instant(annotations["condition_since"])
    except (KeyError, ValueError):
        return None
