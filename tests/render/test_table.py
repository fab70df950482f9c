from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from gameday.core import postmortem
from gameday.render import table
from tests.render import a_drill


def test_columns_are_aligned_and_lines_have_no_trailing_blanks():
    text = table.TextTable(head=("A", "B"), rows=(("x", "10"), ("long", "9")), right=frozenset({1})).text()
    assert text == "A      B\nx     10\nlong   9\n"


def test_wide_characters_take_two_columns():
    text = table.TextTable(head=("A", "B"), rows=(("日本", "x"), ("e\u0301", "y"))).text()
    assert text.splitlines()[1:] == ["日本  x", "e\u0301     y"]


def test_signs_joined_into_one_take_the_columns_of_one():
    assert table.width("👩\u200d👩\u200d👧") == 2
    assert table.width("zero\u200bwidth") == 9


def test_what_is_counted_without_rich_is_counted_as_rich_does():
    text = "Zürich – “done” → ✓ ◐ ✗ naïve…"
    assert table.width(text) == len(text) == cell_len(text)


def test_control_characters_do_not_reach_the_terminal():
    assert table.TextTable(head=("A",), rows=(("a\x1b[31m\nb",),)).text() == "A\na\\u001b[31m b\n"


def test_criteria_name_points_figure_and_rule():
    rows = table.criteria(a_drill.score()).rows
    assert rows[1] == (
        "◐ partial",
        "time-to-contain",
        "contain",
        "20.0 of 25",
        "2 min 19 s",
        "1 to 3 times 2 min",
    )
    assert rows[3][3:5] == ("– of 10", "no answer yet")


def test_the_timeline_reads_as_one_line_a_fact():
    rows = table.timeline(postmortem.draft(a_drill.of(), a_drill.result())).rows
    acknowledged = next(row for row in rows if "Acknowledged" in row[4])
    assert acknowledged[1:] == (
        "10:00:51.4",
        "+19.4 s",
        "shop-team (script)",
        "Acknowledged: HighApiLatency. [acknowledged, detected]",
    )


def test_no_rows_are_no_text():
    assert table.TextTable(head=("A",), rows=()).text() == ""


CELLS = st.text(st.sampled_from("ab -–日本é"), max_size=60)


@pytest.mark.parametrize("columns", [80, 60])
@given(rows=st.lists(st.tuples(*[CELLS] * 6), min_size=1, max_size=3))
def test_no_line_is_wider_than_the_terminal_and_no_word_is_lost(columns, rows):
    wide = table.TextTable(head=("A", "B", "C", "D", "E", "F"), rows=tuple(rows), right=frozenset({3}))
    text = wide.text(columns)
    assert max(map(table.width, text.splitlines())) <= columns
    letters = sorted("".join(wide.text().split()))
    assert sorted("".join(text.split())) == letters


def test_a_table_that_fits_is_as_without_a_width():
    small = table.TextTable(head=("A", "B"), rows=(("x", "10"),))
    assert small.text(60) == small.text()


def test_words_wrap_within_their_column():
    prose = table.TextTable(head=("#", "What"), rows=(("1", "somebody looks at it"),))
    assert prose.text(15) == "#  What\n1  somebody\n   looks at it\n"
