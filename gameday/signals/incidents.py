"""`ports.Incidents` of Alertmanager: which real incidents stand, as its API says.

Comes in: by environment, the URL of an Alertmanager, perhaps with a filter: `http://HOST:9093?filter=…`.
Goes out: the names of alerts that are active and neither silenced nor inhibited. No answer is none:
`NotReady`. An environment without a URL has no incidents that anybody could know of.
Does not: weigh severities; the filter does (`filter=severity="critical"`).

Format: https://prometheus.io/docs/alerting/latest/clients/ and its OpenAPI, GET /api/v2/alerts.
Alerts that always fire by design (Watchdog, InfoInhibitor, severity none) are no incidents.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from gameday.core.errors import NotReady
from gameday.core.values import Seconds
from gameday.signals.alertmanager import WATCHDOG
from gameday.system import fetching

PATIENCE: Seconds = 3.0
PATH = "/api/v2/alerts"
ACTIVE = {"active": "true", "silenced": "false", "inhibited": "false", "unprocessed": "false"}
ALWAYS_FIRING = frozenset({WATCHDOG, "InfoInhibitor"})


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertmanagerIncidents:
    """Alertmanagers by environment."""

    urls: Mapping[str, str] = field(default_factory=dict)

    async def ongoing(self, environment: str) -> Sequence[str]:
        """Name the incidents that stand now. Raises NotReady when there is no answer."""
        url = self.urls.get(environment, "")
        if not url:
            return ()
        try:
            return await asyncio.to_thread(ask, url)
        except (OSError, ValueError) as error:
            where = urlsplit(url).netloc.rpartition("@")[2]
            raise NotReady(f"the alert source {where} gave no answer: {error}") from error


def ask(url: str) -> tuple[str, ...]:
    """Ask an Alertmanager for its active alerts. Raises OSError, ValueError."""
    parts = urlsplit(url)
    api = parts._replace(path=parts.path.rstrip("/").removesuffix(PATH) + PATH).geturl()
    return parse(fetching.fetch(api, within=PATIENCE, query=ACTIVE, media_type="application/json").content())


def parse(body: bytes) -> tuple[str, ...]:
    """Name the alerts of an answer, each once. Raises ValueError for what is no list of alerts."""
    found = json.loads(body)
    if not isinstance(found, list):
        raise ValueError("it is no list of alerts")  # noqa: TRY004  # one kind of mistake
    return tuple(dict.fromkeys(name for name in map(_name, found) if name))


def _name(alert: object) -> str:
    """Name an alert that is an incident; one without a readable name is one, too."""
    labels = alert.get("labels") if isinstance(alert, dict) else None
    if not isinstance(labels, dict):
        raise ValueError("an alert without labels")  # noqa: TRY004
    name = str(labels.get("alertname") or "an alert without a name")
    return "" if name in ALWAYS_FIRING or labels.get("severity") == "none" else name
