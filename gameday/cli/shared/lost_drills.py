"""Finds open drills whose store was deleted, emptied or moved, by the user's own copies of their requests.

A store that lost a drill gets back what the copy holds. A drill whose store is gone altogether gets one of
its own in the state folder, from which it is reverted like any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from gameday import ports, wiring
from gameday.cli.shared import output
from gameday.core import exposure
from gameday.core.errors import GamedayError, HistoryCorrupt
from gameday.core.facts import drill as ev
from gameday.core.facts import history
from gameday.core.values import Seconds
from gameday.settings import Workspace
from gameday.storage import urls
from gameday.storage.spill import file_lock, own_copies
from gameday.storage.spill.own_copies import OwnCopy
from gameday.system import clock
from gameday.system.ids import new_event_id

ARRIVAL: Seconds = 0.5
"""How long a fact that a copy has already may still be on its way into the store."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Location:
    """A workspace and its store; copy: of the only drill in it, where its own store is gone."""

    space: Workspace
    store: ports.HistoryStore
    copy: OwnCopy | None = None


class Restored(NamedTuple):
    """What the copies gave.

    lost      drills that have no store any more
    doubtful  a copy that can't be used may be that of a fault in force
    """

    lost: list[Location]
    doubtful: bool


def restore(space: Workspace, store: ports.HistoryStore | None) -> Restored:
    """Give a store back what it lost; give the drills that have no store any more, each with one of its own.

    store: None where this workspace's can't be opened. A copy that can't be used is named, and keeps no other
    from being used. Raises StoreUnavailable.
    """
    here = urls.address(space.store_url)
    found = own_copies.everything()
    doubtful = bool(found.unreadable)
    for file in found.unreadable:
        output.warn(f"what reverting needs of a drill can't be read: {file}")
        output.hint("a fault of it may be in force; when you have looked, remove the file")
    lost: list[Location] = []
    for copy in found.copies:
        known = _known(store, copy) if store is not None else None
        try:
            lost += _restored(space, store, copy, known, here)
        except (GamedayError, OSError, ValueError) as error:
            output.warn(f"{copy.file} can't be used: {error}")
            doubtful = doubtful or _open(copy)
    return Restored(lost=lost, doubtful=doubtful)


def _restored(
    space: Workspace,
    store: ports.HistoryStore | None,
    copy: OwnCopy,
    known: Mapping[str, ev.Event] | None,
    here: str,
) -> list[Location]:
    """Give a store back what it lost of one drill; or give the drill, where its store is gone."""
    at_home = copy.address == here or bool(known and any(event.id in known for event in copy.events))
    if at_home and store is not None and known is not None and not _another(copy, known):
        with file_lock.held(str(copy.file)):
            _complete(space, store, copy)
    elif _open(copy) and (at_home or _gone(copy)):
        with file_lock.held(str(copy.file)):
            return _apart(space, copy)
    elif not _open(copy) and _gone(copy):
        copy.remove()
    return []


def _known(store: ports.HistoryStore, copy: OwnCopy) -> Mapping[str, ev.Event] | None:
    """Give what a store has of a drill by id; None where it can't be read."""
    try:
        return {stored.event.id: stored.event for stored in store.read(copy.drill)}
    except LookupError:
        return {}
    except HistoryCorrupt:
        return None


def _another(copy: OwnCopy, known: Mapping[str, ev.Event]) -> bool:
    """Whether the store holds another drill under the same id: each is planned once, by one event."""
    plans = [
        {event.id for event in events if isinstance(event.fact, ev.DrillPlanned)}
        for events in (copy.events, known.values())
    ]
    return bool(plans[0] and plans[1] and not plans[0] & plans[1])


def _open(copy: OwnCopy) -> bool:
    return bool(exposure.open_faults(history.from_events(copy.events)))


