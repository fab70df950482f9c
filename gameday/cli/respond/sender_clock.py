"""Dates a command on the conductor's clock, wherever it was typed.

A laptop's clock may be minutes off. The command's instant is that of its receipt, read from the store's
clock, less the time that passed here since it was started, which a clock measures that nobody sets; the
conductor has recorded how far the store's clock is from its own. Where one of these is missing, the own claim
is kept, and not trusted.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from gameday.cli.respond.live_drill import LiveDrill
from gameday.core.errors import StoreUnavailable
from gameday.core.values import Instant, Seconds, format_instant, instant
from gameday.system import clock, process_identity


class Dating(NamedTuple):
    """When a command was started and when it was received, both on the conductor's clock.

    clock    how that was found, as stored with the event; None: typed on the conductor's host
    trusted  False: only this host's own clock was there to date it
    """

    started: Instant
    received: Instant
    clock: dict[str, Any] | None = None
    trusted: bool = True


def date(live: LiveDrill, started: Instant, monotonic: float) -> Dating:
    """Date a command; monotonic: the reading of the monotonic clock when it was started."""
    here = process_identity.hostname()
    before, now = clock.monotonic(), clock.now()
    # a clock that was set back meanwhile must not make the receipt earlier than the start
    own = Dating(started=started, received=Instant(max(now, started)))
    if live.plan.get("host", "") in {"", here}:
        return own
    compared = live.facts("ClockCompared")
    store = _store_clock(live)
    if not compared or store is None:
        return own._replace(trusted=False)
    half: Seconds = (clock.monotonic() - before) / 2
    elapsed, latest = before + half - monotonic, compared[-1]
    received = instant(store - latest["store_ahead"])
    return Dating(
        started=instant(received - elapsed),
        received=received,
        clock={
            "host": here,
            "started": float(started),
            "elapsed": round(elapsed, 6),
            "host_ahead": round(now + half - store, 6),
            "store_ahead": latest["store_ahead"],
            "within": round(half + latest["within"], 6),
        },
    )


def _store_clock(live: LiveDrill) -> float | None:
    try:
        return live.database.clock()
    except StoreUnavailable:
        return None


def warning(dating: Dating) -> str:
    """Say that this host's clock is off, or that nobody could tell; empty: it is right."""
    if not dating.trusted:
        return "this host's clock could not be compared with the drill's: the event counts from its receipt"
    off = 0.0 if dating.clock is None else dating.clock["started"] - dating.started
    if abs(off) < 1.0:
        return ""
    ahead = "ahead" if off > 0 else "behind"
    at = format_instant(dating.started)
    return f"this host's clock is {abs(off):.1f} s {ahead}; the event counts from {at}"
