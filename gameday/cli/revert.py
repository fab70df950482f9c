"""`gameday revert`, and what every command does first: revert what an earlier drill left in force.

Where a fault cannot be reverted, the steps that a person must take are printed, with exit code 4. What has
failed for good is not tried again by every command: each warns of it, and only `gameday revert` retries.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

from gameday import ports, wiring
from gameday.cli.shared import drill_home, find_drill, guard, lost_drills, open_faults, output
from gameday.conduct.drill import report
from gameday.conduct.revert import by_hand as by_hand_closing
from gameday.conduct.revert import graceful_stop, revert
from gameday.conduct.revert.abandoned import OpenDrill, OpenDrillsLook
from gameday.conduct.revert.buffered_recorder import BufferedRecorder
from gameday.conduct.revert.context import RevertContext
from gameday.core.errors import (
    ExitCode,
    GamedayError,
    HistoryCorrupt,
    StoreUnavailable,
    UsageError,
    worst,
)
from gameday.core.exposure import Exposed
from gameday.core.facts import drill as ev
from gameday.core.facts.history import History
from gameday.core.values import DrillId
from gameday.settings import Workspace
from gameday.storage import urls
from gameday.storage.spill import file_lock
from gameday.system import clock
from gameday.system.actor import current_actor
from gameday.system.clock import SystemClock
from gameday.system.ids import SystemIds
from gameday.system.machine import ThisMachine


def open_store(space: Workspace) -> ports.HistoryStore:
    """Open a workspace's store, and first revert what an earlier drill left in force."""
    return recovered_store(space)[0]


def recovered_store(space: Workspace) -> tuple[ports.HistoryStore, ExitCode]:
    """Open it the same way; and give 4 where a fault may be in force after that, else 0."""
    _warn_without_workspace(space)
    code = ExitCode.PASSED
    with guard.at_stake(functools.partial(_anything_left, space)):
        store = wiring.workspace_store(space)
        try:
            code = recover(space, store)
        except GamedayError as error:  # the command itself explains what is wrong with the store
            output.warn(f"could not look for abandoned drills: {error.message}")
    return store, code


def _anything_left(space: Workspace) -> bool:
    """Report whether a drill that no process looks after may have left a fault in force.

    Asked after an error that nobody foresaw: so by the store alone, without what was spilled.
    """
    if urls.certainly_absent(space.store_url):
        return False
    with contextlib.closing(wiring.store(space.store_url)) as store:
        return any(drill.left and bool(drill.exposed or drill.unreadable) for drill in open_drills(store))


def _warn_without_workspace(space: Workspace) -> None:
    """Warn outside every workspace: nobody must conclude that no fault is in force elsewhere."""
    if not space.found:
        output.warn(f"{space.root} is not a workspace: no gameday.toml here or above")
        output.hint("change into the workspace first; drills of other folders are not checked from here")


def open_drills(store: ports.HistoryStore) -> list[OpenDrill]:
    """List the drills that are not closed, and whether a process still looks after them."""
    return OpenDrillsLook(store=store, machine=ThisMachine(), now=clock.now()).open_drills()


def is_exposed(store: ports.HistoryStore, drill: DrillId | None = None) -> bool:
    """Report whether a fault of an open drill may be in force; drill: only of this one."""
    return any(
        open_drill.exposed for open_drill in open_drills(store) if drill is None or open_drill.drill == drill
    )


def main(
    drill: str,
    *,
    everything: bool,
    here: bool = False,
    by_hand: str | None = None,
    play_unsigned: bool = False,
    who: str = "",
) -> int:
    """Revert one drill, all of them, or those that no process looks after any more.

    here: also those of this workspace on this host, looked after or not. This is how a CI job cleans up after
    itself without ending somebody else's drill in a shared store.
    by_hand: what a person has done; nothing is played, and the drill is closed with these words on record.
    play_unsigned: play of this drill also what this installation did not sign.
    who: who undid it by hand; empty: who is at this terminal.
    """
    if drill and (everything or here):
        raise UsageError(
            f"give either '{drill}' or --{'all' if everything else 'here'}, not both",
            hint="gameday revert --help",
        )
    _must_name_one(drill, by_hand=by_hand, play_unsigned=play_unsigned)
    guard.conducts()
    space = wiring.workspace()
    _warn_without_workspace(space)
    with guard.at_stake(functools.partial(_anything_left, space)):
        return _revert(
            space,
            drill,
            everything=everything,
            here=here,
            by_hand=by_hand,
            play_unsigned=play_unsigned,
            who=who,
        )


