"""Closes, on record, what a person has undone themselves.

This is the way out where nothing can be played: rollbacks that always fail, an experiment that can't be
read, a history whose beginning is lost, another host's fault, a request that nobody here signed. It reads
nothing of the experiment, and is never done without a person's words.
"""

from __future__ import annotations

from collections.abc import Sequence

from gameday import ports
from gameday.conduct.recorder import Recorder
from gameday.conduct.revert import fencing, revert
from gameday.conduct.revert.abandoned import OpenDrill
from gameday.conduct.revert.context import RevertContext
from gameday.core import exposure
from gameday.core.errors import HistoryCorrupt, StoreUnavailable, UsageError
from gameday.core.exposure import Exposed
from gameday.core.facts import drill as ev
from gameday.core.facts import history
from gameday.core.facts.history import History
from gameday.core.judging import impact, result
from gameday.core.values import DrillId

UNREADABLE = Exposed(
    fault=exposure.UNKNOWN,
    request=ev.FaultRequested(fault=exposure.UNKNOWN, experiment="", path="", cwd=""),
    injected=False,
    lost=True,
)
"""What a history that can't be read may have injected."""


def in_force(store: ports.HistoryStore, drill: DrillId) -> tuple[History, tuple[Exposed, ...]]:
    """Give a drill's history, and what may still be in force of it, also where nothing can be played."""
    try:
        events = [stored.event for stored in store.read(drill)]
        whole = history.from_events(events, store.read_load(drill))
    except (HistoryCorrupt, StoreUnavailable):
        # Lines that can't be read; a store that is gone refuses what is to be recorded, too.
        return History(()), (UNREADABLE,)
    if whole.first(ev.DrillPlanned) is None:
        return whole, exposure.in_doubt(whole)
    # With what nothing undid for lack of rollbacks, where harm was still observed at the end.
    return whole, result.in_force(whole, impact.measure(whole))


async def close(open_drill: OpenDrill | None, context: RevertContext, ids: ports.Ids, *, text: str) -> None:
    """Record that a person undid all that a drill may have in force, and close the drill.

    open_drill: None where it is closed already; context.by: the person. What lives of an abandoned drill on
    this host is ended first. Raises UsageError where that is not all, or nothing is to be closed.
    """
    drill = context.drill
    if not text.strip():
        raise UsageError(
            "--by-hand needs a text: what was done, for those who read the postmortem",
            hint=f'gameday revert {drill} --by-hand "restarted payments on web-1"',
        )
    whole, faults = in_force(context.store, drill)
    if not faults:
        raise UsageError(f"drill {drill} has nothing in force: nothing to close by hand")
    await _end_processes(open_drill, whole, context)
    recorder = Recorder(
        store=context.store, clock=context.clock, ids=ids, drill=drill, source="command", by=context.by
    )
    for fault in faults:
        recorder.record(
            ev.FaultReverted(fault=fault.fault, how=exposure.BY_HAND, by=context.by, text=text.strip())
        )
    closed = whole.last(ev.DrillClosed)
    if closed is None or not closed.fact.reverted:
        recorder.record(ev.DrillClosed(how="aborted", reverted=True))
    await revert.release_environment(whole, context)


async def _end_processes(open_drill: OpenDrill | None, whole: History, context: RevertContext) -> None:
    """End all that could still inject, as a revert does; refuse where something looks after the drill."""
    if open_drill is not None and not open_drill.left and open_drill.host:
        raise UsageError(
            f"drill {context.drill} is still looked after by its own processes on {open_drill.host}, "
            "which could inject again",
            hint=f"gameday revert {context.drill} ends them first",
        )
    ours = exposure.without_unsigned(whole)
    await fencing.fence(ours, context, spare=[context.machine.me], conductor=True)
    living = fencing.living(whole, context.machine, fencing.FENCED)
    pids = sorted(who.pid for _, who in living if who != context.machine.me)
    if pids:
        raise UsageError(
            f"processes that drill {context.drill} names still live, and could inject again: {_listed(pids)}",
            hint="look at them, end them, then do this again",
        )
    await revert.clean_up(ours, context, spare=[context.machine.me])


def _listed(pids: Sequence[int]) -> str:
    return ", ".join(f"pid {pid}" for pid in pids)
