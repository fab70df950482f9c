"""`gameday verify`: whether a stored history was truncated or altered."""

from __future__ import annotations

from collections.abc import Sequence

from gameday import wiring
from gameday.cli import revert
from gameday.cli.shared import find_drill, output
from gameday.core.errors import ExitCode, GamedayError, HistoryCorrupt
from gameday.core.facts.load import LoadHistory
from gameday.core.values import DrillId
from gameday.formats.stored import heads


def main(named: str, head: str = "", *, json: bool = False) -> int:
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
