"""Undoes what a drill left in force: fence, claim, play the ledger, and clean up.

Comes in: a drill's history, and a way to play rollbacks. Goes out: facts about every try; at the
end nothing is exposed, or a person was told what to do.
Does not: know Chaos Toolkit; rollbacks are played through the `Ledger` port.

This one function serves the conductor whose keeper died, the keeper whose conductor died, the next
process after a power cut, and `gameday revert`. It may be called again at any time. The order is
what makes it safe:

1. Fence. Whoever may still inject is killed, and is seen to be gone, before the first rollback:
   an orphaned Chaos Toolkit injects its next fault seconds after somebody else has reverted.
2. Claim. One process has the right in the store, so that two hosts don't play at once; the keeper
   has it from the injection on. A dead process of this host gives it back; a dead host's expires.
3. Play, with back-off while it fails; each try is in the history. A rollback runs at least once,
   never exactly once: whoever dies in the middle of it leaves it to be played again.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

from gameday import ports
from gameday.conduct.backlog import Backlog
from gameday.core import events as ev
from gameday.core import exposure, history
from gameday.core.errors import StoreUnavailable
from gameday.core.exposure import Exposed
from gameday.core.values import DrillId, Instant, Seconds
from gameday.ports import Tell
from gameday.system import processes
from gameday.system.machine import ThisMachine, started
from gameday.system.processes import Identity

BACKOFF: tuple[Seconds, ...] = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds between the tries of a rollback that fails; the last one repeats."""
GIVE_UP: Seconds = 60.0
"""After so many seconds of tries that failed, a person must look."""
CLAIM: Seconds = 30.0
"""Seconds for which the right to revert is held. The keeper renews it; a dead host's is free after it."""
RENEW: Seconds = 10.0
"""How often it is renewed while the fault is held or being reverted."""
STORE_PATIENCE: Seconds = 0.3
"""Seconds that a revert waits for the store before it goes on without it."""
LOOK: Seconds = 0.2
"""How often a process that lost the claim looks whether the winner is done."""
SAVE_PATIENCE: Seconds = 35.0
"""Seconds to wait at the end for a store that is locked."""

FENCED = ("conductor", "keeper", "chaoslib", "standby")
"""Roles that may inject or revert, in the order in which they are killed."""
REVERTERS = ("command", "worker")
"""Roles that only revert: they hold a claim, and are not killed for it."""
ALL = (*FENCED, *REVERTERS)

FAULT_MARKER = "GAMEDAY_FAULT"
"""The environment variable that names the fault in the Chaos Toolkit process and all that it starts."""


T = TypeVar("T")

_store_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="store")
"""A store that is locked blocks these, and no thread that ends a process or talks to one."""

Ledger = ports.Ledger
"""Plays rollbacks; who conducts gets its ledger from here."""


class Pen(Protocol):
    """Takes facts without ever waiting for the store; `conduct.backlog` is one."""

    def record(self, fact: ev.Fact, *, at: Instant | None = None) -> ev.Event:
        """Take a fact that occurred `at` (now, without it)."""
        ...


