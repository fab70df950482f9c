"""Decides in which folder what a drill names may run from here: its rollbacks, its probes, its `down`.

That is the drill's own workspace: where it was, or where it has moved with its store in it. Another workspace
of the same user must never stand in for it: what has the same names there undoes something else.
"""

from __future__ import annotations

from pathlib import Path

from gameday import ports
from gameday.cli.shared import output
from gameday.conduct.revert.abandoned import OpenDrill
from gameday.core.facts import drill as ev
from gameday.core.facts import history
from gameday.settings import Workspace
from gameday.storage import urls
from gameday.storage.spill import own_copies
from gameday.system import processes


def is_home(space: Workspace, open_drill: OpenDrill) -> bool:
    """Whether a workspace stands for the drill's own where this host does not have that one.

    It does where its store, with the drill in it, is in it: it has moved. And where the drill is another
    host's: that has a folder of its own.
    """
    if own_copies.keeps(space.root):
        return False  # a store alone, without a workspace
    if open_drill.host != processes.hostname():
        return True
    return urls.is_within(space.store_url, space.root)


def folder(space: Workspace, open_drill: OpenDrill) -> Path:
    """Give where the drill's `down` runs; a folder that is not there where it must not run from here."""
    own = Path(open_drill.root) if open_drill.root else None
    if own is not None and own.is_dir():
        return own
    if is_home(space, open_drill) or (own is None and not own_copies.keeps(space.root)):
        return space.root
    return own or space.root / "gone"


def warn_of_down(store: ports.HistoryStore, open_drill: OpenDrill) -> None:
    """Print the `down` that could not be run, since its workspace is gone."""
    whole = history.from_events(stored.event for stored in store.read(open_drill.drill))
    brought_up, taken_down = whole.last(ev.EnvironmentBroughtUp), whole.last(ev.EnvironmentTakenDown)
    if brought_up is None or not brought_up.fact.down or taken_down is not None:
        return
    command = " ".join(brought_up.fact.down)
    output.warn(f"{open_drill.drill}: what its `up` started was not taken down: its workspace is gone")
    output.hint(f"run `{command}` by hand where the workspace is now")
