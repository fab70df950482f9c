"""Writes a drill's history into its folder, as `history.jsonl` and `load.jsonl`, each whole or not at all."""

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
