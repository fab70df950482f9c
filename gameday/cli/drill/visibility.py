"""Decides who may see a drill in progress in full: responders of a game day see no fault and no times.

This keeps nothing from somebody who reads the store or the scenario: it prevents spoilers, it is not access
control.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from gameday import ports
from gameday.cli.drill.quick_store import HIDDEN
from gameday.cli.respond import live_drill
from gameday.cli.shared import find_drill
from gameday.conduct import store_reads
from gameday.core.errors import UsageError
from gameday.core.facts.history import History
from gameday.core.values import DrillId


def is_hidden(history: History, who: str) -> bool:
    """Report whether a drill is in progress and hidden from somebody (empty: who is at this terminal)."""
    # Once a drill has ended there is nothing left to spoil.
    if history.closed_at is not None:
        return False
    try:
        occasion = history.plan.occasion
    except LookupError:
        return False
    return occasion is not None and not occasion.shows(who or live_drill.current_viewer(os.environ))


def rows(store: ports.HistoryStore, who: str) -> Iterator[ports.DrillRow]:
    """List the drills as somebody may see them: without the scenario of one that is hidden from them."""
    drills: Sequence[ports.DrillRow] = store.drills()
    for row in drills:
        hidden = row.closed is None and is_hidden(store_reads.read(store, row.drill), who)
        yield row._replace(scenario=HIDDEN) if hidden else row


def find(store: ports.HistoryStore, named: str, who: str) -> DrillId:
    """Find a drill that somebody may see in full. Raises UsageError."""
    drill = find_drill.find(store, named)
    must_see(store, drill, who)
    return drill


def must_see(store: ports.HistoryStore, drill: DrillId, who: str) -> None:
    """Refuse to show a drill that is hidden from somebody. Raises UsageError."""
    if is_hidden(store_reads.read(store, drill), who):
        raise UsageError(
            f"{drill} is in progress, and part of a game day: it is shown when it has ended",
            hint="gameday status shows what responders see; facilitators and observers: --as NAME",
        )
