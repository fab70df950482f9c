"""`ports.Incidents` over Alertmanager's API: the real incidents that are going on now.

An environment names the URL of an Alertmanager, with a filter where severity matters:
`http://HOST:9093?filter=severity="critical"`. Alerts that are active and neither silenced nor inhibited
count, except those that always fire by design (Watchdog, InfoInhibitor, severity none). No answer raises
NotReady: a schedule treats it like an incident. An environment without a URL has no known incidents.

Format: https://prometheus.io/docs/alerting/latest/clients/ and its OpenAPI, GET /api/v2/alerts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from gameday.core.errors import NotReady
from gameday.signals.alertmanager import WATCHDOG
from gameday.signals.inbox import polling
from gameday.signals.inbox.polling import ALERTS

ACTIVE = {"active": "true", "silenced": "false", "inhibited": "false", "unprocessed": "false"}
ALWAYS_FIRING = frozenset({WATCHDOG, "InfoInhibitor"})


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertmanagerIncidents:
    """Alertmanagers by environment: the URL of one, or of several, all of which are asked."""

    urls: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    tokens: Mapping[str, Callable[[], str]] = field(default_factory=dict)
    """By URL, what gives the token that an Alertmanager asks for."""

    async def ongoing(self, environment: str) -> Sequence[str]:
        """Name the incidents that are going on now. Raises NotReady when one gives no answer."""
        urls = self.urls.get(environment) or ()
        found: list[str] = []
        for url in [urls] if isinstance(urls, str) else urls:
            found += await self._ask(url)
        return tuple(dict.fromkeys(found))

    async def _ask(self, url: str) -> Sequence[str]:
        token = self.tokens.get(url, str)()
        try:
            return await asyncio.to_thread(ask, url, token)
        except (OSError, ValueError) as error:
            # Without user and password, which the URL may hold.
            where = urlsplit(url).netloc.rpartition("@")[2]
            raise NotReady(f"the alert source {where} gave no answer: {error}") from error


def ask(url: str, bearer: str = "") -> tuple[str, ...]:
    """Ask an Alertmanager for its active alerts. Raises OSError, ValueError."""
    return parse(polling.get(url, ALERTS, query=ACTIVE, bearer=bearer))


def parse(body: bytes) -> tuple[str, ...]:
    """Name the alerts of an answer, each once. Raises ValueError for anything but a list of alerts."""
    return tuple(dict.fromkeys(name for name in map(_name, polling.alerts_in(body)) if name))


def _name(alert: object) -> str:
    """Name an alert that is an incident, even without a readable name; empty for one that is not."""
    labels = alert.get("labels") if isinstance(alert, dict) else None
    if not isinstance(labels, dict):
        raise ValueError("an alert without labels")  # noqa: TRY004
    name = str(labels.get("alertname") or "an alert without a name")
    return "" if name in ALWAYS_FIRING or labels.get("severity") == "none" else name
