"""Commands on stored drills: list, show, status, score, postmortem, verify, export, import."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from gameday import ports, wiring
from gameday.cli import revert
from gameday.cli.drill import printed, visibility
from gameday.cli.shared import find_drill, output
from gameday.cli.shared.open_faults import OpenFaults
from gameday.conduct import store_reads
from gameday.conduct.drill import report
from gameday.core import exposure
from gameday.core.errors import ExitCode, GamedayError, HistoryCorrupt
from gameday.core.facts.history import History
from gameday.core.facts.load import LoadHistory
from gameday.core.judging import impact
from gameday.core.values import DrillId, Instant
from gameday.formats.stored import heads
from gameday.formats.stored import result as result_json
from gameday.render import drill_files, live, table
from gameday.storage import transfer
from gameday.system import clock

STATUS_WINDOW = 90.0
"""Seconds of load that `status` looks at."""


def find_shown(store: ports.HistoryStore, named: str, who: str) -> DrillId:
    """Find a drill that somebody may see in full. Raises UsageError."""
    drill = find_drill.find(store, named)
    visibility.must_see(store, drill, who)
    return drill


def rows(who: str) -> list[ports.DrillRow]:
    """List the drills, newest first, as somebody may see them."""
    return list(visibility.rows(revert.open_store(wiring.workspace()), who))


def show(named: str, *, json: bool, who: str = "") -> int:
    """Show one drill's result and timeline."""
    store = revert.open_store(wiring.workspace())
    judged = report.judge(store, find_shown(store, named, who))
    if json:
        output.data_json(result_json.encode(judged.history, judged.result))
        return ExitCode.PASSED
    printed.show(drill_files.shown_drill(judged.history, judged.result))
    return ExitCode.PASSED


def score(named: str, *, scorecard: Path | None, json: bool, who: str = "") -> int:
    """Score a stored drill again."""
    space = wiring.workspace()
    store = revert.open_store(space)
    rules = None if scorecard is None else wiring.scorecard(space, scorecard)
    judged = report.judge(store, find_shown(store, named, who), rules)
    if judged.result.score.altered:
        own = judged.result.score.scorecard
        output.warn(f"{scorecard} is not the {own} that the drill was judged by: its contents are different")
        output.hint("give a changed scorecard another version, so that points compare only where they may")
    if json:
        output.data_json(result_json.encode(judged.history, judged.result))
    else:
        output.data(table.criteria(judged.result.score).text(output.columns()))
        output.data("")
        output.data(drill_files.summary(judged.history, judged.result))
    return ExitCode.PASSED


def postmortem(named: str, *, html: bool, who: str = "", json: bool = False) -> int:
    """Write a drill's files again, and print its postmortem."""
    space = wiring.workspace()
    store = revert.open_store(space)
    drill = find_shown(store, named, who)
    folder = wiring.write_reports(space, store, drill)
    name = "result.json" if json else "postmortem.html" if html else "postmortem.md"
    output.data((folder / name).read_text(encoding="utf-8"))
    output.talk(f"written to {folder}")
    return ExitCode.PASSED


def status(*, json: bool, who: str = "") -> int:
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
        printed.no_drill([row.drill for row in store.game_days() if row.closed is None])


def _encode(view: live.LiveView) -> dict[str, object]:
    """Encode a view. The key of users who are affected is published, and keeps its name."""
    return {"hurt" if key == "affected" else key: value for key, value in asdict(view).items()}


def _view(store: ports.HistoryStore, history: History, *, hidden: bool) -> live.LiveView:
    now = clock.now()
    if hidden:
        return live.from_outside(history, now)
    load = store.read_load(history.events[0].drill, since=Instant(now - STATUS_WINDOW))
    return live.view(history, impact.service(history.plan.scenario.slos, load, now), now)


def verify(named: str, head: str = "", *, json: bool = False) -> int:
    """Check a drill's hash chains, the store's roll of drills, and a head that was noted elsewhere."""
    store = revert.open_store(wiring.workspace())
    gone = list(store.verify_roll())
    try:
        drill = find_drill.find(store, named)
    except GamedayError:
        if gone:  # it may be the one that was asked for
            raise _corrupt(gone) from None
        raise
    if wrong := [*store.verify(drill), *store.verify_signatures(drill), *gone]:
        raise _corrupt(wrong)
    lines, load = store.lines(drill), store.read_load(drill)
    output.talk(f"{drill}: {len(lines)} events, hash chain intact")
    covered = _covered(drill, lines, load, head) if head else None
    latest = heads.latest(drill, lines, load, 0)
    if covered is not None:
        rest = len(lines) - covered
        output.talk(f"{drill}: the head covers {covered} events" + (f"; {rest} came later" if rest else ""))
    elif latest:
        output.talk(f"head {latest.hash}")
    if json:
        known = latest.hash if latest else None
        output.data_json({"drill": drill, "events": len(lines), "head": known, "covered": covered})
    return ExitCode.PASSED


def _covered(drill: DrillId, lines: Sequence[str], load: LoadHistory, head: str) -> int:
    """Give how many events a head covers that was noted elsewhere. Raises HistoryCorrupt."""
    given = head.strip().lower().removeprefix("sha256:")
    covered = heads.position(drill, lines, load, given)
    if not covered:
        raise HistoryCorrupt(
            f"{drill}: no revision of this history has the head {given}",
            hint="the history was altered after the head was noted, or the head is another drill's",
        )
    return covered


def _corrupt(wrong: Sequence[str]) -> HistoryCorrupt:
    return HistoryCorrupt(
        wrong[0], lines=tuple(wrong[1:]), hint="the history was truncated or altered after it was written"
    )


def export(named: str, file: Path, *, who: str = "") -> int:
    """Export a drill to a file."""
    store = revert.open_store(wiring.workspace())
    drill = find_shown(store, named, who)
    transfer.export_drill(store, drill, file)
    output.talk(f"{drill} exported to {file}")
    return ExitCode.PASSED


def import_(file: Path) -> int:
    """Import a drill from a file."""
    manifest = transfer.import_drill(revert.open_store(wiring.workspace()), file)
    output.talk(f"{manifest.drill} imported: it is closed, and nothing of it is in force here")
    return ExitCode.PASSED
