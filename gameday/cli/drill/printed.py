"""What `gameday show` and `status` print, whichever way the store was read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gameday.cli.shared import find_drill, output

if TYPE_CHECKING:
    from gameday.render.shown import Shown


def no_drill(game_days: Sequence[str]) -> None:
    """Report that no drill is in progress, and which game days are."""
    output.talk("no drill is in progress")
    days = ", ".join(game_days)
    output.hint(f"game day in progress: {days}: gameday plan show" if days else find_drill.FIRST)


def show(shown: Shown) -> None:
    """Print a drill's result and its timeline."""
    output.data(shown.summary)
    output.data("")
    output.data(shown.timeline.text(output.columns()))