def _revert(
    space: Workspace,
    drill: str,
    *,
    everything: bool,
    here: bool,
    by_hand: str | None,
    play_unsigned: bool,
    who: str,
) -> int:
    store, (lost, doubtful) = _open_all(space, everything=everything, here=here)
    apart = next((location for location in lost if _is_named(location, drill)), None)
    if apart is not None and apart.copy is not None:
        space, store, drill = apart.space, apart.store, apart.copy.drill
    drills = open_drills(store)
    if by_hand is not None:
        return _close_by_hand(space, store, drills, drill, by_hand, who=who or current_actor(os.environ))
    code = ExitCode.PASSED if drill else _revert_lost(lost, everything=everything)
    code = ExitCode.FAULT_IN_FORCE if doubtful and not drill else code
    chosen = _chosen(space, store, drills, drill, everything=everything, here=here)
    if chosen:
        code = worst((code, _end(space, store, chosen, play_unsigned=play_unsigned)))
    elif not lost and not doubtful:
        output.talk(_nothing(drills, drill, here=here))
    _remove_copies(lost)
    if chosen:
        lost_drills.restore(space, store)  # removes the copies of what is closed by now
    return code


def _chosen(
    space: Workspace,
    store: ports.HistoryStore,
    drills: Sequence[OpenDrill],
    drill: str,
    *,
    everything: bool,
    here: bool,
) -> list[OpenDrill]:
    if drill:
        return _named(store, drills, drill) or _doubtful(store, drill)
    ours = str(space.root) if here else None
    chosen = [
        open_drill
        for open_drill in drills
        if everything or open_drill.left or open_drill.gave_up or open_drill.root == ours
    ]
    return [*chosen, *(_all_doubtful(store) if everything else ())]


def _doubtful(store: ports.HistoryStore, named: str) -> list[OpenDrill]:
    """Give a closed drill whose fault may still be in force by its judgement, to look at it again."""
    if not store.drills():
        return []
    drill = find_drill.find(store, named)
    if not report.still_exposed(report.judge(store, drill)):
        return []
    return [_closed(drill)]


def _all_doubtful(store: ports.HistoryStore) -> list[OpenDrill]:
    """Give each environment's newest drill with a fault, where it is closed and that may still be in force.

    A fault is requested only where the service was healthy: then an earlier drill's is in doubt no more.
    """
    found: dict[str, list[OpenDrill]] = {}
    for row in store.drills():
        if row.environment in found:
            continue
        # What can't be judged, such as a game day, says nothing about its environment.
        with contextlib.suppress(LookupError, HistoryCorrupt):
            judged = report.judge(store, row.drill)
            if judged.history.first(ev.FaultRequested) is not None:
                doubtful = row.closed is not None and report.still_exposed(judged)
                found[row.environment] = [_closed(row.drill)] if doubtful else []
    return [drill for drills in found.values() for drill in drills]


def _closed(drill: DrillId) -> OpenDrill:
    return OpenDrill(drill=drill, host=ThisMachine().host, exposed=(), left=True)


def _nothing(drills: Sequence[OpenDrill], drill: str, *, here: bool) -> str:
    if here or drill == "last" or not (drill or drills):
        return "nothing is in force"
    if drill:
        return f"drill {drill} is closed: nothing is left to revert"
    return "every open drill is looked after by its own processes; --all reverts them too"


