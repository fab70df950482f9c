"""Scrape all metrics once a second, evaluate the alert rules, and notify the receivers of what changed.

The monitor does not know what the shop is made of: the control server gives it the samples.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gameday.core.values import Instant
from gameday.shop.journal import Journal
from gameday.shop.monitoring import metrics, rules
from gameday.shop.monitoring.receivers import Receivers
from gameday.system import clock

INTERVAL = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Scrape:
    """All samples at once, and how many replicas there should be and are."""

    samples: metrics.Samples
    wanted: int
    up: int


class Monitor:
    """Rules, their states, and the snapshots of the longest window."""

    def __init__(
        self,
        *,
        scrape: Callable[[], Awaitable[Scrape]],
        own_rules: Sequence[rules.Rule],
        receivers: Receivers,
        journal: Journal,
        url: str,
    ) -> None:
        self._scrape = scrape
        self._rules = own_rules
        self._states = {rule.name: rules.State() for rule in own_rules}
        self._receivers = receivers
        self._journal = journal
        self._url = url
        longest = max((rule.over for rule in own_rules), default=5.0)
        self._snapshots: deque[metrics.Snapshot] = deque(maxlen=int(longest / INTERVAL) + 2)
        self._measures: dict[str, dict[str, float | None]] = {}
        self.evaluated: Instant | None = None

    async def watch(self) -> None:
        """Evaluate once a second until cancelled."""
        due = clock.monotonic()  # by due times, not by pauses: the time that a scrape takes must not add up
        while True:
            await self.evaluate()
            # After a scrape of more than a second, go on from now instead of catching up.
            due = max(due + INTERVAL, clock.monotonic())
            await asyncio.sleep(due - clock.monotonic())

    async def evaluate(self) -> None:
        """Scrape, evaluate every rule, and send what changed."""
        scraped = await self._scrape()
        now = clock.now()
        self._snapshots.append(metrics.Snapshot(at=now, samples=scraped.samples))
        for rule in self._rules:
            self._evaluate_rule(rule, scraped, now)
        # Last: the heartbeat must not vouch for an evaluation that raised.
        self.evaluated = now

    def _evaluate_rule(self, rule: rules.Rule, scraped: Scrape, now: Instant) -> None:
        before = metrics.window(self._snapshots, now, rule.over) or self._snapshots[-1]
        measures = metrics.measures(before, self._snapshots[-1], wanted=scraped.wanted, up=scraped.up)
        self._measures[f"{rule.over:g}s"] = measures
        old = self._states[rule.name]
        new = self._states[rule.name] = rules.step(rule, old, measures.get(rule.measure), now)
        if new.fired is not None and old.fired is None:
            self._notify(rules.alert(rule, new))
        elif old.fired is not None and new.fired is None:
            self._notify(rules.alert(rule, old, ended=now))

    def _notify(self, alert: dict[str, Any]) -> None:
        name = alert["labels"]["alertname"]
        self._journal.write(
            "alert", alert=name, status=alert["status"], summary=alert["annotations"]["summary"]
        )
        self._receivers.send(rules.webhook([alert], self._url))

    def firing(self) -> list[dict[str, Any]]:
        """List the alerts that fire now."""
        states = ((rule, self._states[rule.name]) for rule in self._rules)
        return [rules.alert(rule, state) for rule, state in states if state.fired is not None]

    def register(self, url: str) -> None:
        """Register a receiver, and send it at once what fires already."""
        if self._receivers.add(url) and (alerts := self.firing()):
            self._receivers.send(rules.webhook(alerts, self._url), only=url)

    def measures(self) -> dict[str, dict[str, float | None]]:
        """Give the latest measures by window."""
        return self._measures

    def samples(self) -> metrics.Samples:
        """Give the latest samples."""
        return self._snapshots[-1].samples if self._snapshots else {}