def _gone(copy: OwnCopy) -> bool:
    """Whether a drill's store was deleted or moved, or of a shared one its workspace."""
    if not urls.shared_between_hosts(copy.address):
        return urls.certainly_absent(copy.address)
    folders = [event.fact.cwd for event in copy.events if isinstance(event.fact, ev.FaultRequested)]
    return bool(folders) and not any(Path(folder).is_dir() for folder in folders)


def _complete(space: Workspace, store: ports.HistoryStore, copy: OwnCopy) -> None:
    """Store what the store lost of a drill; remove the copy of one that ended."""
    # Read in our turn: another command may have completed, reverted and closed the drill meanwhile.
    known = _known(store, copy) or {}
    if not copy.file.exists():
        return
    lacking = list(_lacking(copy, known))
    if not lacking:
        if not exposure.in_doubt(history.from_events(known.values())) and _closed(known):
            copy.remove()
        return
    clock.sleep(ARRIVAL)
    lacking = list(_lacking(copy, _known(store, copy) or {}))
    if not lacking:
        return
    _append(space, store, copy, lacking)
    output.warn(f"the store lost the history of drill {copy.drill}, or its beginning")
    output.hint(
        f"restored from {copy.file}: its plan, its requests and its processes; all else from before is lost"
    )


def _closed(known: Mapping[str, ev.Event]) -> bool:
    return any(isinstance(event.fact, ev.DrillClosed) and event.fact.reverted for event in known.values())


def _lacking(copy: OwnCopy, known: Mapping[str, ev.Event]) -> Iterator[ev.Event]:
    """Give what a store lacks of a copy, or has without a signature that holds in it.

    Only where the plan or a request is among it: of all else a store that was never lost may be without.
    """
    there = {_subject(event) for event in known.values()}
    signed = {_subject(event) for event in known.values() if event.signed}
    # What a copy holds unsigned would stay so: once in the store, it is lacked no more.
    lacking = [event for event in copy.events if _subject(event) not in (signed if event.signed else there)]
    if any(isinstance(event.fact, ev.DrillPlanned | ev.FaultRequested) for event in lacking):
        for event in lacking:
            # Stored once per id: an unsigned one would stay as it is.
            yield replace(event, id=new_event_id()) if event.id in known else event


def _subject(event: ev.Event) -> tuple[object, ...]:
    match event.fact:
        case ev.FaultRequested(fault=fault):
            return event.kind, fault
        case ev.ProcessStarted(pid=pid, started_ticks=ticks, boot=boot):
            return event.kind, pid, ticks, boot
        case ev.EnvironmentBroughtUp(down=down):
            return event.kind, down
        case _:
            return event.kind, event.id


def _append(space: Workspace, store: ports.HistoryStore, copy: OwnCopy, events: Sequence[ev.Event]) -> None:
    for event in events:
        if isinstance(event.fact, ev.FaultRequested):
            wiring.save_revert_secrets(space, copy.drill, event.fact)
    # The plan first: facts are signed for its environment.
    store.append(*sorted(events, key=lambda event: not isinstance(event.fact, ev.DrillPlanned)))


def _apart(space: Workspace, copy: OwnCopy) -> list[Location]:
    """Open a store for a drill alone, in the state folder; none where another command has closed it."""
    if not copy.file.exists():
        return []
    folder = copy.place()
    settings = replace(space.settings, store_url=urls.in_folder(folder), artifacts=str(folder / "drills"))
    # Nothing of the caller's workspace is the drill's: neither its code nor its files.
    apart = replace(space, settings=settings, root=folder)
    # Without a copy of its own: it is one.
    store = wiring.store(apart.store_url, key=wiring.signing_key(space))
    known = _known(store, copy) or {}
    if _closed(known) and not exposure.in_doubt(history.from_events(known.values())):
        copy.remove()
        return []
    lacking = list(_lacking(copy, known))
    if lacking:
        _append(apart, store, copy, lacking)
        output.warn(f"drill {copy.drill} has lost its store, {copy.address}")
        output.hint(f"what it requested is known from {copy.file}; all else that it recorded is lost")
    return [Location(space=apart, store=store, copy=copy)]
