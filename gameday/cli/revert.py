"""`gameday revert`, and what every command does first: revert what an earlier drill left in force.

Where a fault cannot be reverted, the steps that a person must take are printed, with exit code 4. What has
failed for good is not tried again by every command: each warns of it, and only `gameday revert` retries.
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
    """Open a workspace's store, and first revert what an earlier drill left in force."""
    _warn_without_workspace(space)
    store = wiring.workspace_store(space)
    try:
        recover(space, store)
    except GamedayError as error:  # the command itself explains what is wrong with the store
        output.warn(f"could not look for abandoned drills: {error.message}")
    return store


def _warn_without_workspace(space: Workspace) -> None:
    """Warn outside every workspace: nobody must conclude that no fault is in force elsewhere."""
    if not space.found:
        output.warn(f"{space.root} is not a workspace: no gameday.toml here or above")
        output.hint("change into the workspace first; drills of other folders are not checked from here")


def open_drills(store: ports.HistoryStore) -> list[OpenDrill]:
    """List the drills that are not closed, and whether a process still looks after them."""
    return OpenDrillsLook(store=store, machine=ThisMachine(), now=clock.now()).open_drills()


def main(drill: str, *, everything: bool, here: bool = False) -> int:
    """Revert one drill, all of them, or those that no process looks after any more.

    here: also those of this workspace on this host, looked after or not. This is how a CI job cleans up after
    itself without ending somebody else's drill in a shared store.
    """
    if drill and (everything or here):
        raise UsageError(
            f"give either '{drill}' or --{'all' if everything else 'here'}, not both",
            hint="gameday revert --help",
        )
    space = wiring.workspace()
    _warn_without_workspace(space)
    store = wiring.workspace_store(space)
    drills = open_drills(store)
    if drill:
        chosen = _named(store, drills, drill)
        nothing = f"drill {drill} is closed: nothing is left to revert"
    else:
        ours = str(space.root) if here else None
        chosen = [
            open_drill
            for open_drill in drills
            if everything or open_drill.left or open_drill.gave_up or open_drill.root == ours
        ]
        nothing = "every open drill is looked after by its own processes; --all reverts them too"
    if not chosen:
        output.talk("nothing is in force" if here or drill == "last" or not (drill or drills) else nothing)
        return 0
    return _end(space, store, chosen)


def _named(store: ports.HistoryStore, drills: Sequence[OpenDrill], named: str) -> list[OpenDrill]:
    """Find an open drill by its id, a part of it, or `last`, the newest open one; none if it is closed."""
    if named == "last":
        return list(drills[:1])
    drill = find_drill.find(store, named)
    return [open_drill for open_drill in drills if open_drill.drill == drill]


def _end(space: Workspace, store: ports.HistoryStore, chosen: Sequence[OpenDrill]) -> int:
    """Ask live conductors to end their drills, and settle the others from here."""
    for open_drill in chosen:
        if not open_drill.left:
            output.talk(f"{open_drill.drill}: asking its conductor to end it; ending it from here otherwise")
    # Asked first: a conductor ends its load and writes its reports, which killing it would prevent.
    asked = graceful_stop.ask_to_end(
        store, chosen, clock=SystemClock(), ids=SystemIds(), machine=ThisMachine()
    )
    ended = asyncio.run(asked)
    codes = [_report_closed(store, drill, by=" by its own conductor") for drill in sorted(ended)]
    rest = [open_drill for open_drill in chosen if open_drill.drill not in ended]
    return worst([*codes, settle(space, store, rest)])


def recover(space: Workspace, store: ports.HistoryStore) -> ExitCode:
    """Warn of drills that no process looks after any more, and revert what they left. Gives 0, or 4."""
    abandoned = [open_drill for open_drill in open_drills(store) if open_drill.left]
    fresh = [open_drill for open_drill in abandoned if not open_drill.gave_up]
    for open_drill in abandoned:
        if open_drill.gave_up:
            output.warn(f"every attempt to revert what drill {open_drill.drill} injected has failed")
            print_steps(open_drill.drill, open_drill.exposed)
            output.hint(f"follow these steps, then: gameday revert {open_drill.drill}")
    for open_drill in fresh:
        exposed = len(open_drill.exposed)
        what = f"{exposed} fault(s) may be in force" if exposed else "no fault is in force"
        output.warn(f"drill {open_drill.drill} was abandoned: {what}; reverting and closing it now")
    code = settle(space, store, fresh) if fresh else ExitCode.PASSED
    return ExitCode.FAULT_IN_FORCE if len(fresh) < len(abandoned) else code


def recovered(space: Workspace, store: ports.HistoryStore, drill: DrillId) -> int | None:
    """Revert what drills left, and give the exit code of one of them; None where it has no history."""
    recover(space, store)
    try:
        return report.exit_code(report.judge(store, drill))
    except LookupError:
        return None


def settle(
    space: Workspace, store: ports.HistoryStore, chosen: Sequence[OpenDrill], *, by: str = "command"
) -> ExitCode:
    """Settle drills one by one and write their files. Gives 0, or 4 where a fault may be in force."""
    code = ExitCode.PASSED
    for open_drill in chosen:
        settled = asyncio.run(
            revert.settle(
                store,
                open_drill.drill,
                rollback_player=wiring.rollback_player(space, open_drill.drill),
                clock=SystemClock(),
                machine=ThisMachine(cwd=space.root),
                by=by,
                closing="aborted",
            )
        )
        # After each, not at the end: the next revert may take minutes, or fail.
        write_reports(space, store, open_drill.drill)
        if settled.reverted:
            code = worst((code, _report_closed(store, open_drill.drill)))
        else:
            code = ExitCode.FAULT_IN_FORCE
            print_steps(open_drill.drill, settled.rest)
    return code


def _report_closed(store: ports.HistoryStore, drill: DrillId, *, by: str = "") -> ExitCode:
    """Print that a drill is closed. Gives 0, or 4 where no fault was undone and users were still affected."""
    # By the judge: a fault without rollbacks is over for the revert, and may still affect users.
    doubtful = report.still_exposed(report.judge(store, drill))
    output.talk(f"{drill}: {'' if doubtful else 'reverted and '}closed{by}")
    if doubtful:
        print_steps(drill, doubtful)
    return ExitCode.FAULT_IN_FORCE if doubtful else ExitCode.PASSED


def write_reports(space: Workspace, store: ports.HistoryStore, drill: DrillId) -> Path | None:
    """Write a drill's files, and give their folder; warn and give None where they cannot be written.

    Reverting goes on: the next drill's fault must not wait for this drill's report.
    """
    try:
        return wiring.write_reports(space, store, drill)
    except StoreUnavailable as error:
        output.warn(error.message)
        output.hint(f"once the disk can be written to: gameday postmortem {drill}")
        return None


def print_steps(drill: DrillId, rest: Sequence[Exposed]) -> None:
    """Print what a person must do by hand, step by step."""
    output.talk(f"error: {drill}: a fault may still be in force. What a person must do:")
    for exposed in rest:
        for number, step in enumerate(exposed.steps or ("see the rollbacks of the experiment",), start=1):
            output.talk(f"  {number}. {step}")
