"""Undoes what a drill left in force: fence, claim, play the ledger, and clean up.

Comes in: a drill's history, and a way to play rollbacks. Goes out: facts about every try; at the
end nothing is exposed, or a person was told what to do.
Does not: know Chaos Toolkit; rollbacks are played through the `Ledger` port.

This one function serves the conductor whose keeper died, the keeper whose conductor died, the next
process after a power cut, and `gameday revert`. It may be called again at any time. The order is
what makes it safe:

1. Fence (`fencing`). Whoever may still inject is killed, and is seen to be gone, before the first rollback:
   an orphaned Chaos Toolkit injects its next fault seconds after somebody else has reverted.
2. Claim (`rights`). One process has the right in the store, so that two hosts don't play at once.
3. Play, with back-off while it fails; each try is in the history. A rollback runs at least once,
   never exactly once: whoever dies in the middle of it leaves it to be played again.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace

from gameday import ports
from gameday.conduct import store_reads
from gameday.conduct.revert import claims, fencing
from gameday.conduct.revert.buffered_recorder import BufferedRecorder
from gameday.conduct.revert.context import FactRecorder, Machine, RevertContext
from gameday.core import exposure
from gameday.core.errors import StoreUnavailable
from gameday.core.exposure import Exposed
from gameday.core.facts import drill as ev
from gameday.core.facts import history
from gameday.core.values import DrillId, Instant, Seconds
from gameday.ports import RecordFact
from gameday.system.machine import ThisMachine, started
from gameday.system.processes import Identity

BACKOFF: tuple[Seconds, ...] = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds between the tries of a rollback that fails; the last one repeats."""
GIVE_UP: Seconds = 60.0
"""After so many seconds of tries that failed, a person must look."""
LOOK: Seconds = 0.2
"""How often a process that lost the claim looks whether the winner is done."""
SAVE_PATIENCE: Seconds = 35.0
"""Seconds to wait at the end for a store that is locked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """What settling came to. `rest`: what may still be in force, with the steps for a person."""

    rest: tuple[Exposed, ...] = ()
    fenced: int = 0
    swept: int = 0

    @property
    def reverted(self) -> bool:
        """Nothing is exposed any more."""
        return not self.rest


async def settle(
    store: ports.HistoryStore,
    drill: DrillId,
    *,
    rollback_player: ports.RollbackPlayer,
    clock: ports.Clock,
    machine: Machine | None = None,
    by: str = "conductor",
    spare: Iterable[Identity] = (),
    closing: str = "",
) -> Settled:
    """Undo everything that a drill of this store may have in force.

    closing: how the drill is to be closed (`aborted`); with it the conductor is ended too, every
    process of the drill is swept, what its `up` brought up is taken down, and DrillClosed is written.
    Without it the drill stays open, and a living conductor goes on. Raises StoreUnavailable when the
    history can't be read, LookupError if there is no such drill.
    """
    recorder = BufferedRecorder(store, drill, source=by, now=clock.now)
    context = RevertContext(
        drill=drill,
        by=by,
        store=store,
        recorder=recorder,
        clock=clock,
        rollback_player=rollback_player,
        machine=machine or ThisMachine(),
    )
    told = await store_reads.in_store_thread(lambda: store_reads.read(store, drill), SAVE_PATIENCE)
    if by in claims.REVERTERS:
        recorder.record(started(by, context.machine.me, context.machine.host))
    try:
        return await settle_history(told, context, spare=spare, closing=closing)
    finally:
        await recorder.close(SAVE_PATIENCE)


async def settle_history(
    told: history.History, context: RevertContext, *, spare: Iterable[Identity] = (), closing: str = ""
) -> Settled:
    """Do what `settle` does, for a history that was read already."""
    spared = (*spare, context.machine.me)
    exposed = exposure.open_faults(told)
    elsewhere = _elsewhere(exposed, context)
    if elsewhere:
        return Settled(rest=elsewhere)
    fenced = await fencing.fence(told, context, spare=spared, conductor=bool(closing))
    rest = await undo_all(exposed, context)
    if not closing:
        return Settled(rest=rest, fenced=fenced)
    swept = await clean_up(told, context, spare=spared)
    closed = told.last(ev.DrillClosed)
    if closed is None or (not closed.fact.reverted and not rest):
        context.recorder.record(ev.DrillClosed(how=closing, reverted=not rest))
    await release_environment(told, context)
    return Settled(rest=rest, fenced=fenced, swept=swept)


def _elsewhere(exposed: Iterable[Exposed], context: RevertContext) -> tuple[Exposed, ...]:
    """Give the faults that this host can't undo, with what a person must do; the drill stays open for it.

    Half a rollback may be worse than none, so a host that lacks anything reports, and plays nothing. Each
    report is written once: whoever looks again finds it there.
    """
    return tuple(each for each in (_report(one, context) for one in exposed) if each is not None)


def _report(exposed: Exposed, context: RevertContext) -> Exposed | None:
    request = exposed.request
    why = cannot(request, context)
    if not why:
        return None
    if exposed.error != why:
        context.recorder.record(ev.RevertFailed(fault=exposed.fault, attempt=exposed.attempts, error=why))
    return replace(exposed, steps=(why, *context.rollback_player.steps(request)))


def cannot(request: ev.FaultRequested, context: RevertContext) -> str:
    """Say why this host can't undo a fault; empty when it can.

    Who keeps the fault has what its injection had. Anybody else may lack a variable or a module.
    """
    host = context.machine.host
    if request.host and request.host != host:
        return f"only host {request.host} can revert this fault; this is {host}: run gameday revert there"
    lacks = context.rollback_player.lacks(request) if context.by in claims.REVERTERS else ()
    if not lacks:
        return ""
    return f"this process on {host} can't revert this fault: {'; '.join(lacks)}. Run gameday revert with them"


async def release_environment(told: history.History, context: RevertContext) -> None:
    """Release the environment's lease; one that the store can't take back expires by itself."""
    planned = told.first(ev.DrillPlanned)
    if planned is None:
        return
    with contextlib.suppress(StoreUnavailable, TimeoutError):
        async with asyncio.timeout(store_reads.STORE_PATIENCE):
            name = planned.fact.environment
            await asyncio.to_thread(context.store.release_lease, name, context.drill)


# --- play --------------------------------------------------------------------------------------


async def undo_all(exposed: Iterable[Exposed], context: RevertContext) -> tuple[Exposed, ...]:
    """Undo faults, all at once; give those that may still be in force."""
    faults = tuple(exposed)
    undone = await asyncio.gather(*(undo(each, context) for each in faults))
    return tuple(each for each, done in zip(faults, undone, strict=True) if not done)


async def undo(exposed: Exposed, context: RevertContext) -> bool:
    """Undo one fault that is fenced: claim it, then play its ledger until it is undone or time is up."""
    fault = exposed.fault
    while not await claims.claim(fault, context):
        await context.clock.sleep(LOOK)
        if await _over(fault, context):
            return True
    context.recorder.record(
        ev.RevertClaimed(fault=fault, by=context.by, host=context.machine.host, pid=context.machine.me.pid)
    )
    renewing = asyncio.ensure_future(claims.renew(fault, context))
    try:
        return await _play_until_undone(exposed, context)
    finally:
        renewing.cancel()


async def _over(fault: str, context: RevertContext) -> bool:
    """Tell whether whoever holds the claim has undone the fault."""
    try:
        told = await store_reads.in_store_thread(
            lambda: store_reads.read(context.store, context.drill), store_reads.STORE_PATIENCE
        )
    except (StoreUnavailable, TimeoutError):
        return False
    return all(each.fault != fault for each in exposure.open_faults(told))


async def _play_until_undone(exposed: Exposed, context: RevertContext) -> bool:
    fault, end = exposed.fault, context.clock.now() + GIVE_UP
    for count in itertools.count():
        attempt = exposed.attempts + count + 1
        played = await context.rollback_player.play(
            exposed.request, attempt, context.by, _tell(context.recorder), ask=exposed.certain
        )
        if played.undone:
            context.recorder.record(
                ev.FaultReverted(fault=fault, how=played.how, by=context.by), at=played.at
            )
            break
        pause = BACKOFF[min(count, len(BACKOFF) - 1)]
        final = context.clock.now() + pause > end
        steps = played.steps if final else ()
        context.recorder.record(
            ev.RevertFailed(fault=fault, attempt=attempt, error=played.error, steps=steps, final=final)
        )
        if final:
            return False
        await context.clock.sleep(pause)
    return True


def _tell(recorder: FactRecorder) -> RecordFact:
    def tell(fact: ev.Fact, at: Instant) -> None:
        recorder.record(fact, at=at)

    return tell


# --- and clean up ------------------------------------------------------------------------------


async def clean_up(told: history.History, context: RevertContext, *, spare: Iterable[Identity] = ()) -> int:
    """End every process of the drill, and take down what its `up` brought up; give how many were ended."""
    swept = await context.machine.sweep(context.drill, spare=spare)
    await take_down(told, context)
    return swept


async def tidy(
    told: history.History,
    store: ports.HistoryStore,
    drill: DrillId,
    *,
    rollback_player: ports.RollbackPlayer,
    clock: ports.Clock,
    machine: Machine,
    by: str = "conductor",
) -> int:
    """Clean up after a drill whose keeper never started, or died: nobody else will. told: its history."""
    recorder = BufferedRecorder(store, drill, source=by, now=clock.now)
    context = RevertContext(
        drill=drill,
        by=by,
        store=store,
        recorder=recorder,
        clock=clock,
        rollback_player=rollback_player,
        machine=machine,
    )
    try:
        return await clean_up(told, context)
    finally:
        await recorder.close(SAVE_PATIENCE)


async def take_down(told: history.History, context: RevertContext) -> None:
    """Take the environment down if this drill brought it up, here, and nobody took it down since."""
    brought = told.last(ev.EnvironmentBroughtUp)
    taken = told.last(ev.EnvironmentTakenDown)
    if brought is None or not brought.fact.down or (taken is not None and taken.at >= brought.at):
        return
    if told.first(ev.ProcessStarted) is not None and not fencing.recorded(told, context.machine.host):
        return  # another host's commands mean that host
    ran = await context.machine.run(brought.fact.down)
    code = -1 if ran.exit_code is None else ran.exit_code
    context.recorder.record(ev.EnvironmentTakenDown(command=brought.fact.down, exit_code=code))
