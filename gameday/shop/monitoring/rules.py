"""Alert rules and their states as in Prometheus: inactive, pending, firing.

Alerts come out in Alertmanager's webhook format, version 4.

Format: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gameday.core.values import Instant, Seconds, format_instant

NOT_ENDED = "0001-01-01T00:00:00Z"
"""What Alertmanager sends as `endsAt` of an alert that still fires: Go's zero time."""
OWN_RULES = Path(__file__).with_name("alerts.toml")


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """A threshold on a measure. `lasting` is the file's `for`; `scale` applies to the summary only."""

    name: str
    severity: str
    measure: str
    above: float
    summary: str
    over: Seconds = 5.0
    lasting: Seconds = 0.0
    scale: float = 1.0
    playbook: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """A rule's state. `since`: its condition became true; `fired`: it began to fire."""

    since: Instant | None = None
    fired: Instant | None = None
    value: float = 0.0


def read(path: Path = OWN_RULES) -> tuple[Rule, ...]:
    """Read the rules. Raises ValueError or TypeError for a file in another form."""
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["alert"]
    return tuple(Rule(lasting=entry.pop("for", 0.0), **entry) for entry in entries)


def step(rule: Rule, state: State, value: float | None, now: Instant) -> State:
    """Evaluate a rule once. An unknown measure exceeds no threshold, as in Prometheus."""
    if value is None or value <= rule.above:
        return State()
    since = now if state.since is None else state.since
    fired = now if state.fired is None and now - since >= rule.lasting else state.fired
    return State(since=since, fired=fired, value=value)


def alert(rule: Rule, state: State, ended: Instant | None = None) -> dict[str, Any]:
    """Make one alert, firing unless it has ended. `condition_since`: when its condition became true."""
    labels = {"alertname": rule.name, "severity": rule.severity, "service": "shop"}
    return {
        "status": "firing" if ended is None else "resolved",
        "labels": labels,
        "annotations": {
            "summary": rule.summary.format(value=state.value * rule.scale),
            "condition_since": format_instant(state.since or Instant(0.0)),
            "playbook": rule.playbook,
        },
        "startsAt": format_instant(state.fired or Instant(0.0)),
        "endsAt": NOT_ENDED if ended is None else format_instant(ended),
        "generatorURL": "",
        "fingerprint": fingerprint(labels),
    }


def fingerprint(labels: dict[str, str]) -> str:
    """Identify an alert by its labels, the same in every firing."""
    text = "\0".join(f"{name}\0{value}" for name, value in sorted(labels.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def webhook(alerts: list[dict[str, Any]], external_url: str) -> dict[str, Any]:
    """Wrap alerts as Alertmanager posts them to a receiver."""
    firing = any(item["status"] == "firing" for item in alerts)
    return {
        "version": "4",
        "groupKey": "{}:{}",
        "truncatedAlerts": 0,
        "status": "firing" if firing else "resolved",
        "receiver": "gameday",
        "groupLabels": {},
        "commonLabels": alerts[0]["labels"] if len(alerts) == 1 else {},
        "commonAnnotations": {},
        "externalURL": external_url,
        "alerts": alerts,
    }
