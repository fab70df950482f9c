"""Reverts what a drill left in force: fence, claim, play the rollbacks, and clean up.

Every try is recorded. At the end nothing is exposed, or the history says what a person must do.

This one function serves the conductor whose keeper died, the keeper whose conductor died, the next
process after a power cut, and `gameday revert`. It may be called again at any time. The order is
what makes it safe:

1. Fence (`fencing`). Every process that may still inject is killed, and gone, before the first rollback:
   an orphaned Chaos Toolkit injects its next fault seconds after somebody else has reverted.
2. Claim (`claims`). One process has the right in the store, so that two hosts don't play at once.
3. Play, with back-off while it fails. A rollback runs at least once,
   never exactly once: whoever dies in the middle of it leaves it to be played again.

A history is data, and may be a stranger's: what this installation did not sign is neither played nor fenced
nor run without a person's word. A fault whose request is lost can't be played at all. Both are given back
with what a person must do, and their drill stays open.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace

from gameday import ports
from gameday.conduct import store_reads
from gameday.conduct.revert import claims, fencing, steady_state
from gameday.conduct.revert.buffered_recorder import BufferedRecorder
from gameday.conduct.revert.context import FactRecorder, Machine, RevertContext
from gameday.core import exposure
from gameday.core.errors import StoreUnavailable
from gameday.core.exposure import Exposed
from gameday.core.facts import drill as ev
from gameday.core.facts.history import History
from gameday.core.values import DrillId, Instant, Seconds
from gameday.ports import RecordFact
from gameday.system.machine import ThisMachine, started
from gameday.system.processes import Identity

BACKOFF: tuple[Seconds, ...] = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds between the tries of a rollback that fails; the last one repeats."""
GIVE_UP: Seconds = 60.0
"""After so many seconds of tries that failed, a person must look."""
POLL_INTERVAL: Seconds = 0.2
"""How often a process without the claim looks whether the one that has it is done."""
SAVE_PATIENCE: Seconds = 35.0
"""Seconds to wait at the end for a store that is locked."""
END_BY_HAND = "end by hand what the method left running, and look that it does not come back"
LOOK_BY_HAND = "look at the environment, and undo by hand what the drill may have left there"


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """The outcome of `settle`. `rest`: what may still be in force, with the steps for a person."""

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
    play_unsigned: bool = False,
) -> Settled:
    """Revert everything that a drill of this store may have in force.

    closing: how the drill is to be closed (`aborted`). With it the conductor is killed too, every process of
    the drill is ended, what its `up` brought up is taken down, and DrillClosed is recorded.
    Without it the drill stays open, and a living conductor goes on.
    play_unsigned: a person's word that what this installation did not sign may be played, too.
    Raises StoreUnavailable when the history can't be read, LookupError if there is no such drill.
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
        play_unsigned=play_unsigned,
    )
    history = await store_reads.in_store_thread(lambda: store_reads.read(store, drill), SAVE_PATIENCE)
    if by in claims.REVERTERS:
        recorder.record(started(by, context.machine.me, context.machine.host))
    try:
        return await settle_history(history, context, spare=spare, closing=closing)
    finally:
        await recorder.close(SAVE_PATIENCE)


async def settle_history(
    history: History, context: RevertContext, *, spare: Iterable[Identity] = (), closing: str = ""
) -> Settled:
    """Do the work of `settle` for a history that was read already."""
    if history.imported:
        return Settled()
    spared = (*spare, context.machine.me)
    exposed = exposure.in_doubt(history)
    playable = tuple(fault for fault in exposed if _may_be_played(fault, context))
    for_a_person = tuple(_shown(fault, context) for fault in exposed if fault not in playable)
    elsewhere = _elsewhere(playable, context)
    if elsewhere:  # before fencing: such a host must not kill a keeper that can revert
        return Settled(rest=(*elsewhere, *for_a_person))
    if not context.play_unsigned:
        history = exposure.without_unsigned(history)
    fenced = await fencing.fence(history, context, spare=spared, conductor=bool(closing))
    rest = (*await undo_all(playable, context), *for_a_person)
    # What nobody may touch is left as it is: each look at it would otherwise add to its history.
    if not closing or (for_a_person and not playable):
        return Settled(rest=rest, fenced=fenced)
    # After the rollbacks, and before what `up` brought up is taken down.
    if not rest:
        await steady_state.confirm(history, context)
    swept = await clean_up(history, context, spare=spared)
    closed = history.last(ev.DrillClosed)
    # A drill that was closed with a fault in force gets a second DrillClosed once that is gone (adr/0011).
    if closed is None or (not closed.fact.reverted and not rest):
        context.recorder.record(ev.DrillClosed(how=closing, reverted=not rest))
    await release_environment(history, context)
    return Settled(rest=rest, fenced=fenced, swept=swept)


def _may_be_played(exposed: Exposed, context: RevertContext) -> bool:
    return not exposed.lost and (exposed.signed or context.play_unsigned)


def _shown(exposed: Exposed, context: RevertContext) -> Exposed:
    """Give a fault that may not be played with what a person must do, or look at."""
    if exposed.lost:
        return replace(exposed, steps=exposed.steps or (LOOK_BY_HAND,))
    return replace(exposed, steps=context.rollback_player.runs(exposed.request))


def _elsewhere(exposed: Iterable[Exposed], context: RevertContext) -> tuple[Exposed, ...]:
    """Give the faults that this host can't revert, with what a person must do. The drill stays open.

    Half a rollback may be worse than none, so a host that lacks anything plays nothing.
    """
    reports = (_report(fault, context) for fault in exposed)
    return tuple(report for report in reports if report is not None)


def _report(exposed: Exposed, context: RevertContext) -> Exposed | None:
    request = exposed.request
    why = cannot(request, context)
    if not why:
        return None
    if exposed.error != why:  # once: whoever looks again finds the same report in the history
        context.recorder.record(ev.RevertFailed(fault=exposed.fault, attempt=exposed.attempts, error=why))
    return replace(exposed, error=why, steps=(why, *context.rollback_player.steps(request)))


def cannot(request: ev.FaultRequested, context: RevertContext) -> str:
    """Give why this host can't revert a fault; empty when it can.

    The keeper has what the injection had. Any other process may lack a variable or a module.
    """
    host = context.machine.host
    if request.host and request.host != host:
        return f"only host {request.host} can revert this fault; this is {host}: run gameday revert there"
    lacks = context.rollback_player.lacks(request) if context.by in claims.REVERTERS else ()
    if not lacks:
        return ""
    why = "; ".join(lacks)
    return f"this process on {host} can't revert this fault: {why}. Run gameday revert where it has them"


async def release_environment(history: History, context: RevertContext) -> None:
    """Release the environment's lease. If the store is away, it expires by itself."""
    planned = history.first(ev.DrillPlanned)
    if planned is None:
        return
    with contextlib.suppress(StoreUnavailable, TimeoutError):
        async with asyncio.timeout(store_reads.STORE_PATIENCE):
            name = planned.fact.environment
            await asyncio.to_thread(context.store.release_lease, name, context.drill)


