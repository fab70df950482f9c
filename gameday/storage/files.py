"""A drill's history as files in its folder: `history.jsonl` and `load.jsonl`.

Comes in: a store and a drill. Goes out: two files, each whole or not at all.
Does not: move a drill to another store; that is `storage.transfer`.
"""

from __future__ import annotations

from pathlib import Path

from gameday.core.values import DrillId
from gameday.formats import envelope, events
from gameday.formats import load as load_lines
from gameday.ports import HistoryStore


def write_history(store: HistoryStore, drill: DrillId, folder: Path) -> tuple[Path, Path]:
    """Write a drill's events and load into its folder; give the two files.

    Raises LookupError if there is no such drill.
    """
    lines = [envelope.line(events.encode(row.event), row.seq) + "\n" for row in store.read(drill)]
    load = load_lines.dumps(store.read_load(drill))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return (
        _replace(folder / "history.jsonl", "".join(lines)),
        _replace(folder / "load.jsonl", load),
    )


def _replace(file: Path, text: str) -> Path:
    unfinished = file.with_name(f".{file.name}.part")
    unfinished.write_text(text, encoding="ascii", newline="")
    return unfinished.replace(file)
