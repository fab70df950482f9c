"""A guardrail whose source is asked again and again: a probe, Prometheus, CloudWatch, or any other meter."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from gameday import ports
from gameday.core.plans.scenario import Guardrail
from gameday.core.values import Instant, Seconds
from gameday.ports import Reading

GRACE: Seconds = 15.0
"""How long a guardrail may fail to be evaluated, in addition to its own interval."""


@dataclass(kw_only=True, slots=True)
class PolledCheck:
    """Trips when the source is beyond its bound for `lasting` seconds, or has not answered for too long."""

    guardrail: Guardrail
    ask: Callable[[], Awaitable[Reading]]
    clock: ports.Clock
    lasting: Seconds = 0.0
    _known_at: Instant = field(default=Instant(0.0))
    _bad_since: Instant | None = None
    _detail: str = "no answer yet"

    @property
    def name(self) -> str:
        """The guardrail as people read it."""
        return self.guardrail.name

    async def poll(self) -> None:
        """Ask until cancelled. `judge` judges the answers."""
        self._known_at = self.clock.now()
        while True:
            self._take(await self.ask())
            await self.clock.sleep(self.guardrail.every)

    def _take(self, reading: Reading) -> None:
        now, self._detail = self.clock.now(), reading.detail
        if reading.breached is None:  # neither good nor bad: `_known_at` stays, so that GRACE goes on
            return
        self._known_at = now
        # From the first breach on: an answer that can't be judged neither ends nor restarts it.
        self._bad_since = (self._bad_since or now) if reading.breached else None

    def judge(self, now: Instant) -> str:
        """Judge the answers so far."""
        if self._bad_since is not None and now - self._bad_since >= self.lasting:
            return self._detail or "breached"
        patience = GRACE + self.guardrail.every
        if self._known_at and now - self._known_at >= patience:
            return f"could not be evaluated for {patience:g} s: {self._detail}"
        return ""


@dataclass(frozen=True, slots=True)
class ProbeMeter:
    """`ports.Meter` for probes: the drill's own prober asks them."""

    prober: ports.Prober

    async def read(self, guardrail: Guardrail) -> Reading:
        """Ask once; a probe outside its tolerance is a breach."""
        probe = await self.prober.ask(guardrail.probe)
        return Reading(breached=None if probe.ok is None else not probe.ok, detail=probe.detail)

    async def close(self) -> None:
        """Leave the prober to the drill, which closes it."""
