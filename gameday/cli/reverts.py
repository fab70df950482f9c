"""`gameday revert`, and what every command does first: finding what an earlier drill left in force.

Comes in: the store. Goes out: reverted faults, or, step by step, what a person must do (exit 4).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from gameday import ports, wiring
from gameday.cli import output
from gameday.conduct import closing, reverting
from gameday.core import events as ev
from gameday.core import exposure
from gameday.core.errors import UsageError
from gameday.core.exposure import Exposed
from gameday.core.values import DrillId
from gameday.settings import Workspace
from gameday.system import processes
from gameday.system.clock import SystemClock
from gameday.system.machine import ThisMachine


@dataclass(frozen=True, kw_only=True, slots=True)
class Open:
    """A drill that is not closed.

    orphaned  nobody on this host conducts or keeps it any more
    root      the workspace on this host from which its fault was injected; empty: it was not, or elsewhere
    """

    drill: DrillId
    exposed: tuple[Exposed, ...]
    orphaned: bool
    root: str = ""


def open_drills(store: ports.HistoryStore) -> list[Open]:
    """List the drills that are not closed, and whether anybody still looks after them."""
    machine = ThisMachine()
    found = []
    for row in store.live():
        told = closing.history_of(store, row.drill)
        here = any(p.fact.host == machine.host for p in told.each(ev.ProcessStarted))
        keepers = reverting.living(told, machine, ("conductor", "keeper"))
        orphaned = here and not keepers
        requested = told.first(ev.FaultRequested)
        root = requested.fact.cwd if here and requested is not None else ""
        found.append(Open(drill=row.drill, exposed=exposure.of(told), orphaned=orphaned, root=root))
    return found


def main(drill: str, *, everything: bool, here: bool = False) -> int:
    """Revert one drill, all of them, or those that nobody looks after any more.

    here: also those of this workspace on this host, looked after or not. A pipeline's job cleans up after
    itself so, and ends nobody else's drill in a store that several share.
    """
    space = wiring.workspace()
    store = wiring.store_of(space)
    drills = open_drills(store)
    if drill:
        chosen = [one for one in drills if one.drill == drill]
        if not chosen:
            raise UsageError(
                f"no open drill is called '{drill}'", hint="gameday status shows the open drills"
            )
    else:
        ours = str(space.root) if here else None
        chosen = [one for one in drills if everything or one.orphaned or one.root == ours]
    if not chosen:
        output.talk(
            "nothing is in force"
            if here or not drills
            else "every open drill has its keeper; --all reverts them too"
        )
        return 0
    return settle(space, store, chosen)


def recover(space: Workspace, store: ports.HistoryStore) -> int:
    """Revert what drills left that nobody looks after any more; say so first. 0, or 4."""
    orphaned = [one for one in open_drills(store) if one.orphaned]
    if not orphaned:
        return 0
    for one in orphaned:
        what = f"{len(one.exposed)} fault(s) may be in force" if one.exposed else "nothing is in force"
        output.warn(f"drill {one.drill} was left behind: {what}; reverting and closing it now")
    return settle(space, store, orphaned)


def settle(space: Workspace, store: ports.HistoryStore, chosen: Sequence[Open]) -> int:
    """Settle drills one after the other, write their files, and give 0, or 4 when one may be in force."""
    code = 0
    for one in chosen:
        settled = asyncio.run(
            reverting.settle(
                store,
                one.drill,
                ledger=wiring.ledger(space, one.drill),
                clock=SystemClock(),
                by="command",
                closing="aborted",
            )
        )
        wiring.leave(space, store, one.drill)
        if settled.reverted:
            output.talk(f"{one.drill}: reverted and closed")
        else:
            code = 4
            tell_steps(one.drill, settled.rest)
    return code


def tell_steps(drill: DrillId, rest: Sequence[Exposed]) -> None:
    """Print what a person must do by hand."""
    output.talk(f"error: {drill}: a fault may still be in force. On {processes.hostname()} or by hand:")
    for exposed in rest:
        for number, step in enumerate(exposed.steps or ("look at the experiment's rollbacks",), start=1):
            output.talk(f"  {number}. {step}")
