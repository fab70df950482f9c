"""Alertmanager's webhook, version 4, and everything that imitates it.

Each alert's own status counts, not the group's. The fingerprint identifies an alert's series. Its start is an
attribute that may move: of a pair of Prometheus servers each has its own, and Grafana sends the end as start
when an alert is resolved. Alertmanager repeats all alerts of a group whenever one changes, so a delivery is
named by fingerprint, start and status. `annotations.condition_since` (RFC 3339),
which our shop's monitor sends, is when the condition became true. No URL in a label is ever fetched.

Format: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from gameday.core.facts import drill as ev
from gameday.core.values import Instant
from gameday.signals.parsed_payload import Alert, ParsedPayload, UnknownShape, instant, text, texts

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
    return ParsedPayload(
        alerts=tuple(alerts),
        rejected=tuple(rejected),
        heartbeat=heartbeat,
        left_out=_left_out(payload.get("truncatedAlerts")),
    )


def _left_out(truncated: object) -> int:
    """Give how many alerts of the group Alertmanager left out (`max_alerts` of the webhook)."""
    return truncated if type(truncated) is int and truncated > 0 else 0


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
    started, doubt = instant(element.get("startsAt"))
    key = _fingerprint(element, labels)
    # With the start: the fingerprint is the same each time that an alert fires.
    delivery = f"{key}@{element.get('startsAt')}"
    match element["status"]:
        case "resolved":
            ended, doubt = _ended(element, started)
            resolved = ev.AlertResolved(key=key, alert=name, doubt=doubt)
            return Alert(delivery=f"{delivery}:resolved", fact=resolved, at=ended)
        case "firing":
            fired = ev.AlertFired(
                key=key,
                alert=name,
                severity=labels.get("severity", ""),
                labels=labels,
                summary=annotations.get("summary", ""),
                url=text(element.get("generatorURL")),
                condition_at=_condition_since(annotations),
                doubt=doubt,
            )
            return Alert(delivery=f"{delivery}:firing", fact=fired, at=started)
        case other:
            raise ValueError(f"status {other!r} is neither firing nor resolved")


def _fingerprint(element: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    """Give Alertmanager's own fingerprint. Before 0.20 it sent none: then the labels identify an alert."""
    if own := text(element.get("fingerprint")):
        return own
    parts = "\0".join(f"{name}\0{value}" for name, value in sorted(labels.items()))
    return hashlib.sha256(parts.encode("utf-8", "replace")).hexdigest()[:16]


def _ended(element: Mapping[str, Any], started: Instant | None) -> tuple[Instant | None, str]:
    """Give the end, or why it is no instant. Year 1, or anything before the start: the source has none."""
    value = element.get("endsAt")
    ended, doubt = instant(value)
    if text(value).startswith("0001-01-01T00:00:00"):
        return None, ""
    return (ended, doubt) if ended is None or started is None or ended >= started else (None, "")


def _condition_since(annotations: Mapping[str, str]) -> Instant | None:
    try:
        return instant(annotations.get("condition_since"))[0]
    except ValueError:
        return None
