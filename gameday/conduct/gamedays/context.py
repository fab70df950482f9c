"""Everything that the host of a game day works with, in one frozen value: adapters, or fakes in tests."""

from __future__ import annotations

from dataclasses import dataclass

from gameday import ports
from gameday.conduct.recorder import Recorder
from gameday.core.facts import history
from gameday.core.gamedays import state
from gameday.core.gamedays.state import GameDayState
from gameday.core.values import DrillId


@dataclass(frozen=True, kw_only=True, slots=True)
class GameDayContext:
    """What the host of one game day works with.

    holder     this process, by a name that no other has
    drills     plays the drills of the agenda
    signals    receives the monitor's alerts, also between two drills
    incidents  gives the alerts that fire now, from the environment's alert source; None: it has none
    reset      the environment's own command between drills; empty: it has none
    """

    game_day: DrillId
    holder: str
    store: ports.HistoryStore
    clock: ports.Clock
    recorder: Recorder
    drills: ports.GameDayDrills
    signals: ports.Signals
    incidents: ports.Incidents | None
    prober: ports.Prober
    runner: ports.Runner
    reset: tuple[str, ...] = ()

    def history(self) -> history.History:
        """Read the game day's history as it is now. Raises StoreUnavailable."""
        return history.from_events(stored.event for stored in self.store.read(self.game_day))

    def look(self) -> GameDayState:
        """Give the current state of the game day. Raises StoreUnavailable."""
        return state.fold(self.history())
