"""Compares the store's clock with the conductor's, so that what is typed on another host can be dated.

The conductor's clock is the drill's. A command that is typed elsewhere knows how far its own clock is from
the store's; with what is recorded here it knows how far that is from the drill's.
"""

from __future__ import annotations

from gameday.conduct.drill.context import DrillContext
from gameday.core.errors import StoreUnavailable
from gameday.core.facts import drill as ev
from gameday.core.values import Seconds

COMPARE_INTERVAL: Seconds = 30.0
"""How often the clocks are compared: they drift by some ms a minute at most, and are set now and then."""
WORTH_RECORDING: Seconds = 0.005
"""Seconds by which the difference must have changed to be recorded again."""


async def compare(context: DrillContext) -> None:
    """Record how far ahead the store's clock is, at once and whenever that has changed."""
    recorded: ev.ClockCompared | None = None
    while True:
        compared = _compared(context)
        if compared is not None and (recorded is None or _differs(compared, recorded)):
            context.recorder.record(compared)
            recorded = compared
        await context.clock.sleep(COMPARE_INTERVAL)


def _differs(compared: ev.ClockCompared, recorded: ev.ClockCompared) -> bool:
    change = abs(compared.store_ahead - recorded.store_ahead)
    return change > max(WORTH_RECORDING, compared.within + recorded.within)


def _compared(context: DrillContext) -> ev.ClockCompared | None:
    """Read both clocks; None where the store has none of its own, or does not answer."""
    before = context.clock.now()
    try:
        store = context.store.clock()
    except StoreUnavailable:
        return None
    if store is None:
        return None
    half = max(0.0, (context.clock.now() - before) / 2)  # a clock that was set back meanwhile
    return ev.ClockCompared(store_ahead=round(store - before - half, 6), within=round(half, 6))
