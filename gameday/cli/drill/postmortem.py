"""`gameday postmortem`: writes the files of a stored drill again, and prints one of them."""

from __future__ import annotations

from gameday import wiring
from gameday.cli import revert
from gameday.cli.drill import visibility
from gameday.cli.shared import output
from gameday.core.errors import ExitCode


def main(named: str, *, html: bool, who: str = "", json: bool = False) -> int:
    """Write a drill's files again, and print its postmortem."""
    space = wiring.workspace()
    store = revert.open_store(space)
    drill = visibility.find(store, named, who)
    folder = wiring.write_reports(space, store, drill)
    name = "result.json" if json else "postmortem.html" if html else "postmortem.md"
    output.data((folder / name).read_text(encoding="utf-8"))
    output.talk(f"written to {folder}")
    return ExitCode.PASSED