# --- play --------------------------------------------------------------------------------------


async def undo_all(exposed: Iterable[Exposed], context: RevertContext) -> tuple[Exposed, ...]:
    """Revert faults, all at once; give those that may still be in force."""
    faults = tuple(exposed)
    undone = await asyncio.gather(*(undo(fault, context) for fault in faults))
    return tuple(fault for fault, done in zip(faults, undone, strict=True) if not done)


async def undo(exposed: Exposed, context: RevertContext) -> bool:
    """Revert one fault that is fenced: claim it, then play its rollbacks until it is undone or time is up."""
    fault = exposed.fault
    while not await claims.claim(fault, context):
        await context.clock.sleep(POLL_INTERVAL)
        if await _undone_elsewhere(fault, context):
            return True
    context.recorder.record(
        ev.RevertClaimed(fault=fault, by=context.by, host=context.machine.host, pid=context.machine.me.pid)
    )
    # Tries may go on for longer than a claim is valid; without renewal another host would begin to play, too.
    renewing = asyncio.ensure_future(claims.renew(fault, context))
    try:
        return await _play_until_undone(exposed, context)
    finally:
        renewing.cancel()


async def _undone_elsewhere(fault: str, context: RevertContext) -> bool:
    """Report whether the process with the claim has reverted the fault."""
    try:
        history = await store_reads.in_store_thread(
            lambda: store_reads.read(context.store, context.drill), store_reads.STORE_PATIENCE
        )
    except (StoreUnavailable, TimeoutError):
        return False
    return all(exposed.fault != fault for exposed in exposure.open_faults(history))