def _open_all(
    space: Workspace, *, everything: bool, here: bool
) -> tuple[ports.HistoryStore, lost_drills.Restored]:
    """Open the workspace's store, and what is known of drills that lost theirs."""
    try:
        store = wiring.workspace_store(space)
    except StoreUnavailable:
        # What it held may be known from the user's own copies; that it is away is reported all the same.
        lost = lost_drills.restore(space, None).lost
        _revert_lost(lost, everything=everything)
        _remove_copies(lost)
        raise
    return store, lost_drills.Restored([], doubtful=False) if here else lost_drills.restore(space, store)


def _is_named(location: lost_drills.Location, named: str) -> bool:
    return location.copy is not None and location.copy.drill == named


def _revert_lost(lost: Sequence[lost_drills.Location], *, everything: bool) -> ExitCode:
    """Revert the drills that have no store any more, and whose processes are gone unless `everything`."""
    code = ExitCode.PASSED
    for location in lost:
        drills = open_drills(location.store)
        given_up = [each for each in drills if each.left and each.gave_up and not everything]
        if given_up:
            code = ExitCode.FAULT_IN_FORCE
            _warn_of(location.space, given_up)
        chosen = [each for each in drills if everything or (each.left and not each.gave_up)]
        if chosen:
            code = worst((code, _end(location.space, location.store, chosen)))
    return code


def _remove_copies(lost: Sequence[lost_drills.Location]) -> None:
    """Remove the copies of drills that were reverted in a store of their own."""
    for location in lost:
        if location.copy is not None and not is_exposed(location.store):
            location.copy.remove()


def _must_name_one(drill: str, *, by_hand: str | None, play_unsigned: bool) -> None:
    """Refuse a person's word that is about no drill in particular. Raises UsageError."""
    word = "--by-hand" if by_hand is not None else "--play-unsigned" if play_unsigned else ""
    if word and not drill:
        raise UsageError(f"{word} is about one drill: give its id", hint="gameday status lists the open ones")
    if by_hand is not None and play_unsigned:
        raise UsageError("give either --by-hand or --play-unsigned, not both", hint="gameday revert --help")


def _close_by_hand(
    space: Workspace,
    store: ports.HistoryStore,
    drills: Sequence[OpenDrill],
    named: str,
    text: str,
    *,
    who: str,
) -> int:
    """Record that a person undid what a drill left in force, and close it."""
    if named == "last":
        if not drills:
            raise UsageError("no drill is open: nothing to close by hand")
        drill = drills[0].drill
    else:
        drill = find_drill.find(store, named)
    open_drill = next((candidate for candidate in drills if candidate.drill == drill), None)
    recorder = BufferedRecorder(store, drill, source="command")
    context = RevertContext(
        drill=drill,
        by=who,
        store=store,
        recorder=recorder,
        clock=SystemClock(),
        rollback_player=wiring.rollback_player(space, drill),
        machine=ThisMachine(cwd=drill_home.folder(space, open_drill) if open_drill else space.root),
    )
    asyncio.run(by_hand_closing.close(open_drill, context, SystemIds(), text=text))
    _remove_copies(lost_drills.restore(space, None).lost)
    write_reports(space, store, drill)
    output.talk(f"{drill}: closed; undone by hand, as {who} recorded")
    return ExitCode.PASSED


def _named(store: ports.HistoryStore, drills: Sequence[OpenDrill], named: str) -> list[OpenDrill]:
    """Find an open drill by its id, a part of it, or `last`, the newest open one; none if it is closed."""
    if named == "last":
        return list(drills[:1])
    drill = find_drill.find(store, named)
    return [open_drill for open_drill in drills if open_drill.drill == drill]


def _end(
    space: Workspace, store: ports.HistoryStore, chosen: Sequence[OpenDrill], *, play_unsigned: bool = False
) -> int:
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
    return worst([*codes, settle(space, store, rest, play_unsigned=play_unsigned)])


