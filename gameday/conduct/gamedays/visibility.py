"""Decides who may see a drill in progress, or an agenda, in full: responders see no fault and no times.

This keeps nothing from somebody who reads the store or the scenario: it prevents spoilers, it is not access
control.
"""

from __future__ import annotations

from collections.abc import Iterator

from gameday import ports
from gameday.conduct import store_reads
from gameday.core.errors import UsageError
from gameday.core.facts.history import History
from gameday.core.plans import spoilers
from gameday.core.plans.gameday import GameDayPlan
from gameday.core.values import DrillId


def is_hidden(history: History, viewer: str) -> bool:
    """Report whether a drill is in progress and hidden from somebody."""
    # Once a drill has ended there is nothing left to spoil.
    if history.closed_at is not None:
        return False
    try:
        occasion = history.plan.occasion
    except LookupError:
        return False
    return occasion is not None and not occasion.shows(viewer)


def rows(store: ports.HistoryStore, viewer: str, *, hidden: str) -> Iterator[ports.DrillRow]:
    """List the drills as somebody may see them. hidden: stands for the scenario of one they may not see."""
    for row in store.drills():
        keep = row.closed is None and is_hidden(store_reads.read(store, row.drill), viewer)
        yield row._replace(scenario=hidden) if keep else row


def must_see(store: ports.HistoryStore, drill: DrillId, viewer: str) -> None:
    """Refuse to show a drill that is hidden from somebody. Raises UsageError."""
    if is_hidden(store_reads.read(store, drill), viewer):
        raise UsageError(
            f"{drill} is in progress, and part of a game day: it is shown when it has ended",
            hint="gameday status shows what responders see; facilitators and observers: `who`",
        )


def shows_agenda(plan: GameDayPlan, viewer: str, *, attended: bool) -> bool:
    """Report whether somebody may see the agenda of a game day that has not ended."""
    hidden = spoilers.hides(plan.announcement, attended=attended)
    return spoilers.shows(viewer, hidden=hidden, insiders=plan.insiders)


def must_see_injects(*, insider: bool) -> None:
    """Refuse to show the injects of a game day to its participants. Raises UsageError."""
    if not insider:
        raise UsageError("the injects are for facilitators and observers", hint="name yourself with `who`")