async def _play_until_undone(exposed: Exposed, context: RevertContext) -> bool:
    fault, end = exposed.fault, context.clock.now() + GIVE_UP
    for count in itertools.count():
        # Numbers go on from those of earlier processes, so that every try has one of its own.
        attempt = exposed.attempts + count + 1
        played = await context.rollback_player.play(
            exposed.request, attempt, context.by, _fact_recorder(context.recorder), ask=exposed.certain
        )
        if played.undone and (left := context.unended.get(fault, "")):
            # Nothing shows that it stays undone, and another try would show no more.
            context.recorder.record(
                ev.RevertFailed(
                    fault=fault,
                    attempt=attempt,
                    error=left,
                    steps=(END_BY_HAND, *context.rollback_player.steps(exposed.request)),
                    final=True,
                )
            )
            return False
        if played.undone:
            context.recorder.record(
                ev.FaultReverted(fault=fault, how=played.how, by=context.by), at=played.at
            )
            break
        pause = BACKOFF[min(count, len(BACKOFF) - 1)]
        # Known before the pause: a person must not learn of it only after another wait.
        final = context.clock.now() + pause > end
        steps = played.steps if final else ()
        context.recorder.record(
            ev.RevertFailed(fault=fault, attempt=attempt, error=played.error, steps=steps, final=final)
        )
        if final:
            return False
        await context.clock.sleep(pause)
    return True


def _fact_recorder(recorder: FactRecorder) -> RecordFact:
    def record(fact: ev.Fact, at: Instant) -> None:
        recorder.record(fact, at=at)

    return record


# --- and clean up ------------------------------------------------------------------------------


async def clean_up(history: History, context: RevertContext, *, spare: Iterable[Identity] = ()) -> int:
    """End every process of the drill, and take down what its `up` brought up; give how many were ended."""
    swept = 0
    # Somebody else's history may bear the name of a drill of ours, whose processes must live.
    if exposure.is_ours(history) or context.play_unsigned:
        swept = await fencing.end_ours(history, context, spare=spare)
    await take_down(history, context)
    return swept


async def tidy(
    history: History,
    store: ports.HistoryStore,
    drill: DrillId,
    *,
    rollback_player: ports.RollbackPlayer,
    clock: ports.Clock,
    machine: Machine,
    by: str = "conductor",
) -> int:
    """Clean up after a drill whose keeper never started, or died: nobody else will."""
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
        return await clean_up(history, context)
    finally:
        await recorder.close(SAVE_PATIENCE)


async def take_down(history: History, context: RevertContext) -> None:
    """Take the environment down if this drill brought it up on this host, and nobody took it down since."""
    brought_up = history.last(ev.EnvironmentBroughtUp)
    taken_down = history.last(ev.EnvironmentTakenDown)
    if (
        brought_up is None
        or not brought_up.fact.down
        or (taken_down is not None and taken_down.at >= brought_up.at)
    ):
        return
    if history.first(ev.ProcessStarted) is not None and not fencing.recorded(history, context.machine.host):
        return  # its `down` is for the host that ran its `up`
    if not context.machine.has_folder:
        return  # in another folder it would take down something else
    ran = await context.machine.run(brought_up.fact.down)
    code = -1 if ran.exit_code is None else ran.exit_code
    context.recorder.record(ev.EnvironmentTakenDown(command=brought_up.fact.down, exit_code=code))
