"""A game day's drills without conductors: each lasts a while, and leaves its history in the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gameday.core.errors import GamedayError
from gameday.core.facts import drill as ev
from gameday.core.plans.gameday import Item, Occasion
from gameday.core.plans.scenario import Scenario, ScorecardRules
from gameday.core.values import DrillId, Mode, Seconds
from gameday.ports import Clock, HistoryStore, Ids
from gameday.testing.fact_writer import FactWriter

POLL_INTERVAL: Seconds = 0.5
COMPLETED, ABORTED = 0, 3
RULES = ScorecardRules(scorecard="test", version=1, criteria=())


@dataclass(kw_only=True, slots=True)
class FakeGameDayDrills:
    """`ports.GameDayDrills`: an alert fires in each drill, and resolves with it.

    scenarios       by path, as the plan's items name them
    lasts           how long a drill goes on unless somebody ends it
    ends_by_itself  nobody can end it
    resolves        False: the alert goes on firing after the drill
    error           why no drill can start
    played          drill, scenario's path, occasion
    recovered       the drills whose conductor died
    """

    clock: Clock
    store: HistoryStore
    ids: Ids
    scenarios: Mapping[str, Scenario]
    lasts: Seconds = 60.0
    ends_by_itself: bool = False
    resolves: bool = True
    error: GamedayError | None = None
    played: list[tuple[DrillId, str, Occasion]] = field(default_factory=list)
    recovered: list[DrillId] = field(default_factory=list)
    _aborted: bool = False

    def name(self, item: Item) -> DrillId:  # noqa: ARG002  # the port's
        """Make an id that does not name the scenario."""
        return self.ids.drill("drill")

    async def play(self, item: Item, drill: DrillId, occasion: Occasion) -> int:
        """Play one drill to its end. Raises `error` where it is set."""
        self.played.append((drill, item.scenario, occasion))
        if self.error is not None:
            raise self.error
        self.begin(item, drill)
        end = self.clock.now() + self.lasts
        while self.clock.now() < end and not self._aborted and not self._end_requested(drill):
            await self.clock.sleep(POLL_INTERVAL)
        if self.resolves:
            self.write(drill, ev.AlertResolved(key=drill, alert=self.alert(item)))
        self.write(drill, ev.DrillClosed(how="aborted" if self._aborted else "completed", reverted=True))
        return ABORTED if self._aborted else COMPLETED

    def begin(self, item: Item, drill: DrillId) -> None:
        """Write what a drill writes as it begins; a test may call it for a conductor who dies after it."""
        planned = ev.DrillPlanned(
            scenario=self.scenarios[item.scenario],
            scorecard=RULES,
            mode=Mode.EVALUATE,
            environment=self.scenarios[item.scenario].environment,
            comparable="",
        )
        self.write(drill, planned)
        self.write(drill, ev.AlertFired(key=drill, alert=self.alert(item)))

    async def recover(self, drill: DrillId) -> int | None:
        """Close what a conductor who died left; None: it never began."""
        self.recovered.append(drill)
        try:
            facts = [row.event.fact for row in self.store.read(drill)]
        except LookupError:
            return None
        for fact in facts:
            if isinstance(fact, ev.AlertFired):
                self.write(drill, ev.AlertResolved(key=fact.key, alert=fact.alert))
        self.write(drill, ev.DrillClosed(how="aborted", reverted=True))
        return ABORTED

    def abort(self, reason: str) -> None:  # noqa: ARG002  # the port's
        """Abort the drill in progress."""
        self._aborted = True

    def alert(self, item: Item) -> str:
        """Name the alert that an item's drill sets off."""
        return f"{self.scenarios[item.scenario].scenario}Down"

    def write(self, drill: DrillId, fact: ev.Fact) -> None:
        """Write a fact into a drill's history."""
        FactWriter(store=self.store, clock=self.clock, ids=self.ids, drill=drill).write(fact)

    def _end_requested(self, drill: DrillId) -> bool:
        if self.ends_by_itself:
            return False
        return any(isinstance(row.event.fact, ev.EndRequested) for row in self.store.read(drill))
