"""Asks whoever conducts a drill to end it, before anybody ends it in their place.

Comes in: open drills. Goes out: which of them were reverted and closed by their own conductors.
Does not: kill, revert, or wait for a conductor that does not answer.

A conductor that is asked stops its load, writes its postmortem, and gives its terminal back. One that is
killed does none of it; on another host it can't be killed at all, and would go on to inject.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from gameday import ports
from gameday.conduct import store_reads
from gameday.conduct.recorder import Recorder
from gameday.conduct.revert import fencing
from gameday.conduct.revert.abandoned import OpenDrill
from gameday.conduct.revert.context import Machine
from gameday.core.errors import StoreUnavailable
from gameday.core.facts import drill as ev
from gameday.core.facts.history import History
from gameday.core.values import DrillId, Instant, Phase, Seconds

ROOM: Mapping[str, Seconds] = {"asked": 2.0, "ending": 90.0, "closed": 10.0}
"""Seconds that a conductor has at each stage: to begin, as it reads the store twenty times a second; for
rollbacks that must be tried again, and its load; for its files."""
LOOK: Seconds = 0.1
OVER = (Phase.REVERT, Phase.VERIFY, Phase.CLOSE)


async def ask_to_end(
    store: ports.HistoryStore,
    drills: Sequence[OpenDrill],
    *,
    clock: ports.Clock,
    ids: ports.Ids,
    machine: Machine,
) -> frozenset[DrillId]:
    """Ask the conductors of these drills, all at once; give the drills that they reverted and closed."""
    asked = [one for one in drills if not one.left]
    closed = await asyncio.gather(*(_ask(store, one, clock, ids, machine) for one in asked))
    return frozenset(one.drill for one, ended in zip(asked, closed, strict=True) if ended)


async def _ask(
    store: ports.HistoryStore, one: OpenDrill, clock: ports.Clock, ids: ports.Ids, machine: Machine
) -> bool:
    recorder = Recorder(store=store, clock=clock, ids=ids, drill=one.drill, source="command")
    try:
        told = store_reads.read(store, one.drill)
        if not _conducted(told, one, machine):
            return False
        recorder.record(ev.AbortRequested(reason="revert"))
        stage, limit = _stage(told), Instant(clock.now() + ROOM[_stage(told)])
        while clock.now() < limit and _conducted(told, one, machine):
            await clock.sleep(LOOK)
            told = store_reads.read(store, one.drill)
            if _stage(told) != stage:
                stage, limit = _stage(told), Instant(clock.now() + ROOM[_stage(told)])
    except (StoreUnavailable, LookupError):
        return False
    closed = told.last(ev.DrillClosed)
    return closed is not None and closed.fact.reverted


def _stage(told: History) -> str:
    """Tell how far the end of a drill has come."""
    if told.first(ev.DrillClosed):
        return "closed"
    ending = any(entered.fact.phase in OVER for entered in told.each(ev.PhaseEntered))
    return "ending" if ending else "asked"


def _conducted(told: History, one: OpenDrill, machine: Machine) -> bool:
    """Tell whether somebody may still answer; another host's conductor can't be seen."""
    if one.host != machine.host:
        return told.first(ev.DrillClosed) is None
    return any(not machine.stopped(who) for _, who in fencing.living(told, machine, ("conductor",)))
