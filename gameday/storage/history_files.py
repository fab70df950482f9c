"""A drill's history as files in its folder: `history.jsonl` and `load.jsonl`.

Comes in: a store and a drill. Goes out: two files, each whole or not at all.
Does not: move a drill to another store; that is `storage.transfer`.
"""

from __future__ import annotations

from pathlib import Path

from gameday.core.values import DrillId
from gameday.formats.stored import envelope
from gameday.formats.stored import events as stored_events
from gameday.formats.stored import load as load_lines
from gameday.ports import HistoryStore
from gameday.system import files


def write_history(store: HistoryStore, drill: DrillId, folder: Path) -> tuple[Path, Path]:
    """Write a drill's events and load into its folder; give the two files.

    Raises LookupError if there is no such drill, StoreUnavailable where the disk takes nothing.
    """
    lines = [envelope.line(stored_events.encode(row.event), row.seq) + "\n" for row in store.read(drill)]
    load = load_lines.dumps(store.read_load(drill))
    return (
        files.write_whole(folder / "history.jsonl", "".join(lines)),
        files.write_whole(folder / "load.jsonl", load),
    )
