"""`gameday status`, where a drill is open: its screen, and what of its faults is still in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from gameday import ports, wiring
from gameday.cli import revert
from gameday.cli.drill import visibility
from gameday.cli.shared import find_drill, output
from gameday.cli.shared.open_faults import OpenFaults
from gameday.conduct import store_reads
from gameday.core import exposure
from gameday.core.errors import ExitCode
from gameday.core.facts.history import History
from gameday.core.judging import impact
from gameday.core.values import DrillId, Instant
from gameday.render import live
from gameday.system import clock

STATUS_WINDOW = 90.0
"""Seconds of load that `status` looks at."""


def main(*, json: bool, who: str = "") -> int:
    """Show the drills in progress; to responders of a game day, only what reaches them.

    Gives 4 where a fault may be in force that nothing of gameday will revert by itself.
    """
    space = wiring.workspace()
    store, code = revert.recovered_store(space)
    open_drills = {open_drill.drill: open_drill for open_drill in revert.open_drills(store)}
    views: list[live.LiveView] = []
    exposed: list[OpenFaults] = []
    for drill, open_drill in open_drills.items():
        history = None if open_drill.unreadable else store_reads.read(store, drill)
        hidden = history is not None and visibility.is_hidden(history, who)
        if history is not None and not exposure.beginning_lost(history):
            views.append(_view(store, history, hidden=hidden))
        if not hidden:
            exposed.append(revert.faults_of(space, open_drill))
    left = any(open_drills[faults.drill].left and faults.in_doubt for faults in exposed)
    if json:
        rows = [_encode(view) for view in views]
        known = {view.drill for view in views}
        rows += [{"drill": faults.drill} for faults in exposed if faults.drill not in known]
        by_drill = {faults.drill: faults.encode() for faults in exposed}
        output.data_json(
            [{**row, "open_faults": by_drill.get(DrillId(str(row["drill"])), [])} for row in rows]
        )
    else:
        _print_status(store, views, exposed)
    return ExitCode.FAULT_IN_FORCE if left else code


def _print_status(
    store: ports.HistoryStore, views: Sequence[live.LiveView], exposed: Sequence[OpenFaults]
) -> None:
    if views:
        from gameday.cli.drill import screen  # noqa: PLC0415  # Rich is loaded only to draw

        screen.show(views)
    drawn = {view.drill for view in views}
    for faults in exposed:
        # Of a drill that runs as it should, the screen says enough.
        if not (faults.looked_after and faults.drill in drawn):
            faults.summarize()
    if not views and not exposed:
        find_drill.none_in_progress([row.drill for row in store.game_days() if row.closed is None])


def _encode(view: live.LiveView) -> dict[str, object]:
    """Encode a view. The key of users who are affected is published, and keeps its name."""
    return {"hurt" if key == "affected" else key: value for key, value in asdict(view).items()}


def _view(store: ports.HistoryStore, history: History, *, hidden: bool) -> live.LiveView:
    now = clock.now()
    if hidden:
        return live.from_outside(history, now)
    load = store.read_load(history.events[0].drill, since=Instant(now - STATUS_WINDOW))
    return live.view(history, impact.service(history.plan.scenario.slos, load, now), now)
