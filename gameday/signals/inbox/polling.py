"""Reads the alerts of an Alertmanager that can't send them: `GET /api/v2/alerts`, every POLL_INTERVAL.

What is active is a firing alert, what is no longer listed is resolved, and both become what the webhook would
have sent. Silenced and inhibited alerts are reported to nobody, so they don't fire here either; one that is
silenced while it fires is not resolved by that.

An Alertmanager forgets its alerts when it restarts, until Prometheus sends them again. So an alert that is
missing from one that has just started is not resolved yet.

Format: https://prometheus.io/docs/alerting/latest/clients/ and its OpenAPI, /api/v2/alerts, /api/v2/status.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from gameday.core.errors import NotReady, StoreUnavailable
from gameday.core.values import Instant, Seconds, parse_instant, storable
from gameday.ports import Clock
from gameday.signals import alertmanager
from gameday.signals.inbox.intake import Intake, Source
from gameday.signals.parsed_payload import ParsedPayload
from gameday.system import fetching

POLL_INTERVAL: Seconds = 2.0
TIMEOUT: Seconds = 3.0
BEAT: Seconds = 20.0
"""How often a poll that is answered counts as a heartbeat: three of these may be missed."""
RELEARN: Seconds = 120.0
"""How long after its start an Alertmanager may not know all alerts; Prometheus sends them once a minute."""
ALERTS, STATUS = "/api/v2/alerts", "/api/v2/status"
NO_END = "0001-01-01T00:00:00Z"

Element = Mapping[str, Any]


class AlertmanagerPoll:
    """The alerts of one Alertmanager, as changes. bearer: the token that it asks for."""

    def __init__(self, *, source: Source, url: str, intake: Intake, clock: Clock, bearer: str = "") -> None:
        self._source = source
        self._url = url
        self._intake = intake
        self._clock = clock
        self._bearer = bearer
        self._began = clock.now()
        self._firing: dict[str, Element] = {}
        self._unread: tuple[str, ...] = ()
        self._beaten = Instant(0.0)

    @property
    def _where(self) -> str:
        # Without user and password, which the URL may hold.
        return urlsplit(self._url).netloc.rpartition("@")[2]

    async def begin(self) -> None:
        """Look for the first time. Raises NotReady where there is no answer, StoreUnavailable."""
        try:
            await self._look()
        except (OSError, ValueError) as error:
            raise NotReady(
                f"the alerts of {self._where} can't be read: {error}",
                hint=f"check `poll` of the integration {self._source.name} in gameday.toml; "
                "it is the URL at which Alertmanager's own page is",
            ) from error

    async def watch(self) -> None:
        """Look again and again. What can't be had is recorded, and what can't be stored is found again."""
        while True:
            await self._clock.sleep(POLL_INTERVAL)
            try:
                await self._look()
            except StoreUnavailable:
                continue
            except (OSError, ValueError) as error:
                self._intake.note(self._source, f"{self._where} gave no answer: {error}"[:300])

    async def _look(self) -> None:
        listed = await asyncio.to_thread(self._ask)
        found = _Found(listed)
        fired = {key: each for key, each in found.active.items() if key not in self._firing}
        gone = {key: each for key, each in self._firing.items() if key not in found.present}
        if gone and await self._has_just_started():
            gone = {}
        changes = [*fired.values(), *({**each, "status": "resolved"} for each in gone.values())]
        self._store(changes, found)
        self._firing |= fired
        for key in gone:
            del self._firing[key]
        self._beat()

    def _ask(self) -> list[Any]:
        return alerts_in(get(self._url, ALERTS, bearer=self._bearer))

    def _store(self, changes: list[Element], found: _Found) -> None:
        parsed = alertmanager.parse({"alerts": changes})
        # What can't be read is in each answer, and recorded when it changes.
        unread = found.unread if found.unread != self._unread else ()
        self._intake.take_parsed(self._source, ParsedPayload(alerts=parsed.alerts, rejected=unread))
        self._unread = found.unread

    async def _has_just_started(self) -> bool:
        """Report whether it started during this drill, and a short time ago."""
        try:
            status = json.loads(await asyncio.to_thread(get, self._url, STATUS, bearer=self._bearer))
            started = parse_instant(status["uptime"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return True  # not known: the next look asks again
        return started > self._began and self._clock.now() - started < RELEARN

    def _beat(self) -> None:
        if self._clock.now() - self._beaten >= BEAT:
            self._beaten = self._clock.now()
            self._intake.beat(self._source)


class _Found:
    """What one answer lists. active: by key, alerts that are reported; present: keys of all alerts."""

    def __init__(self, listed: list[Any]) -> None:
        self.active: dict[str, Element] = {}
        self.present: set[str] = set()
        unread: list[str] = []
        for number, element in enumerate(listed):
            sent = _as_sent(storable(element))
            parsed = alertmanager.parse({"alerts": [sent]})
            unread += (reason.replace("alerts[0]", f"[{number}]") for reason in parsed.rejected)
            for alert in parsed.alerts:
                self.present.add(alert.fact.key)
                if _state(element) == "active":
                    self.active[alert.fact.key] = sent
        self.unread = tuple(unread)


def _as_sent(element: Any) -> Any:
    """Give an element as the webhook would send it while it fires."""
    return {**element, "status": "firing", "endsAt": NO_END} if isinstance(element, dict) else element


def _state(element: Any) -> object:
    status = element.get("status")
    return status.get("state") if isinstance(status, dict) else None


def alerts_in(body: bytes) -> list[Any]:
    """Read the list of alerts in an answer, whatever is in it. Raises ValueError."""
    try:
        listed = json.loads(body)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(listed, list):
        raise ValueError("it is not a list of alerts")  # noqa: TRY004  # one kind of mistake
    return listed


def get(url: str, path: str, *, query: Mapping[str, str | int] | None = None, bearer: str = "") -> bytes:
    """Read from an Alertmanager's API; the URL may be the server's, with a prefix, or the API's already.

    A query in the URL goes with the alerts only. Raises OSError, ValueError.
    """
    parts = urlsplit(url)
    base = parts.path.rstrip("/").removesuffix(ALERTS)
    kept = parts.query if path == ALERTS else ""
    api = parts._replace(path=base + path, query=kept).geturl()
    answer = fetching.fetch(api, within=TIMEOUT, query=query, media_type="application/json", bearer=bearer)
    return answer.content()
