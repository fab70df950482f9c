"""Markdown in which words from outside mean only themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gameday.core import postmortem
from gameday.render import markdown
from tests.render import a_drill

WORDS = st.text(alphabet="ab1 <>&*_[]()`|~#\\!-\n\r.:/", max_size=30)


def inline(text):
    """Give what a reader of Markdown makes of a text within a cell of a table."""
    source = "\n".join(markdown.table(("head",), [(markdown.escape(text),)]))
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(source)
    return [token for token in tokens if token.type == "inline"]


@given(WORDS)
def test_words_from_outside_stay_in_their_cell_and_are_read_as_they_are(text):
    cells = inline(text)
    assert len(cells) == 2
    assert {child.type for child in cells[1].children} <= {"text", "text_special"}
    read = "".join(child.content for child in cells[1].children)
    assert read == (" ".join(text.split()) or "–")


@pytest.mark.parametrize("text", ["see http://evil.example", "WWW.evil.example", "mailto:a@b.example"])
def test_no_word_becomes_a_link_by_itself(text):
    assert "&#8203;" in markdown.escape(text)


def test_an_empty_cell_is_a_dash():
    assert list(markdown.table(("a", "b"), [("", "x")])) == ["| a | b |", "| --- | --- |", "| – | x |"]


def test_a_document_has_the_sections_in_the_order_of_their_titles():
    text = markdown.document(["# Top"], {"b": "Second", "a": "First"}, {"a": ["one"], "b": ["two", "three"]})
    assert text == "# Top\n\n## Second\n\ntwo\nthree\n\n## First\n\none\n"


def test_a_drill_without_findings_or_questions_says_so():
    drafted = postmortem.draft(a_drill.of(), a_drill.result())
    text = markdown.postmortem(replace(drafted, well=(), improve=(), questions=()))
    assert text.count("Nothing on record.") == 2
    assert "No questions are open." in text
