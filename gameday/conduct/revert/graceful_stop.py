"""Asks the conductors of open drills to end them, before anything is killed.

A conductor that is asked stops its load, writes its postmortem, and gives its terminal back. One that is
killed does none of it; on another host it can't be killed at all, and would go on to inject.
A conductor that does not answer is not waited for.
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

LIMITS: Mapping[str, Seconds] = {"asked": 2.0, "ending": 90.0, "closed": 10.0}
"""Seconds that a conductor has at each stage: to begin, as it reads the store twenty times a second; for
rollbacks that must be tried again, and its load; for its files."""
POLL_INTERVAL: Seconds = 0.1
ENDING_PHASES = (Phase.REVERT, Phase.VERIFY, Phase.CLOSE)


async def ask_to_end(
    store: ports.HistoryStore,
    drills: Sequence[OpenDrill],
    *,
    clock: ports.Clock,
    ids: ports.Ids,
    machine: Machine,
) -> frozenset[DrillId]:
    """Ask the conductors of these drills, all at once; give the drills that they reverted and closed."""
    conducted = [drill for drill in drills if not drill.left]
    closed = await asyncio.gather(*(_ask(store, drill, clock, ids, machine) for drill in conducted))
    return frozenset(drill.drill for drill, ended in zip(conducted, closed, strict=True) if ended)


async def _ask(
    store: ports.HistoryStore, drill: OpenDrill, clock: ports.Clock, ids: ports.Ids, machine: Machine
) -> bool:
    recorder = Recorder(store=store, clock=clock, ids=ids, drill=drill.drill, source="command")
    try:
        history = store_reads.read(store, drill.drill)
        if not _conducted(history, drill, machine):
            return False
        recorder.record(ev.AbortRequested(reason="revert"))
        stage, limit = _stage(history), Instant(clock.now() + LIMITS[_stage(history)])
        while clock.now() < limit and _conducted(history, drill, machine):
            await clock.sleep(POLL_INTERVAL)
            history = store_reads.read(store, drill.drill)
            # Each stage has its own limit: one that goes on is not cut off for what an earlier one took.
            if _stage(history) != stage:
                stage, limit = _stage(history), Instant(clock.now() + LIMITS[_stage(history)])
    except (StoreUnavailable, LookupError):
        return False
    closed = history.last(ev.DrillClosed)
    return closed is not None and closed.fact.reverted


def _stage(history: History) -> str:
    """Report how far the end of a drill has come."""
    if history.first(ev.DrillClosed):
        return "closed"
    ending = any(entered.fact.phase in ENDING_PHASES for entered in history.each(ev.PhaseEntered))
    return "ending" if ending else "asked"


def _conducted(history: History, drill: OpenDrill, machine: Machine) -> bool:
    """Report whether a conductor may still answer; on another host it can't be seen."""
    if drill.host != machine.host:
        return history.first(ev.DrillClosed) is None
    # A stopped process (SIGSTOP) can't answer: it is killed without being waited for.
    return any(not machine.stopped(who) for _, who in fencing.living(history, machine, ("conductor",)))
