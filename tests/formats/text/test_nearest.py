"""The nearest word, as the end of a sentence."""

from __future__ import annotations

from gameday.formats.text import nearest


def test_the_nearest_word_ends_the_sentence_and_far_ones_do_not():
    assert nearest.ending("dril-1", ["drill-1", "other"]) == "; nearest: 'drill-1'"
    assert nearest.ending("xyz", ["drill-1"]) == ""
    assert nearest.ending("xyz", []) == ""