def recover(space: Workspace, store: ports.HistoryStore, *, environment: str = "") -> ExitCode:
    """Warn of drills that no process looks after any more, and revert what they left.

    Gives 4 where a fault may be in force that keeps drills from starting on an environment, else 0.
    """
    lost = recover_lost(space, store)
    abandoned = [open_drill for open_drill in open_drills(store) if open_drill.left]
    fresh = [open_drill for open_drill in abandoned if not open_drill.gave_up]
    given_up = [open_drill for open_drill in abandoned if open_drill.gave_up]
    _warn_of(space, given_up)
    for open_drill in fresh:
        exposed = len(open_drill.exposed)
        what = f"{exposed} fault(s) may be in force" if exposed else "no fault is in force"
        output.warn(f"drill {open_drill.drill} was abandoned: {what}; reverting and closing it now")
    code = settle(space, store, fresh) if fresh else ExitCode.PASSED
    if fresh:
        lost_drills.restore(space, store)  # removes the copies of what is closed by now
    blocked = any(open_drill.blocks(environment) for open_drill in given_up)
    return ExitCode.FAULT_IN_FORCE if blocked else worst((code, lost))


def recover_lost(space: Workspace, store: ports.HistoryStore) -> ExitCode:
    """Revert the drills that have no store any more. Gives 0, or 4 where a fault may be in force."""
    lost, doubtful = lost_drills.restore(space, store)
    code = _revert_lost(lost, everything=False)
    _remove_copies(lost)
    return ExitCode.FAULT_IN_FORCE if doubtful else code


def _warn_of(space: Workspace, given_up: Sequence[OpenDrill]) -> None:
    for open_drill in given_up:
        output.warn(_given_up(open_drill))
        faults_of(space, open_drill).show()


def _given_up(open_drill: OpenDrill) -> str:
    if open_drill.needs_word:
        return f"drill {open_drill.drill} was abandoned, and can't be reverted without a person"
    return f"every attempt to revert what drill {open_drill.drill} injected has failed"


def faults_of(space: Workspace, open_drill: OpenDrill) -> open_faults.OpenFaults:
    """Give what may be in force of an open drill, with what playing it would run where it is unsigned."""
    player = wiring.rollback_player(space, open_drill.drill)
    faults = [
        fault if fault.signed else replace(fault, steps=player.runs(fault.request))
        for fault in open_drill.exposed
    ]
    return open_faults.OpenFaults(
        drill=open_drill.drill,
        faults=faults,
        environment=open_drill.environment,
        host=open_drill.host,
        unreadable=open_drill.unreadable,
        looked_after=not open_drill.left,
    )


def recovered(space: Workspace, store: ports.HistoryStore, drill: DrillId) -> int | None:
    """Revert what drills left, and give the exit code of one of them; None where it has no history."""
    recover(space, store)
    try:
        return report.exit_code(report.judge(store, drill))
    except LookupError:
        return None


def settle(
    space: Workspace,
    store: ports.HistoryStore,
    chosen: Sequence[OpenDrill],
    *,
    by: str = "command",
    play_unsigned: bool = False,
) -> ExitCode:
    """Settle drills one by one and write their files. Gives 0, or 4 where a fault may be in force."""
    code = ExitCode.PASSED
    began_open = _open_ids(store)
    for open_drill in chosen:
        if open_drill.unreadable:
            faults_of(space, open_drill).show()
            code = ExitCode.FAULT_IN_FORCE
            continue
        with file_lock.held(f"{space.store_url} {open_drill.drill}"):
            if open_drill.drill in began_open - _open_ids(store):  # by another command, while we waited
                code = worst((code, _report_closed(store, open_drill.drill)))
            else:
                settled = functools.partial(
                    _settle, space, store, open_drill, by=by, play_unsigned=play_unsigned
                )
                code = worst((code, _alone(open_drill, settled)))
    return code


