"""A guardrail on the users' own requests: an SLO that the load counts."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gameday.conduct.drill.guardrails.polled import GRACE
from gameday.conduct.drill.live_milestones import LiveMilestones
from gameday.core.plans.scenario import Guardrail, Slo
from gameday.core.values import Instant


@dataclass(kw_only=True, slots=True)
class SloCheck:
    """Trips when too few requests are good for a while, or when no request matches the SLO any more."""

    guardrail: Guardrail
    slo: Slo
    live_milestones: LiveMilestones
    _bad_since: Instant | None = None
    _silent_since: Instant | None = None

    @property
    def name(self) -> str:
        """The guardrail as people read it."""
        return self.guardrail.name

    def judge(self, now: Instant) -> str:
        """Judge the SLO's last windows."""
        for level in self.live_milestones.service((replace(self.slo, objective=self.guardrail.below),), now):
            if level.bad_for > 0:
                # `bad_for` reaches no further back than the load at hand: keep the earliest instant.
                self._bad_since = min(self._bad_since or now, Instant(now - level.bad_for))
            # Only a judged good window ends it: silence in the middle of an outage is no recovery.
            elif level.judged:
                self._bad_since = None
            if self._bad_since is not None and now - self._bad_since >= self.guardrail.lasting:
                return f"{level.good:.0%} good" if level.good is not None else "no answers"
            return self._judge_silence(now, requested=level.requests > 0 or level.judged)
        return ""

    def _judge_silence(self, now: Instant, *, requested: bool) -> str:
        self._silent_since = None if requested else self._silent_since or now
        # Silence must not trip sooner than a breach would.
        patience = max(GRACE, self.guardrail.lasting)
        if self._silent_since is None or now - self._silent_since < patience:
            return ""
        return f"could not be evaluated for {patience:g} s: no request matched"
