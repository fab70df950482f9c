"""Honours a grant: the facilitator credits the team with a lever that the environment lacks.

Comes in: the desk; a granted mark on its board, whoever wrote it. Goes out: the fault, reverted in the
lever's place; the response goes on, so that the team sees for itself that users are well.
Does not: credit anything; `core.judging.milestones` does, from the instant of the grant.
"""

from __future__ import annotations

from dataclasses import dataclass

from gameday.conduct.drill.context import Desk
from gameday.conduct.drill.live_facts import Board
from gameday.core.facts import drill as ev
from gameday.core.facts.history import Dated
from gameday.core.values import Seconds

TICK: Seconds = 0.05


def first(board: Board) -> Dated[ev.MilestoneMarked] | None:
    """Give the first grant so far."""
    return next((mark for mark in board.each(ev.MilestoneMarked) if mark.fact.granted), None)


@dataclass(frozen=True, slots=True)
class Granter:
    """Waits for a grant in one drill, beside its response."""

    desk: Desk

    async def honour(self) -> None:
        """Revert every fault at the first grant; ends then."""
        desk = self.desk
        while (grant := first(desk.board)) is None:
            await desk.clock.sleep(TICK)
        why = f"granted: {grant.fact.lever}" if grant.fact.lever else "granted"
        for requested in desk.board.each(ev.FaultRequested):
            desk.pen.record(ev.RevertRequested(fault=requested.fact.fault, why=why))
            if desk.keeper.alive():
                await desk.keeper.revert(requested.fact.fault, why, now=False)
