"""Parts of the chart: nothing is drawn outside its panel, and no word is markup."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.core import visible
from gameday.core.facts import drill as ev
from gameday.render import drawing
from gameday.render.drawing import Frame, Panel
from tests.render import a_drill

FRAME = Frame(
    width=800.0,
    start=a_drill.at(0.0),
    end=a_drill.at(240.0),
    zero=a_drill.at(32.0),
    since="the fault",
    pattern="p",
)
PANEL = Panel(title="Requests/s", top=50.0, height=100.0, most=20.0)
INSTANTS = st.floats(-1e4, 1e4).map(a_drill.at)


@given(INSTANTS, INSTANTS)
def test_instants_are_drawn_within_the_panels_and_in_order(one, other):
    low, high = FRAME.x(min(one, other)), FRAME.x(max(one, other))
    assert FRAME.left <= low <= high <= FRAME.edge


def test_the_first_instant_is_at_the_left_edge_and_the_last_at_the_right():
    assert (FRAME.x(FRAME.start), FRAME.x(FRAME.end)) == (FRAME.left, FRAME.edge)


@given(INSTANTS)
def test_a_frame_without_a_length_still_draws_everything_within_its_edges(at):
    still = replace(FRAME, end=FRAME.start)
    assert still.left <= still.x(at) <= still.edge


@given(st.floats(-100, 100), st.floats(-100, 100))
def test_values_are_drawn_within_their_panel_the_larger_one_above(one, other):
    top, bottom = PANEL.y(max(one, other)), PANEL.y(min(one, other))
    assert PANEL.top <= top <= bottom <= PANEL.bottom


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r")))  # XML reads \r\n as one character
def test_words_from_outside_are_text_and_nothing_else(words):
    element = ET.fromstring(drawing.text(1.0, 2.0, words, "halo"))
    assert list(element) == []
    assert (element.text or "") == visible.visible(words)


def test_a_rectangle_is_never_too_narrow_to_be_seen():
    assert ET.fromstring(drawing.box("affected", 5.0, 5.0, 0.0, 10.0)).get("width") == "0.5"


@pytest.mark.parametrize(
    ("reverted", "label"),
    [
        (
            (ev.FaultReverted(fault=a_drill.FAULT, how="rolled-back", by="keeper"),),
            "fault in force 1 min 28 s",
        ),
        (
            (ev.FaultReverted(fault=a_drill.FAULT, how="already-undone", by="keeper"),),
            "fault in force at most 1 min 28 s",
        ),
        ((), "fault in force to the end"),
    ],
)
def test_a_fault_is_in_force_up_to_its_revert_and_at_most_where_the_response_undid_it(reverted, label):
    facts = [fact for fact in a_drill.facts() if not isinstance(fact[2], ev.FaultReverted)]
    history = a_drill.of([*facts, *((120.0, "keeper", fact) for fact in reverted)])
    assert f">{label}<" in "".join(drawing.fault(history, FRAME, 10.0))


def test_without_a_fault_or_an_impact_nothing_is_shaded():
    calm = replace(a_drill.impact(), started=None, slos=())
    assert list(drawing.affected_label(a_drill.result(impact=calm), FRAME, PANEL)) == []
    facts = [fact for fact in a_drill.facts() if not isinstance(fact[2], ev.FaultInjected)]
    assert list(drawing.fault(a_drill.of(facts), FRAME, 10.0)) == []


def test_the_axis_counts_from_the_fault_and_names_it():
    drawn = "".join(drawing.axis(FRAME, 200.0))
    assert "since the fault at 10:00:32.0 UTC" in drawn
