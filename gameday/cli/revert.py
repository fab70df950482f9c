"""`gameday revert`, and what every command does first: finding what an earlier drill left in force.

Comes in: the store. Goes out: reverted faults, or, step by step, what a person must do (exit 4).
Does not: try again and again what has failed for good: every command says so, `gameday revert` tries.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from gameday import ports, wiring
from gameday.cli.shared import find_drill, output
from gameday.conduct.drill import report
from gameday.conduct.revert import graceful_stop, revert
from gameday.conduct.revert.abandoned import OpenDrill, OpenDrillsLook
from gameday.core.errors import ExitCode, GamedayError, StoreUnavailable, UsageError, worst
from gameday.core.exposure import Exposed
from gameday.core.values import DrillId
from gameday.settings import Workspace
from gameday.system import clock
from gameday.system.clock import SystemClock
from gameday.system.ids import SystemIds
from gameday.system.machine import ThisMachine


def open_store(space: Workspace) -> ports.HistoryStore:
    """Open a workspace's store; as every command does, revert first of all what an earlier drill left."""
    _warn_where_none_is(space)
    store = wiring.workspace_store(space)
    try:
        recover(space, store)
    except GamedayError as error:  # the command itself says what is wrong with the store
        output.warn(f"could not look for what drills left: {error.message}")
    return store


def _warn_where_none_is(space: Workspace) -> None:
    """Warn where there is no workspace: a fault in force elsewhere must not be thought gone."""
    if not space.found:
        output.warn(f"{space.root} is not a workspace: no gameday.toml here or above")
        output.hint("go to the workspace first; drills of other folders are not looked at here")


def open_drills(store: ports.HistoryStore) -> list[OpenDrill]:
    """List the drills that are not closed, and whether anybody still looks after them."""
    return OpenDrillsLook(store=store, machine=ThisMachine(), now=clock.now()).open_drills()


def main(drill: str, *, everything: bool, here: bool = False) -> int:
    """Revert one drill, all of them, or those that nobody looks after any more.

    here: also those of this workspace on this host, looked after or not. A pipeline's job cleans up after
    itself so, and ends nobody else's drill in a store that several share.
    """
    if drill and (everything or here):
        raise UsageError(
            f"either '{drill}' or --{'all' if everything else 'here'}", hint="gameday revert --help"
        )
    space = wiring.workspace()
    _warn_where_none_is(space)
    store = wiring.workspace_store(space)
    drills = open_drills(store)
    if drill:
        chosen = _named(store, drills, drill)
        nothing = f"drill {drill} is closed: nothing of it is left to undo"
    else:
        ours = str(space.root) if here else None
        chosen = [one for one in drills if everything or one.left or one.gave_up or one.root == ours]
        nothing = "every open drill has its keeper; --all reverts them too"
    if not chosen:
        output.talk("nothing is in force" if here or drill == "last" or not (drill or drills) else nothing)
        return 0
    return _end(space, store, chosen)


def _named(store: ports.HistoryStore, drills: Sequence[OpenDrill], named: str) -> list[OpenDrill]:
    """Find an open drill by its id, a part of it, or `last`, the newest open one; none if it is closed."""
    if named == "last":
        return list(drills[:1])
    found = find_drill.find(store, named)
    return [one for one in drills if one.drill == found]


def _end(space: Workspace, store: ports.HistoryStore, chosen: Sequence[OpenDrill]) -> int:
    """Let living conductors end their drills; settle the others in their place."""
    for one in chosen:
        if not one.left:
            output.talk(f"{one.drill}: ending it, by its own conductor if that answers")
    asked = graceful_stop.ask_to_end(
        store, chosen, clock=SystemClock(), ids=SystemIds(), machine=ThisMachine()
    )
    ended = asyncio.run(asked)
    codes = [_tell_closed(store, drill, by=" by its own conductor") for drill in sorted(ended)]
    return worst([*codes, settle(space, store, [one for one in chosen if one.drill not in ended])])


def recover(space: Workspace, store: ports.HistoryStore) -> ExitCode:
    """Revert what drills left that nobody looks after any more; say so first. 0, or 4."""
    left = [one for one in open_drills(store) if one.left]
    fresh = [one for one in left if not one.gave_up]
    for one in left:
        if one.gave_up:
            output.warn(f"every try to revert what drill {one.drill} injected has failed")
            print_steps(one.drill, one.exposed)
            output.hint(f"see to it, then: gameday revert {one.drill}")
    for one in fresh:
        what = f"{len(one.exposed)} fault(s) may be in force" if one.exposed else "nothing is in force"
        output.warn(f"drill {one.drill} was left behind: {what}; reverting and closing it now")
    code = settle(space, store, fresh) if fresh else ExitCode.PASSED
    return ExitCode.FAULT_IN_FORCE if len(fresh) < len(left) else code


def recovered(space: Workspace, store: ports.HistoryStore, drill: DrillId) -> int | None:
    """Revert what drills left, and give the exit code of one of them; None: it has no history."""
    recover(space, store)
    try:
        return report.exit_code(report.judge(store, drill))
    except LookupError:
        return None


def settle(
    space: Workspace, store: ports.HistoryStore, chosen: Sequence[OpenDrill], *, by: str = "command"
) -> ExitCode:
    """Settle drills one after the other, write their files, and give 0, or 4 when one may be in force."""
    code = ExitCode.PASSED
    for one in chosen:
        settled = asyncio.run(
            revert.settle(
                store,
                one.drill,
                rollback_player=wiring.rollback_player(space, one.drill),
                clock=SystemClock(),
                machine=ThisMachine(cwd=space.root),
                by=by,
                closing="aborted",
            )
        )
        write_reports(space, store, one.drill)
        if settled.reverted:
            code = worst((code, _tell_closed(store, one.drill)))
        else:
            code = ExitCode.FAULT_IN_FORCE
            print_steps(one.drill, settled.rest)
    return code


def _tell_closed(store: ports.HistoryStore, drill: DrillId, *, by: str = "") -> ExitCode:
    """Tell that a drill is closed: 0; or 4 where nothing undid a fault and users were still hurt."""
    doubtful = report.still_exposed(report.judge(store, drill))
    output.talk(f"{drill}: {'' if doubtful else 'reverted and '}closed{by}")
    if doubtful:
        print_steps(drill, doubtful)
    return ExitCode.FAULT_IN_FORCE if doubtful else ExitCode.PASSED


def write_reports(space: Workspace, store: ports.HistoryStore, drill: DrillId) -> Path | None:
    """Write a drill's files, and give their folder; None, and say so, where the disk takes none.

    Reverting goes on: the next drill's fault does not wait for this one's report.
    """
    try:
        return wiring.write_reports(space, store, drill)
    except StoreUnavailable as away:
        output.warn(away.message)
        output.hint(f"once the disk takes it, this writes the drill's files: gameday postmortem {drill}")
        return None


def print_steps(drill: DrillId, rest: Sequence[Exposed]) -> None:
    """Print what a person must do by hand."""
    output.talk(f"error: {drill}: a fault may still be in force. What a person must do:")
    for exposed in rest:
        for number, step in enumerate(exposed.steps or ("look at the experiment's rollbacks",), start=1):
            output.talk(f"  {number}. {step}")
