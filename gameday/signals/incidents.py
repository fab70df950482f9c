"""`ports.Incidents` over Alertmanager's API: the real incidents that are going on now.

An environment names the URL of an Alertmanager, with a filter where severity matters:
`http://HOST:9093?filter=severity="critical"`. Alerts that are active and neither silenced nor inhibited
count, except those that always fire by design (Watchdog, InfoInhibitor, severity none). No answer raises
NotReady: a schedule treats it like an incident. An environment without a URL has no known incidents.

Format: https://prometheus.io/docs/alerting/latest/clients/ and its OpenAPI, GET /api/v2/alerts.
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

TIMEOUT: Seconds = 3.0
PATH = "/api/v2/alerts"
ACTIVE = {"active": "true", "silenced": "false", "inhibited": "false", "unprocessed": "false"}
ALWAYS_FIRING = frozenset({WATCHDOG, "InfoInhibitor"})


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertmanagerIncidents:
    """Alertmanagers by environment: the URL of one, or of several, all of which are asked."""

    urls: Mapping[str, str | Sequence[str]] = field(default_factory=dict)

    async def ongoing(self, environment: str) -> Sequence[str]:
        """Name the incidents that are going on now. Raises NotReady when one gives no answer."""
        urls = self.urls.get(environment) or ()
        found: list[str] = []
        for url in [urls] if isinstance(urls, str) else urls:
            found += await self._ask(url)
        return tuple(dict.fromkeys(found))

    async def _ask(self, url: str) -> Sequence[str]:
        try:
            return await asyncio.to_thread(ask, url)
        except (OSError, ValueError) as error:
            # Without user and password, which the URL may hold.
            where = urlsplit(url).netloc.rpartition("@")[2]
            raise NotReady(f"the alert source {where} gave no answer: {error}") from error


def ask(url: str) -> tuple[str, ...]:
    """Ask an Alertmanager for its active alerts. Raises OSError, ValueError."""
    parts = urlsplit(url)
    # The configured URL may be the server's, with or without a prefix, or already the API's.
    api = parts._replace(path=parts.path.rstrip("/").removesuffix(PATH) + PATH).geturl()
    return parse(fetching.fetch(api, within=TIMEOUT, query=ACTIVE, media_type="application/json").content())


def parse(body: bytes) -> tuple[str, ...]:
    """Name the alerts of an answer, each once. Raises ValueError for anything but a list of alerts."""
    alerts = json.loads(body)
    if not isinstance(alerts, list):
        raise ValueError("it is not a list of alerts")  # noqa: TRY004  # one kind of mistake
    return tuple(dict.fromkeys(name for name in map(_name, alerts) if name))


def _name(alert: object) -> str:
    """Name an alert that is an incident, even without a readable name; empty for one that is not."""
    labels = alert.get("labels") if isinstance(alert, dict) else None
    if not isinstance(labels, dict):
        raise ValueError("an alert without labels")  # noqa: TRY004
    name = str(labels.get("alertname") or "an alert without a name")
    return "" if name in ALWAYS_FIRING or labels.get("severity") == "none" else name