def _alone(open_drill: OpenDrill, settled: Callable[[], ExitCode]) -> ExitCode:
    """Settle one drill. Whatever goes wrong with it keeps no other one's fault in force."""
    try:
        return settled()
    except GamedayError as error:
        output.problem(error)
    except PermissionError as error:  # its processes, or its files, are another user's
        return _left_to_its_conductor(open_drill, error)
    # The outer edge of one drill's recovery: its history may be a stranger's, and hold what nobody foresaw.
    except Exception as error:  # noqa: BLE001
        output.talk(f"error: {open_drill.drill}: {guard.unforeseen(error)}")
    if not open_drill.exposed:
        return ExitCode.INTERNAL
    output.talk(f"error: {open_drill.drill}: a fault may still be in force")
    output.hint(f'gameday revert {open_drill.drill}; undone by yourself: add --by-hand "what was done"')
    return ExitCode.FAULT_IN_FORCE


def _left_to_its_conductor(open_drill: OpenDrill, error: PermissionError) -> ExitCode:
    why = f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
    fault = "; a fault may still be in force" if open_drill.exposed else ""
    output.talk(
        f"error: {open_drill.drill}: nothing was reverted{fault}: its processes are another user's ({why})"
    )
    output.hint(
        f"type gameday abort --drill {open_drill.drill}, or ask {open_drill.host}'s user who started it"
    )
    return ExitCode.FAULT_IN_FORCE if open_drill.exposed else ExitCode.INCONCLUSIVE


def _open_ids(store: ports.HistoryStore) -> frozenset[DrillId]:
    return frozenset(row.drill for row in store.live())


def _settle(
    space: Workspace, store: ports.HistoryStore, open_drill: OpenDrill, *, by: str, play_unsigned: bool
) -> ExitCode:
    home, folder = drill_home.is_home(space, open_drill), drill_home.folder(space, open_drill)
    with (
        guard.at_stake(functools.partial(is_exposed, store, open_drill.drill)),
        _clients(store, open_drill, play_unsigned=play_unsigned) as unverified,
    ):
        settling = revert.settle(
            store,
            open_drill.drill,
            rollback_player=wiring.rollback_player(space, open_drill.drill, unverified, home=home),
            clock=SystemClock(),
            machine=ThisMachine(cwd=folder),
            by=by,
            closing="aborted",
            play_unsigned=play_unsigned,
        )
        settled = asyncio.run(settling)
    # After each, not at the end: the next revert may take minutes, or fail.
    write_reports(space, store, open_drill.drill)
    if not folder.is_dir():
        drill_home.warn_of_down(store, open_drill)
    if settled.reverted:
        return _report_closed(store, open_drill.drill)
    faults_of(space, replace(open_drill, exposed=settled.rest, left=True)).show()
    return ExitCode.FAULT_IN_FORCE


def _clients(
    store: ports.HistoryStore, open_drill: OpenDrill, *, play_unsigned: bool
) -> AbstractContextManager[Mapping[str, str]]:
    """Give what rollbacks reach clusters and accounts with; nothing where none may be played.

    A stranger's plan must not choose the cluster whose credentials are looked up.
    """
    playable = any(fault.signed and not fault.lost for fault in open_drill.exposed)
    if not playable and not play_unsigned:
        return nullcontext({})
    return wiring.clients_again(store, open_drill.drill)


def _report_closed(store: ports.HistoryStore, drill: DrillId, *, by: str = "") -> ExitCode:
    """Print that a drill is closed. Gives 0, or 4 where no fault was undone and users were still affected."""
    # By the judge: a fault without rollbacks is over for the revert, and may still affect users.
    try:
        doubtful = report.still_exposed(report.judge(store, drill))
    except LookupError:  # without its plan a drill can't be judged; all that it requested is undone
        doubtful = ()
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
    except (HistoryCorrupt, LookupError) as error:
        output.warn(f"no report of drill {drill}: {error}")
        return None


def print_steps(drill: DrillId, rest: Sequence[Exposed], history: History | None = None) -> None:
    """Print what may be in force of a drill, what a person must do, and what to type next."""
    open_faults.of_history(drill, rest, history).show()
