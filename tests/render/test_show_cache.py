"""What is kept of a judged drill for `gameday show`: it holds for the history that was judged, and no other."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.render import drill_files, show_cache
from gameday.render.show_cache import Shown
from gameday.render.table import TextTable
from tests.render import a_drill

HISTORY, RESULT = a_drill.of(), a_drill.result()

ENDS = "12 abc 3 def 1800000000.0"


def test_what_is_kept_of_a_drill_is_what_is_drawn_of_it():
    kept = drill_files.shown_text(HISTORY, RESULT, ENDS)
    assert show_cache.decode(kept, ENDS) == drill_files.shown_drill(HISTORY, RESULT)


@given(st.lists(st.tuples(st.text(), st.text())), st.text())
def test_every_text_comes_back(rows, summary):
    drawn = Shown(
        summary=summary, timeline=TextTable(head=("a", "b"), rows=tuple(rows), right=frozenset({1}))
    )
    assert show_cache.decode(show_cache.encode(drawn, ENDS), ENDS) == drawn


@pytest.mark.parametrize("ends", ["13 abc 3 def 1800000000.0", ""])
def test_another_history_is_judged_again(ends):
    kept = drill_files.shown_text(HISTORY, RESULT, ends and ENDS)
    assert show_cache.decode(kept, ends) is None


def test_what_another_version_judged_is_judged_again(monkeypatch):
    kept = drill_files.shown_text(HISTORY, RESULT, ENDS)
    monkeypatch.setattr("gameday.__version__", "0.0.1")
    assert show_cache.decode(kept, ENDS) is None


@pytest.mark.parametrize(
    "damage", [{"timeline": None}, {"timeline": {"head": ["a"], "rows": [[]], "right": []}}, {"gameday": 1}]
)
def test_a_damaged_file_is_as_none(damage):
    kept = json.loads(drill_files.shown_text(HISTORY, RESULT, ENDS))
    assert show_cache.decode(json.dumps({**kept, **damage}), ENDS) is None
    assert show_cache.decode("[" * 100_000, ENDS) is None