class Machine(Protocol):
    """Ends processes and runs commands; `system.machine` is one."""

    @property
    def host(self) -> str:
        """The machine's name."""
        ...

    @property
    def me(self) -> Identity:
        """This process."""
        ...

    def alive(self, who: Identity) -> bool:
        """Tell whether exactly this process still runs."""
        ...

    def stopped(self, who: Identity) -> bool:
        """Tell whether a process is stopped: it lives, and does nothing."""
        ...

    async def end(self, who: Identity, *, group: bool = True) -> bool:
        """SIGKILL exactly this process, and wait until it is gone."""
        ...

    async def sweep(
        self, value: str, *, variable: str = processes.MARKER, spare: Iterable[Identity] = ()
    ) -> int:
        """End every process whose environment has `variable=value`, but ourselves and `spare`."""
        ...

    async def run(self, argv: Sequence[str]) -> ports.Ran:
        """Run a command to its end."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Hands:
    """What undoing works with. by: keeper | conductor | command | worker."""

    drill: DrillId
    by: str
    store: ports.HistoryStore
    pen: Pen
    clock: ports.Clock
    ledger: Ledger
    machine: Machine = field(default_factory=ThisMachine)

    @property
    def holder(self) -> str:
        """Name this process as the holder of a right."""
        return holder(self.machine.host, self.machine.me.pid)


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
    ledger: Ledger,
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
    pen = Backlog(store, drill, source=by, now=clock.now)
    hands = Hands(
        drill=drill,
        by=by,
        store=store,
        pen=pen,
        clock=clock,
        ledger=ledger,
        machine=machine or ThisMachine(),
    )
    told = await in_store_thread(lambda: read(store, drill), SAVE_PATIENCE)
    if by in REVERTERS:
        pen.record(started(by, hands.machine.me, hands.machine.host))
    try:
        return await settle_history(told, hands, spare=spare, closing=closing)
    finally:
        await pen.close(SAVE_PATIENCE)


def read(store: ports.HistoryStore, drill: DrillId) -> history.History:
    """Read a drill's history, without its load."""
    return history.of(stored.event for stored in store.read(drill))


async def settle_history(
    told: history.History, hands: Hands, *, spare: Iterable[Identity] = (), closing: str = ""
) -> Settled:
    """Do what `settle` does, for a history that was read already."""
    spared = (*spare, hands.machine.me)
    exposed = exposure.of(told)
    elsewhere = _elsewhere(exposed, hands)
    if elsewhere:
        return Settled(rest=elsewhere)
    fenced = await fence(told, hands, spare=spared, conductor=bool(closing))
    rest = await undo_all(exposed, hands)
    if not closing:
        return Settled(rest=rest, fenced=fenced)
    swept = await clean_up(told, hands, spare=spared)
    closed = told.last(ev.DrillClosed)
    if closed is None or (not closed.fact.reverted and not rest):
        hands.pen.record(ev.DrillClosed(how=closing, reverted=not rest))
    await _give_environment_back(told, hands)
    return Settled(rest=rest, fenced=fenced, swept=swept)


def _elsewhere(exposed: Iterable[Exposed], hands: Hands) -> tuple[Exposed, ...]:
    """Give the faults that this host can't undo, with what a person must do; the drill stays open for it.

    Half a rollback may be worse than none, so a host that lacks anything reports, and plays nothing. Each
    report is written once: whoever looks again finds it there.
    """
    return tuple(each for each in (_report(one, hands) for one in exposed) if each is not None)


def _report(exposed: Exposed, hands: Hands) -> Exposed | None:
    request = exposed.request
    why = cannot(request, hands)
    if not why:
        return None
    if exposed.error != why:
        hands.pen.record(ev.RevertFailed(fault=exposed.fault, attempt=exposed.attempts, error=why))
    return replace(exposed, steps=(why, *hands.ledger.steps(request)))


def cannot(request: ev.FaultRequested, hands: Hands) -> str:
    """Say why this host can't undo a fault; empty when it can.

    Who keeps the fault has what its injection had. Anybody else may lack a variable or a module.
    """
    host = hands.machine.host
    if request.host and request.host != host:
        return f"only host {request.host} can revert this fault; this is {host}: run gameday revert there"
    lacks = hands.ledger.lacks(request) if hands.by in REVERTERS else ()
    if not lacks:
        return ""
    return f"this process on {host} can't revert this fault: {'; '.join(lacks)}. Run gameday revert with them"


async def _give_environment_back(told: history.History, hands: Hands) -> None:
    """Release the environment's lease; one that the store can't take back expires by itself."""
    planned = told.first(ev.DrillPlanned)
    if planned is None:
        return
    with contextlib.suppress(StoreUnavailable, TimeoutError):
        async with asyncio.timeout(STORE_PATIENCE):
            name = planned.fact.environment
            await asyncio.to_thread(hands.store.release_lease, name, hands.drill)


