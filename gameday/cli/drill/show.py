"""`gameday show`: what was printed when a drill was judged last, else as `show_judged` judges it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gameday.cli.drill import quick_store
from gameday.cli.shared import output
from gameday.core.errors import ExitCode

if TYPE_CHECKING:
    from gameday.render.show_cache import Shown


def main(named: str, *, json: bool, who: str = "") -> int:
    """Show one drill's result and timeline."""
    if json:
        from gameday.cli.drill import show_judged  # noqa: PLC0415  # slow

        output.data_json(show_judged.encoded(named, who))
        return ExitCode.PASSED
    shown = _shown(named, who)
    output.data(shown.summary)
    output.data("")
    output.data(shown.timeline.text(output.columns()))
    return ExitCode.PASSED


def _shown(named: str, who: str) -> Shown:
    with quick_store.opened() as quick:
        shown = None if quick is None else quick.shown(quick.find(named))
    if shown is not None:
        return shown
    from gameday.cli.drill import show_judged  # noqa: PLC0415  # slow

    return show_judged.shown(named, who)
