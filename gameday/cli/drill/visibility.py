"""Who may see into a drill that is on: in a game day, responders see neither what is injected nor when.

Comes in: a drill's history, a name (empty: who is at this terminal). Goes out: whether it is sealed to
them. Does not: keep a secret from somebody who reads the store or the scenario: it is courtesy, no guard.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace

from gameday import ports
from gameday.cli.respond import live_drill
from gameday.conduct import store_reads
from gameday.core.errors import UsageError
from gameday.core.facts.history import History
from gameday.core.values import DrillId

HIDDEN = "hidden"


def is_hidden(history: History, who: str) -> bool:
    """Tell whether a drill is on, and this person is not to see into it."""
    if history.closed_at is not None:
        return False
    try:
        occasion = history.plan.occasion
    except LookupError:
        return False
    return occasion is not None and not occasion.shows(who or live_drill.current_viewer(os.environ))


def rows(store: ports.HistoryStore, who: str) -> Iterator[ports.DrillRow]:
    """List the drills as somebody may see them: without the scenario of one that is sealed to them."""
    found: Sequence[ports.DrillRow] = store.drills()
    for row in found:
        hidden = row.closed is None and is_hidden(store_reads.read(store, row.drill), who)
        yield replace(row, scenario=HIDDEN) if hidden else row


def must_see(store: ports.HistoryStore, drill: DrillId, who: str) -> None:
    """Refuse to show a drill that is sealed. Raises UsageError."""
    if is_hidden(store_reads.read(store, drill), who):
        raise UsageError(
            f"{drill} is on, and part of a game day: it is shown when it has ended",
            hint="gameday status shows what responders see; facilitators and observers: --as NAME",
        )
