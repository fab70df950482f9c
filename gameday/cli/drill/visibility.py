"""Finds and lists drills for who is at this terminal; `conduct.gamedays.visibility` decides who sees what."""

from __future__ import annotations

import os
from collections.abc import Iterator

from gameday import ports
from gameday.cli.drill.quick_store import HIDDEN
from gameday.cli.respond import live_drill
from gameday.cli.shared import find_drill
from gameday.cli.shared.field_errors import option_names
from gameday.conduct.gamedays import visibility
from gameday.core.facts.history import History
from gameday.core.values import DrillId


def is_hidden(history: History, who: str) -> bool:
    """Report whether a drill is in progress and hidden from somebody (empty: who is at this terminal)."""
    return visibility.is_hidden(history, _viewer(who))


def rows(store: ports.HistoryStore, who: str) -> Iterator[ports.DrillRow]:
    """List the drills as somebody may see them: without the scenario of one that is hidden from them."""
    return visibility.rows(store, _viewer(who), hidden=HIDDEN)


def find(store: ports.HistoryStore, named: str, who: str) -> DrillId:
    """Find a drill that somebody may see in full. Raises UsageError."""
    drill = find_drill.find(store, named)
    with option_names(who="--as NAME"):
        visibility.must_see(store, drill, _viewer(who))
    return drill


def _viewer(who: str) -> str:
    return who or live_drill.current_viewer(os.environ)