# --- 1. fence ----------------------------------------------------------------------------------


async def fence(
    told: history.History, hands: Hands, *, spare: Iterable[Identity] = (), conductor: bool
) -> int:
    """Kill every recorded process of this host that may inject or revert; give how many there were."""
    count = 0
    for role, who in living(told, hands.machine, FENCED):
        if who in spare or (role == "conductor" and not conductor):
            continue
        await hands.machine.end(
            who, group=role != "conductor"
        )  # a conductor's group may be a shell's pipeline
        count += 1
    for fault in {requested.fact.fault for requested in told.each(ev.FaultRequested)}:
        count += await hands.machine.sweep(fault_mark(hands.drill, fault), variable=FAULT_MARKER, spare=spare)
    return count


def recorded(told: history.History, host: str) -> list[tuple[str, Identity]]:
    """List the recorded processes of a host, living or not, with their roles."""
    here = [dated.fact for dated in told.each(ev.ProcessStarted) if dated.fact.host == host]
    named = [(p.role, Identity(pid=p.pid, started_ticks=p.started_ticks, boot=p.boot)) for p in here]
    return list(dict.fromkeys(named))


def living(told: history.History, machine: Machine, roles: Sequence[str]) -> list[tuple[str, Identity]]:
    """List the recorded processes of these roles that live on this host, in the order of the roles."""
    alive = [
        (role, who) for role, who in recorded(told, machine.host) if role in roles and machine.alive(who)
    ]
    return sorted(alive, key=lambda pair: roles.index(pair[0]))


def fault_mark(drill: DrillId, fault: str) -> str:
    """Give the value of FAULT_MARKER for one fault of one drill."""
    return f"{drill}/{fault}"


# --- 2. claim ----------------------------------------------------------------------------------


def holder(host: str, pid: int) -> str:
    """Name a process as the holder of a right."""
    return f"{host}:{pid}"


async def in_store_thread(ask: Callable[[], T], within: Seconds) -> T:
    """Ask the store something in a thread that only the store may block. Raises TimeoutError."""
    async with asyncio.timeout(within):
        return await asyncio.get_running_loop().run_in_executor(_store_threads, ask)


async def claim(fault: str, hands: Hands) -> bool:
    """Win or renew the right to revert a fault. A store that is away decides nothing: go on."""

    def ask() -> bool:
        return _claim(fault, hands) or (_give_back_the_dead(fault, hands) and _claim(fault, hands))

    try:
        return await in_store_thread(ask, STORE_PATIENCE)
    except (StoreUnavailable, TimeoutError, LookupError):
        return True


def _claim(fault: str, hands: Hands) -> bool:
    until = Instant(hands.clock.now() + CLAIM)
    return hands.store.claim(hands.drill, right(fault), hands.holder, until=until)


def _give_back_the_dead(fault: str, hands: Hands) -> bool:
    """End the right of every process of this host that is gone, in its own name; True if there was one."""
    machine, now = hands.machine, hands.clock.now()
    told = read(hands.store, hands.drill)
    alive = {who for _, who in living(told, machine, ALL)}
    dead = [who for role, who in recorded(told, machine.host) if role in ALL and who not in alive]
    given = [
        hands.store.claim(hands.drill, right(fault), holder(machine.host, who.pid), until=now)
        for who in dead
        if who.pid != machine.me.pid
    ]
    return any(given)


def right(fault: str) -> str:
    """Name the right to revert a fault."""
    return f"revert:{fault}"


# --- 3. play -----------------------------------------------------------------------------------


async def undo_all(exposed: Iterable[Exposed], hands: Hands) -> tuple[Exposed, ...]:
    """Undo faults, all at once; give those that may still be in force."""
    faults = tuple(exposed)
    undone = await asyncio.gather(*(undo(each, hands) for each in faults))
    return tuple(each for each, done in zip(faults, undone, strict=True) if not done)


