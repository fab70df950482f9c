"""Typography that all renderers share: what is not known is a dash, and nothing is rounded to what it is not."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core import postmortem, visible
from gameday.core.values import MilestoneName, Outcome, Verdict, instant, parse_instant
from gameday.render import words
from tests.render import a_drill


@given(st.text(st.characters(codec="utf-16", exclude_categories=())))
def test_any_text_made_legal_can_stand_in_xml(text):
    legal = words.legal(text)
    assert legal == visible.visible(text)
    ET.fromstring(f"<a>{legal.replace('&', '&amp;').replace('<', '&lt;')}</a>")


@pytest.mark.parametrize(
    "function", [words.offset, words.duration, words.share, words.milliseconds, words.points]
)
def test_what_is_not_known_is_a_dash(function):
    assert function(None) == words.NONE


@given(st.floats(0, 4_000_000_000).map(instant))
def test_the_time_of_day_is_rounded_down_so_that_no_line_is_from_the_future(at):
    shown = parse_instant(f"1970-01-01T{words.clock(at)}00Z")
    assert -0.000001 <= at % 86400 - shown < 0.100001


def test_an_offset_has_its_sign():
    assert [words.offset(seconds) for seconds in (41.2, 0.0, -125.0)] == ["+41.2 s", "+0.0 s", "−2 min 05 s"]


def test_a_chain_that_was_cut_off_took_at_least_its_time():
    chain = postmortem.draft(a_drill.of(), a_drill.result()).chains[0]
    assert words.taken(chain) == "18.8 s"
    unknown = replace(chain, seconds=None, at_least=None)
    assert words.taken(unknown) == "not known"
    assert words.taken(replace(unknown, at_least=90.0)) == "at least 1 min 30 s"
    assert words.taken(replace(unknown, applies=False)) == "not needed"


def test_every_outcome_and_verdict_has_a_word_or_a_sign_of_its_own():
    assert set(words.OUTCOMES) == set(Outcome)
    assert set(words.VERDICT_MARKS) == set(Verdict)
    assert len(set(words.VERDICT_MARKS.values())) == len(Verdict)


def test_milestones_and_evidence_are_written_for_people():
    assert words.milestone(MilestoneName.COMMANDER_ASSIGNED) == "Commander assigned"
    assert (words.refs((3, 12)), words.refs(())) == ("[3, 12]", "")
