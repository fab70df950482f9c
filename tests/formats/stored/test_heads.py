"""One hash over what counts for a revision, from the lines as they are stored."""

from __future__ import annotations

import json

from gameday.core.facts.load import LoadHistory
from gameday.formats.stored import heads


def line(seq: int, kind: str, weight: float = 20) -> str:
    return json.dumps({"seq": seq, "kind": kind, "weight": weight})


OPEN = [line(1, "DrillPlanned")]
CLOSED = [*OPEN, line(2, "DrillClosed")]
NO_LOAD = LoadHistory()


def test_a_drill_that_is_open_has_no_head():
    assert heads.latest("d", OPEN, NO_LOAD, 0) is None


def test_what_is_only_noted_later_keeps_the_head_and_what_counts_moves_it():
    first = heads.latest("d", CLOSED, NO_LOAD, 1)
    assert first is not None
    assert first.events == 2
    assert heads.latest("d", [*CLOSED, line(3, "HistoryImported")], NO_LOAD, 1) == first
    later = [*CLOSED, line(3, "HistoryImported"), line(4, "ReviewAnswered")]
    second = heads.latest("d", later, NO_LOAD, 2)
    assert second is not None
    assert (second.events, second.hash == first.hash) == (4, False)
    assert [heads.position("d", later, NO_LOAD, head.hash) for head in (first, second)] == [2, 4]


def test_any_other_line_drill_or_load_has_another_head():
    first = heads.latest("d", CLOSED, NO_LOAD, 1)
    assert first is not None
    changed = [line(1, "DrillPlanned", 21), CLOSED[1]]
    assert heads.position("d", changed, NO_LOAD, first.hash) == 0
    assert heads.position("e", CLOSED, NO_LOAD, first.hash) == 0
    assert heads.position("d", CLOSED, LoadHistory(until=9.0), first.hash) == 0  # type: ignore[arg-type]


def test_a_number_that_an_import_writes_differently_is_the_same():
    first = heads.latest("d", CLOSED, NO_LOAD, 1)
    assert first is not None
    assert heads.position("d", [line(1, "DrillPlanned", 20.0), CLOSED[1]], NO_LOAD, first.hash) == 2