async def undo(exposed: Exposed, hands: Hands) -> bool:
    """Undo one fault that is fenced: claim it, then play its ledger until it is undone or time is up."""
    fault = exposed.fault
    while not await claim(fault, hands):
        await hands.clock.sleep(LOOK)
        if await _over(fault, hands):
            return True
    hands.pen.record(
        ev.RevertClaimed(fault=fault, by=hands.by, host=hands.machine.host, pid=hands.machine.me.pid)
    )
    renewing = asyncio.ensure_future(keep_claim(fault, hands))
    try:
        return await _play_until_undone(exposed, hands)
    finally:
        renewing.cancel()


async def keep_claim(fault: str, hands: Hands) -> None:
    """Renew the right to revert a fault until cancelled."""
    while True:
        await claim(fault, hands)
        await hands.clock.sleep(RENEW)


async def _over(fault: str, hands: Hands) -> bool:
    """Tell whether whoever holds the claim has undone the fault."""
    try:
        told = await in_store_thread(lambda: read(hands.store, hands.drill), STORE_PATIENCE)
    except (StoreUnavailable, TimeoutError):
        return False
    return all(each.fault != fault for each in exposure.of(told))


async def _play_until_undone(exposed: Exposed, hands: Hands) -> bool:
    fault, end = exposed.fault, hands.clock.now() + GIVE_UP
    for count in itertools.count():
        attempt = exposed.attempts + count + 1
        played = await hands.ledger.play(
            exposed.request, attempt, hands.by, _tell(hands.pen), ask=exposed.certain
        )
        if played.undone:
            hands.pen.record(ev.FaultReverted(fault=fault, how=played.how, by=hands.by), at=played.at)
            break
        pause = BACKOFF[min(count, len(BACKOFF) - 1)]
        final = hands.clock.now() + pause > end
        steps = played.steps if final else ()
        hands.pen.record(
            ev.RevertFailed(fault=fault, attempt=attempt, error=played.error, steps=steps, final=final)
        )
        if final:
            return False
        await hands.clock.sleep(pause)
    return True


def _tell(pen: Pen) -> Tell:
    def tell(fact: ev.Fact, at: Instant) -> None:
        pen.record(fact, at=at)

    return tell


# --- and clean up ------------------------------------------------------------------------------


async def clean_up(told: history.History, hands: Hands, *, spare: Iterable[Identity] = ()) -> int:
    """End every process of the drill, and take down what its `up` brought up; give how many were ended."""
    swept = await hands.machine.sweep(hands.drill, spare=spare)
    await take_down(told, hands)
    return swept


async def tidy(
    told: history.History,
    store: ports.HistoryStore,
    drill: DrillId,
    *,
    ledger: Ledger,
    clock: ports.Clock,
    machine: Machine,
    by: str = "conductor",
) -> int:
    """Clean up after a drill whose keeper never started, or died: nobody else will. told: its history."""
    pen = Backlog(store, drill, source=by, now=clock.now)
    hands = Hands(drill=drill, by=by, store=store, pen=pen, clock=clock, ledger=ledger, machine=machine)
    try:
        return await clean_up(told, hands)
    finally:
        await pen.close(SAVE_PATIENCE)


async def take_down(told: history.History, hands: Hands) -> None:
    """Take the environment down if this drill brought it up, here, and nobody took it down since."""
    brought = told.last(ev.EnvironmentBroughtUp)
    taken = told.last(ev.EnvironmentTakenDown)
    if brought is None or not brought.fact.down or (taken is not None and taken.at >= brought.at):
        return
    if told.first(ev.ProcessStarted) is not None and not recorded(told, hands.machine.host):
        return  # another host's commands mean that host
    ran = await hands.machine.run(brought.fact.down)
    code = -1 if ran.exit_code is None else ran.exit_code
    hands.pen.record(ev.EnvironmentTakenDown(command=brought.fact.down, exit_code=code))
