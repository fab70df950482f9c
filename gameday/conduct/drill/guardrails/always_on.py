"""The guardrails that every drill has: its time box, the monitor's heartbeat, and the conductor's own lag."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gameday.conduct.drill.guardrails.guard import LOOK_INTERVAL
from gameday.core.values import Instant, Seconds, format_duration

LATE: Seconds = 2.0
"""A check that comes later than this is late."""
LATE_FOR: Seconds = 5.0
"""When checks have been late for this long, the drill is no longer guarded."""
FIRST_GAP: Seconds = 180.0
"""How long a monitor may be silent of which only one heartbeat was received."""
MISSED_BEATS = 3
"""Once its rhythm is known, it may be silent for this many of its longest gaps."""
SHORTEST_GAP: Seconds = 10.0
"""How long any monitor may be silent."""
START_ALLOWANCE: Seconds = 15.0
"""How long starting the load and the experiment may take in addition to the plan."""


@dataclass(kw_only=True, slots=True)
class TimeBox:
    """Trips when the drill takes longer than its plan can."""

    limit: Callable[[], Instant | None]
    name: str = "time box"

    def judge(self, now: Instant) -> str:
        """Compare with the end of the plan."""
        limit = self.limit()
        if limit is None or now < limit:
            return ""
        return f"the drill should have ended {format_duration(now - limit)} ago"


@dataclass(kw_only=True, slots=True)
class Monitors:
    """Trips when an alert source that has a heartbeat falls silent. Without one, silence means nothing."""

    heartbeats: Callable[[], Mapping[str, Instant]]
    name: str = "monitor"
    _last: dict[str, Instant] = field(default_factory=dict)
    _gaps: dict[str, Seconds] = field(default_factory=dict)

    def judge(self, now: Instant) -> str:
        """Note new heartbeats, learn their rhythm, and name a source that has fallen out of it."""
        for system, at in self.heartbeats().items():
            before = self._last.get(system, at)
            if at > before:
                # The longest gap, not the mean: a slow beat is no silence.
                self._gaps[system] = max(self._gaps.get(system, 0.0), at - before)
            self._last[system] = at
            allowed = FIRST_GAP
            if system in self._gaps:
                allowed = max(SHORTEST_GAP, MISSED_BEATS * self._gaps[system])
            if now - at > allowed:
                return f"{system} has been silent for {format_duration(now - at)}"
        return ""


@dataclass(kw_only=True, slots=True)
class Lag:
    """Trips when our own checks come too late: an overloaded or suspended machine, or a clock that jumped."""

    name: str = "own lag"
    _due: Instant | None = None
    _late_since: Instant | None = None

    def judge(self, now: Instant) -> str:
        """Compare this check with the instant at which it was due."""
        due, self._due = self._due, Instant(now + LOOK_INTERVAL)
        if due is None or now - due <= LATE:
            self._late_since = None
            return ""
        # From the instant at which the first late check was due.
        self._late_since = self._late_since or due
        if now - self._late_since < LATE_FOR:
            return ""
        lasted = format_duration(now - self._late_since)
        return f"guardrail checks have been more than {LATE:g} s late for {lasted}"
