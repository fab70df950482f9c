"""`gameday export` and `gameday import`: a drill as one file."""

from __future__ import annotations

from pathlib import Path

from gameday import wiring
from gameday.cli import revert
from gameday.cli.drill import visibility
from gameday.cli.shared import output
from gameday.core.errors import ExitCode
from gameday.storage import transfer


def export(named: str, file: Path, *, who: str = "") -> int:
    """Export a drill to a file."""
    store = revert.open_store(wiring.workspace())
    drill = visibility.find(store, named, who)
    transfer.export_drill(store, drill, file)
    output.talk(f"{drill} exported to {file}")
    return ExitCode.PASSED


def import_(file: Path) -> int:
    """Import a drill from a file."""
    manifest = transfer.import_drill(revert.open_store(wiring.workspace()), file)
    output.talk(f"{manifest.drill} imported: it is closed, and nothing of it is in force here")
    return ExitCode.PASSED
