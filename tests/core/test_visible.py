"""Nothing that a person can't see, or that steers what shows it, is left in a shown text."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core import visible

ANY = st.text(st.characters(exclude_categories=()))
FORMATS_THAT_ARE_SEEN = {
    "\u0600",
    "\u0601",
    "\u0602",
    "\u0603",
    "\u0604",
    "\u0605",
    "\u06dd",
    "\u0890",
    "\u0891",
    "\u08e2",
}
"""Signs around numbers in Arabic script: they are of Unicode's category of formats, and are drawn."""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202eb", "a\\u202eb"),
        ("\x1b[31m\x9b", "\\u001b[31m\\u009b"),
        ("pay\u200bment\u200d", "pay\\u200bment\\u200d"),
        ("\U000e0041", "\\U000e0041"),
        ("a\rb", "a\\u000db"),
        ("\ud83d", "\\ud83d"),
        ("\u0915\u094d\u200d\u0937", "\u0915\u094d\\u200d\u0937"),
        ("a\ufe0fb", "a\\ufe0fb"),
    ],
)
def test_what_is_hidden_is_an_escape(text, shown):
    assert visible.visible(text) == shown


def test_lines_stay_lines_unless_one_is_asked_for():
    assert visible.visible("a\r\nb\n\tc") == "a\r\nb\n\tc"
    assert visible.line(" a\r\nb\u2028\n\tc\x85") == "a b c"


@given(ANY)
def test_no_control_and_no_format_character_is_left(text):
    for character in visible.line(text):
        if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and ord(character) < 0x10000:
            assert character in FORMATS_THAT_ARE_SEEN


@given(ANY)
def test_what_is_shown_is_shown_the_same_again(text):
    assert visible.visible(visible.visible(text)) == visible.visible(text)


@given(st.dictionaries(ANY, ANY))
def test_json_holds_the_same_data(data):
    shown = visible.in_json(json.dumps(data, ensure_ascii=False))
    assert json.loads(shown) == data
    shown.encode()


def test_a_message_of_one_line_shows_breaks_and_tabs_as_they_are_written():
    assert visible.one_line("n\nx.yaml:1:1: y\r\x1b[2K\tok\u2028") == r"n\nx.yaml:1:1: y\r\u001b[2K\tok\u2028"


@given(ANY)
def test_one_line_is_one_line_and_is_shown_the_same_again(text):
    shown = visible.one_line(text)
    assert len(shown.splitlines()) <= 1
    assert "\t" not in shown
    assert visible.one_line(shown) == shown
